//! Mutations about providers; administrators only.

use alm_domain::{ProviderId, Settings};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    ConfigurationInput, ProviderNode, changes,
    types::{ProviderHealth, ProviderKind},
};
use crate::{
    app::{Action, ProviderChanges, RegisterProvider},
    graphql::{
        context::ContextExt,
        ids,
        project::{expected, slug},
        user_error::{UserError, outcome},
    },
};

/// Input of `registerProvider`.
#[derive(InputObject)]
pub(crate) struct RegisterProviderInput {
    /// Unique short name: 1 to 63 of a-z, 0-9 and `-`.
    slug: String,
    /// Name for display.
    display_name: String,
    /// Family.
    kind: ProviderKind,
    /// Address; needed unless local.
    endpoint: Option<String>,
    /// Settings to inherit.
    configuration: Option<Vec<ConfigurationInput>>,
    /// Probe it, register nothing.
    #[graphql(default = false)]
    validate_only: bool,
}

/// Result of `registerProvider`.
#[derive(SimpleObject)]
pub(crate) struct RegisterProviderPayload {
    /// The provider; null when only validated.
    provider: Option<ProviderNode>,
    /// What the probe said.
    health: Option<ProviderHealth>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `updateProvider`.
#[derive(InputObject)]
pub(crate) struct UpdateProviderInput {
    /// The provider.
    provider_id: ID,
    /// New name.
    display_name: Option<String>,
    /// On or off.
    enabled: Option<bool>,
    /// Settings to change; the others stay.
    configuration: Option<Vec<ConfigurationInput>>,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `updateProvider`.
#[derive(SimpleObject)]
pub(crate) struct UpdateProviderPayload {
    /// The provider as it stands.
    provider: Option<ProviderNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `probeProvider`.
#[derive(InputObject)]
pub(crate) struct ProbeProviderInput {
    /// The provider.
    provider_id: ID,
}

/// Result of `probeProvider`.
#[derive(SimpleObject)]
pub(crate) struct ProbeProviderPayload {
    /// The provider as it stands.
    provider: Option<ProviderNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `removeProvider`.
#[derive(InputObject)]
pub(crate) struct RemoveProviderInput {
    /// The provider.
    provider_id: ID,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `removeProvider`.
#[derive(SimpleObject)]
pub(crate) struct RemoveProviderPayload {
    /// Its id, to evict it.
    removed_provider_id: Option<ID>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct ProviderMutation;

#[Object]
impl ProviderMutation {
    /// Register a provider; administrators only.
    async fn register_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RegisterProviderInput,
    ) -> Result<Option<RegisterProviderPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let registered = async {
            let settings: Settings =
                changes(input.configuration)?.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
            let request = RegisterProvider {
                slug: slug(&input.slug)?,
                display_name: input.display_name,
                kind: input.kind.into(),
                endpoint: input.endpoint,
                settings,
                validate_only: input.validate_only,
            };
            app.register_provider(principal, request).await
        };
        let (registered, user_errors) = outcome(ctx, registered.await, Action::Edit)?;
        let (provider, health) = registered.unzip();
        let provider = provider.flatten();
        let id = provider.as_ref().map_or_else(|| ProviderId::from_uuid(uuid::Uuid::nil()), |provider| provider.id);
        Ok(Some(RegisterProviderPayload {
            provider: provider.map(ProviderNode),
            health: health.map(|health| ProviderHealth::new(id, health)),
            user_errors,
        }))
    }

    /// Change, enable or disable a provider; administrators only.
    async fn update_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: UpdateProviderInput,
    ) -> Result<Option<UpdateProviderPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let updated = async {
            let id: ProviderId = ids::input(&input.provider_id, "providerId")?;
            let changes = ProviderChanges {
                display_name: input.display_name,
                enabled: input.enabled,
                settings: changes(input.configuration)?,
            };
            app.update_provider(principal, id, changes, expected(input.expected_revision)?).await
        };
        let (provider, user_errors) = outcome(ctx, updated.await, Action::Edit)?;
        Ok(Some(UpdateProviderPayload { provider: provider.map(ProviderNode), user_errors }))
    }

    /// Probe a provider now; administrators only.
    async fn probe_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: ProbeProviderInput,
    ) -> Result<Option<ProbeProviderPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let probed = async {
            let id: ProviderId = ids::input(&input.provider_id, "providerId")?;
            app.probe_provider(principal, id).await
        };
        let (provider, user_errors) = outcome(ctx, probed.await, Action::Probe)?;
        Ok(Some(ProbeProviderPayload { provider: provider.map(ProviderNode), user_errors }))
    }

    /// Remove a provider that nothing uses; administrators only.
    async fn remove_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RemoveProviderInput,
    ) -> Result<Option<RemoveProviderPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let removed = async {
            let id: ProviderId = ids::input(&input.provider_id, "providerId")?;
            app.remove_provider(principal, id, expected(input.expected_revision)?).await
        };
        let (removed, user_errors) = outcome(ctx, removed.await, Action::Remove)?;
        Ok(Some(RemoveProviderPayload { removed_provider_id: removed.map(|()| input.provider_id), user_errors }))
    }
}
