//! Mutations about connected accounts.

use alm_domain::{EnvironmentId, GrantId};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use secrecy::SecretString;

use super::{EnvironmentNode, connection::GrantNode};
use crate::{
    app::Action,
    graphql::{
        context::ContextExt,
        ids,
        loaders::LoadError,
        scalars::Instant,
        user_error::{UserError, outcome},
    },
};

/// Input of `startOAuthConnection`.
#[derive(InputObject)]
pub(crate) struct StartOAuthConnectionInput {
    /// The environment.
    environment_id: ID,
    /// Path on this site to come back to: it begins with one `/`.
    return_to: String,
}

/// Result of `startOAuthConnection`.
#[derive(SimpleObject)]
pub(crate) struct StartOAuthConnectionPayload {
    /// Where to sign in.
    authorization_url: Option<String>,
    /// When this attempt lapses: after ten minutes.
    expires_at: Option<Instant>,
    /// The connection, now pending unless an earlier one still works.
    connection: Option<GrantNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `completeOAuthConnection`.
#[derive(InputObject)]
pub(crate) struct CompleteOAuthConnectionInput {
    /// As received.
    state: String,
    /// As received.
    code: String,
    /// The name of the OAuth server (RFC 9207), as received; required where the server says that it gives it.
    iss: Option<String>,
}

/// Result of `completeOAuthConnection`.
#[derive(SimpleObject)]
pub(crate) struct CompleteOAuthConnectionPayload {
    /// The connection as it stands.
    connection: Option<GrantNode>,
    /// Its environment as it stands.
    environment: Option<EnvironmentNode>,
    /// Where to go now.
    return_to: Option<String>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `renewOAuthConnection`.
#[derive(InputObject)]
pub(crate) struct RenewOAuthConnectionInput {
    /// The connection.
    connection_id: ID,
}

/// Result of `renewOAuthConnection`.
#[derive(SimpleObject)]
pub(crate) struct RenewOAuthConnectionPayload {
    /// The connection as it stands.
    connection: Option<GrantNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `disconnectOAuthConnection`.
#[derive(InputObject)]
pub(crate) struct DisconnectOAuthConnectionInput {
    /// The connection.
    connection_id: ID,
}

/// Result of `disconnectOAuthConnection`.
#[derive(SimpleObject)]
pub(crate) struct DisconnectOAuthConnectionPayload {
    /// The connection, now not connected.
    connection: Option<GrantNode>,
    /// Why its token may go on working over there until it ends; null when it was withdrawn, or there was none.
    left_behind: Option<String>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct ConnectionMutation;

#[Object]
impl ConnectionMutation {
    /// Begin to connect the caller's account in an environment; replaces an attempt that was begun before.
    #[graphql(name = "startOAuthConnection")]
    async fn start_oauth_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: StartOAuthConnectionInput,
    ) -> Result<Option<StartOAuthConnectionPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let started = async {
            let id: EnvironmentId = ids::input(&input.environment_id, "environmentId")?;
            app.start_connection(principal, id, &input.return_to).await
        };
        let (started, user_errors) = outcome(ctx, started.await, Action::Connect)?;
        let (url, expires_at, grant) = started
            .map(|s| (s.authorization_url, s.expires_at, s.grant))
            .map_or((None, None, None), |(u, e, g)| (Some(u), Some(e), Some(g)));
        Ok(Some(StartOAuthConnectionPayload {
            authorization_url: url,
            expires_at: expires_at.map(Instant::from),
            connection: grant.map(GrantNode),
            user_errors,
        }))
    }

    /// Complete what was begun, with what the OAuth server sent the person back with; only by who began it, and once.
    #[graphql(name = "completeOAuthConnection")]
    async fn complete_oauth_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: CompleteOAuthConnectionInput,
    ) -> Result<Option<CompleteOAuthConnectionPayload>> {
        let (app, principal) = (ctx.app()?.clone(), ctx.principal()?.clone());
        let (code, state) = (SecretString::from(input.code), SecretString::from(input.state));
        let at_work = app.clone();
        // Run to its end: a code that was exchanged must not be lost because nobody waits any more.
        let completed = app
            .finish(async move { at_work.complete_connection(&principal, &code, &state, input.iss.as_deref()).await })
            .await
            .map_err(|_| crate::graphql::error::internal("completing a connection panicked"))?;
        let (completed, user_errors) = outcome(ctx, completed, Action::Connect)?;
        let environment = match &completed {
            Some(completed) => ctx.loader()?.load_one(completed.grant.environment).await.map_err(LoadError::fault)?,
            None => None,
        };
        let (grant, return_to) = completed.map(|c| (c.grant, c.return_to)).unzip();
        Ok(Some(CompleteOAuthConnectionPayload {
            connection: grant.map(GrantNode),
            environment: environment.map(EnvironmentNode),
            return_to,
            user_errors,
        }))
    }

    /// Renew a connection without the person, or check it when it cannot be renewed.
    #[graphql(name = "renewOAuthConnection")]
    async fn renew_oauth_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RenewOAuthConnectionInput,
    ) -> Result<Option<RenewOAuthConnectionPayload>> {
        let (app, principal) = (ctx.app()?.clone(), ctx.principal()?.clone());
        let at_work = app.clone();
        let renewed = app
            .finish(async move {
                let id: GrantId = ids::input(&input.connection_id, "connectionId")?;
                at_work.renew_connection(&principal, id).await
            })
            .await
            .map_err(|_| crate::graphql::error::internal("renewing a connection panicked"))?;
        let (grant, user_errors) = outcome(ctx, renewed, Action::Connect)?;
        Ok(Some(RenewOAuthConnectionPayload { connection: grant.map(GrantNode), user_errors }))
    }

    /// Forget a connection, and withdraw its token over there as far as that is possible.
    #[graphql(name = "disconnectOAuthConnection")]
    async fn disconnect_oauth_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: DisconnectOAuthConnectionInput,
    ) -> Result<Option<DisconnectOAuthConnectionPayload>> {
        let (app, principal) = (ctx.app()?.clone(), ctx.principal()?.clone());
        let at_work = app.clone();
        let disconnected = app
            .finish(async move {
                let id: GrantId = ids::input(&input.connection_id, "connectionId")?;
                at_work.disconnect(&principal, id).await
            })
            .await
            .map_err(|_| crate::graphql::error::internal("forgetting a connection panicked"))?;
        let (disconnected, user_errors) = outcome(ctx, disconnected, Action::Connect)?;
        let (grant, left) = disconnected.map(|d| (d.grant, d.left)).unzip();
        Ok(Some(DisconnectOAuthConnectionPayload {
            connection: grant.map(GrantNode),
            left_behind: left.flatten(),
            user_errors,
        }))
    }
}
