//! OAuth clients, as administrators see them.

use alm_domain::{OAuthClient, OAuthClientId};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use secrecy::SecretString;

use crate::{
    app::{Action, ClientFields},
    graphql::{
        context::ContextExt,
        error::store_fault,
        ids,
        node::revision,
        project::expected,
        scalars::Instant,
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
    client_secret: Option<String>,
    /// What is asked for; at most 50.
    scopes: Option<Vec<String>>,
    /// The OAuth server, where it is not found by asking the cluster; another host needs the consent of an administrator.
    issuer: Option<String>,
}

impl From<EnvironmentClientInput> for ClientFields {
    fn from(input: EnvironmentClientInput) -> Self {
        Self {
            client_id: Some(input.client_id),
            client_secret: input.client_secret.map(SecretString::from),
            scopes: input.scopes,
            issuer: input.issuer,
            token_hosts: None,
        }
    }
}

/// Input of `registerOAuthClient`.
#[derive(InputObject)]
pub(crate) struct RegisterOAuthClientInput {
    /// Scheme, host and port of the clusters that it is for, such as `https://api.example.org:6443`.
    origin: String,
    /// The name of this service over there.
    client_id: String,
    /// The secret that belongs to it; kept sealed, never shown.
    client_secret: Option<String>,
    /// What is asked for; at most 50.
    scopes: Option<Vec<String>>,
    /// The OAuth server, where it is not found by asking the cluster.
    issuer: Option<String>,
    /// Other hosts than the cluster's own that may be given codes and tokens; at most 20.
    token_hosts: Option<Vec<String>>,
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
    client_secret: Option<String>,
    /// What is asked for.
    scopes: Option<Vec<String>>,
    /// The OAuth server; an empty one lets it be found by asking the cluster.
    issuer: Option<String>,
    /// Other hosts than the cluster's own that may be given codes and tokens.
    token_hosts: Option<Vec<String>>,
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
            client_id: Some(input.client_id),
            client_secret: input.client_secret.map(SecretString::from),
            scopes: input.scopes,
            issuer: input.issuer,
            token_hosts: input.token_hosts,
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
                client_secret: input.client_secret.map(SecretString::from),
                scopes: input.scopes,
                issuer: input.issuer,
                token_hosts: input.token_hosts,
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
