//! A provider as the API shows it.

use alm_domain::{CursorKind, Provider, ProviderHealth as DomainHealth, ProviderId, settings_schema};
use async_graphql::{ComplexObject, Context, Enum, ID, Json, Object, Result, SimpleObject};
use serde_json::Value;

use super::ConfigurationEntry;
use crate::graphql::{
    actions::{self, ActionState},
    context::ContextExt,
    error::{internal, store_fault},
    loaders::{LoadError, LoadOf, ServicesOn, UsedOf},
    node::revision,
    paging::{PageArguments, Pages, connection, rows},
    scalars::{Instant, Millis},
    service::ServiceNode,
    viewer::Actor,
};

/// A build backend that an administrator registered.
pub(crate) struct ProviderNode(pub(crate) Provider);

/// A build backend that an administrator registered.
#[Object(name = "Provider")]
impl ProviderNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Grows with every change.
    pub(crate) async fn revision(&self) -> i32 {
        revision(self.0.revision)
    }

    /// Unique short name.
    async fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// Name for display.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// Family of the backend.
    async fn kind(&self) -> ProviderKind {
        self.0.kind.into()
    }

    /// Address of the backend; null for the local one.
    async fn endpoint(&self) -> Option<&str> {
        self.0.endpoint.as_deref()
    }

    /// Version that the backend reported at the last probe.
    async fn version(&self) -> Option<&str> {
        self.0.version.as_deref()
    }

    /// Off means: no new builds, running ones are still followed.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// What the backend can do; the UI hides the rest.
    async fn capabilities(&self) -> Vec<ProviderCapability> {
        self.0.capabilities.iter().map(|capability| (*capability).into()).collect()
    }

    /// How well builds are kept apart from the service and from one another; null where this server does not have the kind.
    async fn isolation(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(ctx.app()?.descriptor(self.0.kind).map(|descriptor| descriptor.isolation))
    }

    /// Reachability; null until the first probe. Probed every minute while it is switched on, which is no change of its revision unless
    /// the verdict is another one.
    async fn health(&self, ctx: &Context<'_>) -> Result<Option<ProviderHealth>> {
        let health = ctx.app()?.health_of(&self.0);
        Ok(health.map(|health| ProviderHealth::new(self.0.id, health)))
    }

    /// Settings that every build service of this provider inherits; at most 200.
    #[graphql(complexity = "20 * child_complexity")]
    async fn configuration(&self, ctx: &Context<'_>) -> Result<Vec<ConfigurationEntry>> {
        Ok(ctx.app()?.effective(&self.0, None).into_iter().map(ConfigurationEntry::from).collect())
    }

    /// JSON Schema of the settings that a build service may add; null where this server does not have the kind.
    async fn configuration_schema(&self, ctx: &Context<'_>) -> Result<Option<Json<Value>>> {
        let app = ctx.app()?;
        let known = app.descriptor(self.0.kind).is_some();
        Ok(known.then(|| Json(settings_schema(&app.settings(self.0.kind), true))))
    }

    /// Build services that use it and that the caller sees, newest first. Depends on who asks.
    #[graphql(complexity = "rows(first, None) * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<Pages<ServiceNode>> {
        let owner = self.0.id.as_uuid();
        let page =
            PageArguments { first, after, ..PageArguments::default() }.request(ctx, CursorKind::Services, owner)?;
        let page = if page.from.is_none() {
            let key = ServicesOn { provider: self.0.id, page };
            ctx.loader()?
                .load_one(key)
                .await
                .map_err(LoadError::fault)?
                .ok_or_else(|| internal("no page of services"))?
        } else {
            let store = ctx.app()?.store();
            store.services_of_provider(ctx.principal()?, self.0.id, &page).await.map_err(store_fault)?
        };
        Ok(connection(page, CursorKind::Services, owner, ServiceNode))
    }

    /// Who registered it.
    async fn registered_by(&self) -> Actor {
        (&self.0.registered_by).into()
    }

    /// When it was registered.
    async fn registered_at(&self) -> Instant {
        self.0.registered_at.into()
    }

    /// Verbs on this provider. Depends on who asks.
    #[graphql(complexity = "5 * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<ActionState>> {
        let used = ctx.loader()?.load_one(UsedOf(self.0.id)).await.map_err(LoadError::fault)?.unwrap_or_default();
        Ok(actions::views(ctx.app()?.provider_actions(ctx.principal()?, used)))
    }
}

/// Families of build backends.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::ProviderKind")]
pub(crate) enum ProviderKind {
    /// Processes on the machine of the service.
    Local,
    /// OpenShift BuildConfig, with or without a Jenkins pipeline.
    Openshift,
    /// Tekton pipelines.
    Tekton,
    /// A separate process that speaks the provider protocol.
    Remote,
}

/// What a provider can do.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::Capability")]
pub(crate) enum ProviderCapability {
    /// Reports stages.
    Stages,
    /// Runs stages side by side.
    ParallelStages,
    /// Knows the stages before they start.
    PlannedGraph,
    /// Puts stages inside stages.
    NestedStages,
    /// Takes parameters.
    Parameters,
    /// Can tell the parameters of a definition before a build of it is started.
    Describe,
    /// Stops a running build.
    Cancel,
    /// Runs a build again.
    Rerun,
    /// Runs again from a stage.
    RerunFromStage,
    /// Holds for a decision.
    Approvals,
    /// Sends log lines while they are written.
    LiveLog,
    /// Says which stage wrote a line.
    StageLog,
    /// Tells standard output from standard error.
    LogStreams,
    /// Stamps each line with its time.
    LogTimestamps,
    /// Keeps files for download.
    Artifacts,
    /// Takes secrets for a build, and hands them to the stages that they are for.
    Secrets,
    /// Holds a stage until it is given the token of its environment.
    LateSecrets,
    /// Deploys to target environments.
    Deploy,
}

/// Verdicts on health.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::HealthState")]
pub(crate) enum HealthState {
    /// All is well.
    Healthy,
    /// Usable, with trouble.
    Degraded,
    /// Broken.
    Failing,
    /// Nothing known yet.
    Unknown,
}

/// Reachability of a provider.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct ProviderHealth {
    /// Verdict of the last probe.
    state: HealthState,
    /// Sentence for people.
    message: Option<String>,
    /// When it was probed.
    checked_at: Instant,
    /// How long the probe took.
    latency: Millis,
    #[graphql(skip)]
    provider: ProviderId,
}

impl ProviderHealth {
    pub(crate) fn new(provider: ProviderId, health: DomainHealth) -> Self {
        Self {
            state: health.state.into(),
            message: health.message,
            checked_at: health.checked_at.into(),
            latency: Millis(i64::try_from(health.latency_ms).unwrap_or(i64::MAX)),
            provider,
        }
    }
}

#[ComplexObject]
impl ProviderHealth {
    /// Builds at work on it that the caller sees. Depends on who asks.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn running_builds(&self, ctx: &Context<'_>) -> Result<u64> {
        let load = ctx.loader()?.load_one(LoadOf(self.provider)).await.map_err(LoadError::fault)?;
        Ok(load.map_or(0, |load| load.running))
    }

    /// Builds waiting for it that the caller sees. Depends on who asks.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn queued_builds(&self, ctx: &Context<'_>) -> Result<u64> {
        let load = ctx.loader()?.load_one(LoadOf(self.provider)).await.map_err(LoadError::fault)?;
        Ok(load.map_or(0, |load| load.queued))
    }
}
