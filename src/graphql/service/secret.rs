//! A build service's own secrets: names come out, values only go in.

use alm_domain::ServiceId;
use alm_store::ServiceSecret;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::ServiceNode;
use crate::{
    app::Action,
    graphql::{
        context::ContextExt,
        ids,
        scalars::{Instant, SecretText},
        user_error::{UserError, outcome},
        viewer::Actor,
    },
};

/// That a secret exists.
#[derive(SimpleObject)]
pub(crate) struct SecretInfo {
    /// Its name.
    name: String,
    /// When its value was last set.
    updated_at: Instant,
    /// Who set it.
    updated_by: Actor,
}

impl From<ServiceSecret> for SecretInfo {
    fn from(secret: ServiceSecret) -> Self {
        Self { name: secret.name, updated_at: secret.updated_at.into(), updated_by: (&secret.updated_by).into() }
    }
}

/// One secret.
#[derive(InputObject)]
pub(crate) struct SecretInput {
    /// Its name: 1 to 63 of A-Z, 0-9 and `_`, a letter first.
    name: String,
    /// Its value, at most 8 KiB.
    value: SecretText,
}

/// Input of `setSecret`.
#[derive(InputObject)]
pub(crate) struct SetSecretInput {
    /// The build service.
    service_id: ID,
    /// Name and value.
    secret: SecretInput,
}

/// Result of `setSecret`.
#[derive(SimpleObject)]
pub(crate) struct SetSecretPayload {
    /// The build service as it stands.
    service: Option<ServiceNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `removeSecret`.
#[derive(InputObject)]
pub(crate) struct RemoveSecretInput {
    /// The build service.
    service_id: ID,
    /// Name of the secret.
    name: String,
}

/// Result of `removeSecret`.
#[derive(SimpleObject)]
pub(crate) struct RemoveSecretPayload {
    /// The build service as it stands.
    service: Option<ServiceNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct SecretMutation;

#[Object]
impl SecretMutation {
    /// Set a secret of a build service: given to its builds from now on, never shown again. Replaces one of the same name.
    async fn set_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: SetSecretInput,
    ) -> Result<Option<SetSecretPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let set = async {
            let id: ServiceId = ids::input(&input.service_id, "serviceId")?;
            app.set_secret(principal, id, &input.secret.name, &input.secret.value.0).await
        };
        let (service, user_errors) = outcome(ctx, set.await, Action::Edit)?;
        Ok(Some(SetSecretPayload { service: service.map(ServiceNode), user_errors }))
    }

    /// Remove a secret of a build service; builds that have it keep it.
    async fn remove_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RemoveSecretInput,
    ) -> Result<Option<RemoveSecretPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let removed = async {
            let id: ServiceId = ids::input(&input.service_id, "serviceId")?;
            app.remove_secret(principal, id, &input.name).await
        };
        let (service, user_errors) = outcome(ctx, removed.await, Action::Edit)?;
        Ok(Some(RemoveSecretPayload { service: service.map(ServiceNode), user_errors }))
    }
}
