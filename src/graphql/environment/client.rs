//! OAuth clients, as administrators see them.

use alm_domain::{OAuthClient, OAuthClientId};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::types::TokenMode;
use crate::{
    app::{Action, ClientFields},
    graphql::{
        context::ContextExt,
        error::store_fault,
        ids,
        node::revision,
        project::expected,
        scalars::{Instant, SecretText},
        user_error::{UserError, outcome},
    },
};

/// How this service is known to the OAuth server of an origin. Its secret is never shown.
#[derive(SimpleObject)]
#[graphql(name = "OAuthClient")]
pub(crate) struct ClientNode {
    /// Global id.
    id: ID,
    /// Grows with every change.
    revision: i32,
    /// Scheme, host and port of the clusters that it is for.
    origin: String,
    /// The name of this service over there.
    client_id: Option<String>,
    /// Whether a secret belongs to it.
    has_secret: bool,
    /// The OAuth server; null where it is found by asking the cluster.
    issuer: Option<String>,
    /// What is asked for; at most 50.
    scopes: Vec<String>,
    /// Other hosts than the cluster's own that may be given codes and tokens; at most 20.
    token_hosts: Vec<String>,
    /// In which ways people may use their own sign-in there; at most 3, none where that is forbidden.
    own_token: Vec<TokenMode>,
    /// Whether a sign-in that was issued for this service alone may be sent there.
    forward_tokens_for_us: bool,
    /// What the clusters are called by the issuer: a sign-in that names it may be sent there as it is, and tokens are exchanged for
    /// such that name it.
    audience: Option<String>,
    /// When it was registered.
    created_at: Instant,
}

impl From<OAuthClient> for ClientNode {
    fn from(client: OAuthClient) -> Self {
        Self {
            id: client.id.to_string().into(),
            revision: revision(client.revision),
            origin: client.origin,
            client_id: client.client_id,
            has_secret: client.has_secret,
            issuer: client.issuer,
            scopes: client.scopes,
            token_hosts: client.token_hosts,
            own_token: client.own_token.into_iter().map(TokenMode::from).collect(),
            forward_tokens_for_us: client.forward_tokens_for_us,
            audience: client.audience,
            created_at: client.created_at.into(),
        }
    }
}

/// The OAuth client of one environment; used there in place of the one of its origin.
#[derive(InputObject)]
pub(crate) struct EnvironmentClientInput {
    /// The name of this service over there.
    client_id: String,
    /// The secret that belongs to it; kept sealed, never shown.
    client_secret: Option<SecretText>,
    /// What is asked for; at most 50.
    scopes: Option<Vec<String>>,
    /// The OAuth server, where it is not found by asking the cluster; another host needs the consent of an administrator.
    issuer: Option<String>,
}

impl From<EnvironmentClientInput> for ClientFields {
    fn from(input: EnvironmentClientInput) -> Self {
        Self {
            client_id: Some(input.client_id),
            client_secret: input.client_secret.map(|secret| secret.0),
            scopes: input.scopes,
            issuer: input.issuer,
            ..Self::default()
        }
    }
}

fn modes(input: Option<Vec<TokenMode>>) -> Option<Vec<alm_domain::TokenMode>> {
    input.map(|modes| modes.into_iter().map(Into::into).collect())
}

/// Input of `registerOAuthClient`.
#[derive(InputObject)]
pub(crate) struct RegisterOAuthClientInput {
    /// Scheme, host and port of the clusters that it is for, such as `https://api.example.org:6443`.
    origin: String,
    /// The name of this service over there; there need be none where people only use their own sign-in as it is.
    client_id: Option<String>,
    /// The secret that belongs to it; kept sealed, never shown.
    client_secret: Option<SecretText>,
    /// What is asked for; at most 50.
    scopes: Option<Vec<String>>,
    /// The OAuth server, where it is not found by asking the cluster.
    issuer: Option<String>,
    /// Other hosts than the cluster's own that may be given codes and tokens; at most 20.
    token_hosts: Option<Vec<String>>,
    /// In which ways people may use their own sign-in there: SAME_TOKEN, EXCHANGE, SILENT; in none where it is absent.
    own_token: Option<Vec<TokenMode>>,
    /// Whether a sign-in that was issued for this service alone may be sent there; false where it is absent.
    forward_tokens_for_us: Option<bool>,
    /// What the clusters are called by the issuer.
    audience: Option<String>,
}

/// Result of `registerOAuthClient`.
#[derive(SimpleObject)]
pub(crate) struct RegisterOAuthClientPayload {
    /// The new client.
    client: Option<ClientNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `updateOAuthClient`; absent fields stay as they are.
#[derive(InputObject)]
pub(crate) struct UpdateOAuthClientInput {
    /// The client.
    id: ID,
    /// The name of this service over there.
    client_id: Option<String>,
    /// The secret that belongs to it; an empty one takes it away.
    client_secret: Option<SecretText>,
    /// What is asked for.
    scopes: Option<Vec<String>>,
    /// The OAuth server; an empty one lets it be found by asking the cluster.
    issuer: Option<String>,
    /// Other hosts than the cluster's own that may be given codes and tokens.
    token_hosts: Option<Vec<String>>,
    /// In which ways people may use their own sign-in there: SAME_TOKEN, EXCHANGE, SILENT; an empty list forbids it.
    own_token: Option<Vec<TokenMode>>,
    /// Whether a sign-in that was issued for this service alone may be sent there.
    forward_tokens_for_us: Option<bool>,
    /// What the clusters are called by the issuer; an empty text takes it away.
    audience: Option<String>,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `updateOAuthClient`.
#[derive(SimpleObject)]
pub(crate) struct UpdateOAuthClientPayload {
    /// The client as it stands.
    client: Option<ClientNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `removeOAuthClient`.
#[derive(InputObject)]
pub(crate) struct RemoveOAuthClientInput {
    /// The client.
    id: ID,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `removeOAuthClient`.
#[derive(SimpleObject)]
pub(crate) struct RemoveOAuthClientPayload {
    /// Its id, to evict it.
    removed_client_id: Option<ID>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct ClientQuery;

#[Object]
impl ClientQuery {
    /// How this service is known to OAuth servers, by origin; administrators only, at most 1,000.
    #[graphql(name = "oauthClients", complexity = "20 * child_complexity")]
    async fn oauth_clients(&self, ctx: &Context<'_>) -> Result<Option<Vec<ClientNode>>> {
        let clients = ctx.app()?.store().oauth_clients(ctx.principal()?).await.map_err(store_fault)?;
        Ok(Some(clients.into_iter().map(ClientNode::from).collect()))
    }
}

#[derive(Default)]
pub(crate) struct ClientMutation;

#[Object]
impl ClientMutation {
    /// Tell how this service is known to the OAuth server of an origin; administrators only.
    #[graphql(name = "registerOAuthClient")]
    async fn register_oauth_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RegisterOAuthClientInput,
    ) -> Result<Option<RegisterOAuthClientPayload>> {
        let fields = ClientFields {
            client_id: input.client_id,
            client_secret: input.client_secret.map(|secret| secret.0),
            scopes: input.scopes,
            issuer: input.issuer,
            token_hosts: input.token_hosts,
            own_token: modes(input.own_token),
            forward_tokens_for_us: input.forward_tokens_for_us,
            audience: input.audience,
        };
        let registered = ctx.app()?.register_oauth_client(ctx.principal()?, &input.origin, fields).await;
        let (client, user_errors) = outcome(ctx, registered, Action::Edit)?;
        Ok(Some(RegisterOAuthClientPayload { client: client.map(ClientNode::from), user_errors }))
    }

    /// Change how this service is known to the OAuth server of an origin; administrators only.
    #[graphql(name = "updateOAuthClient")]
    async fn update_oauth_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: UpdateOAuthClientInput,
    ) -> Result<Option<UpdateOAuthClientPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let updated = async {
            let id: OAuthClientId = ids::input(&input.id, "id")?;
            let fields = ClientFields {
                client_id: input.client_id,
                client_secret: input.client_secret.map(|secret| secret.0),
                scopes: input.scopes,
                issuer: input.issuer,
                token_hosts: input.token_hosts,
                own_token: modes(input.own_token),
                forward_tokens_for_us: input.forward_tokens_for_us,
                audience: input.audience,
            };
            app.update_oauth_client(principal, id, fields, expected(input.expected_revision)?).await
        };
        let (client, user_errors) = outcome(ctx, updated.await, Action::Edit)?;
        Ok(Some(UpdateOAuthClientPayload { client: client.map(ClientNode::from), user_errors }))
    }

    /// Forget how this service is known to the OAuth server of an origin; administrators only. What was connected works on until it
    /// ends, and is not renewed.
    #[graphql(name = "removeOAuthClient")]
    async fn remove_oauth_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RemoveOAuthClientInput,
    ) -> Result<Option<RemoveOAuthClientPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let removed = async {
            let id: OAuthClientId = ids::input(&input.id, "id")?;
            app.remove_oauth_client(principal, id, expected(input.expected_revision)?).await
        };
        let (removed, user_errors) = outcome(ctx, removed.await, Action::Remove)?;
        Ok(Some(RemoveOAuthClientPayload { removed_client_id: removed.map(|()| input.id), user_errors }))
    }
}
