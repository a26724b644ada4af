//! Edges load in batches. A loader lives for one execution and carries the principal; the store filters.

mod deployments;

use std::{collections::HashMap, hash::Hash, sync::Arc};

use alm_domain::{
    Approval, ApprovalId, AuditEvent, AuditEventId, Build, BuildId, BuildService, Deployment, DeploymentId,
    Environment, EnvironmentId, Grant, GrantId, Membership, Principal, Project, ProjectId, ProjectRole, Provider,
    ProviderId, ServiceId, Stage, StageId, User, UserId,
};
use alm_store::{
    BuildFilter, BuildOwners, Clearance, LogInfo, Page, PageRequest, ProviderLoad, ServiceSecret, StageLogRange,
};
use async_graphql::{Error, dataloader::Loader};
use uuid::Uuid;

pub(crate) use self::deployments::{DeploymentOwner, DeploymentsOf};
use super::error::fault;
use crate::app::{App, AppError, AtEngine, Denied, ProjectVerdict, ServiceStats};

/// All loaders of one execution.
pub(crate) struct Batches {
    pub(crate) app: App,
    pub(crate) principal: Principal,
}

/// Why a batch could not be read; shared by all who waited for it.
#[derive(Debug, Clone)]
pub(crate) struct LoadError(Arc<AppError>);

impl LoadError {
    pub(crate) fn fault(self) -> Error {
        fault(&self.0)
    }
}

impl<E: Into<AppError>> From<E> for LoadError {
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

/// Entities by their own ids.
macro_rules! by_id {
    ($($id:ty => $entity:ty, $function:ident;)*) => {
        $(impl Loader<$id> for Batches {
            type Value = $entity;
            type Error = LoadError;

            async fn load(&self, ids: &[$id]) -> Result<HashMap<$id, $entity>, LoadError> {
                let found = self.app.store().$function(&self.principal, ids).await?;
                Ok(found.into_iter().map(|entity| (entity.id, entity)).collect())
            }
        })*
    };
}

/// What may be known of the secrets of a build service.
impl Loader<SecretsOf> for Batches {
    type Value = Vec<ServiceSecret>;
    type Error = LoadError;

    async fn load(&self, keys: &[SecretsOf]) -> Result<HashMap<SecretsOf, Vec<ServiceSecret>>, LoadError> {
        let services = keys.iter().map(|key| key.0).collect::<Vec<_>>();
        let found = self.app.store().service_secrets(&self.principal, &services).await?;
        Ok(found.into_iter().map(|(service, secrets)| (SecretsOf(service), secrets)).collect())
    }
}

by_id! {
    ProjectId => Project, projects;
    ProviderId => Provider, providers;
    ServiceId => BuildService, services;
    BuildId => Build, builds;
    StageId => Stage, stages;
    ApprovalId => Approval, approvals;
    DeploymentId => Deployment, deployments;
    UserId => User, users;
    EnvironmentId => Environment, environments;
    AuditEventId => AuditEvent, audit_events_by_id;
    GrantId => Grant, grants;
}

/// Keys of edges: what is wanted, of whom.
macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($id:ty);)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub(crate) struct $name(pub(crate) $id);
        )*
    };
}

keys! {
    /// What the caller may do in a project.
    RoleIn(ProjectId);
    /// The members of a project.
    MembersOf(ProjectId);
    /// The build services of a project.
    ServicesOf(ProjectId);
    /// The environments of a project.
    EnvironmentsOf(ProjectId);
    /// What the caller has connected to an environment.
    GrantIn(EnvironmentId);
    /// What runs in the environments of a project, and what is on its way there.
    OpenIn(ProjectId);
    /// What runs in an environment.
    LiveIn(EnvironmentId);
    /// The deployment that one can be taken back to.
    BeforeOf(DeploymentId);
    /// The board of a project.
    BoardOf(ProjectId);
    /// The verdict on a project.
    VerdictOf(ProjectId);
    /// The newest build of a build service.
    LatestOf(ServiceId);
    /// The secrets of a build service.
    SecretsOf(ServiceId);
    /// The likely duration of a build, in milliseconds.
    ExpectedOf(ServiceId);
    /// What the engine does not let the caller do with a build service.
    DeniedOn(ServiceId);
    /// What the engine has of the configuration of a build service.
    AtEngineOf(ServiceId);
    /// Whether builds of a build service are running.
    RunningOf(ServiceId);
    /// The stages of a build.
    StagesOf(BuildId);
    /// The approvals of a build.
    ApprovalsOf(BuildId);
    /// Facts about the log of a build.
    LogOf(BuildId);
    /// Which lines of its log belong to which stage of a build.
    RangesOf(BuildId);
    /// What a provider is busy with.
    LoadOf(ProviderId);
    /// Whether build services refer to a provider.
    UsedOf(ProviderId);
}

/// Whether a build may have the token of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClearanceOf {
    pub(crate) build: BuildId,
    pub(crate) environment: EnvironmentId,
}

/// The first page of builds of a project or a build service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BuildsOf {
    pub(crate) owner: BuildOwner,
    pub(crate) filter: BuildFilter,
    pub(crate) page: PageRequest,
}

/// Whose builds are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BuildOwner {
    Project(ProjectId),
    Service(ServiceId),
}

impl BuildOwner {
    pub(crate) const fn as_uuid(self) -> Uuid {
        match self {
            Self::Project(id) => id.as_uuid(),
            Self::Service(id) => id.as_uuid(),
        }
    }
}

/// The first page of the build services of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ServicesOn {
    pub(crate) provider: ProviderId,
    pub(crate) page: PageRequest,
}

/// Figures over the finished builds of a build service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StatsOf {
    pub(crate) service: ServiceId,
    pub(crate) window: u32,
    pub(crate) branch: Option<String>,
}

fn grouped<K: Eq + Hash + Copy, G: Eq + Hash, T>(
    keys: &[K],
    wrap: impl Fn(&K) -> G,
    rows: impl IntoIterator<Item = T>,
    of: impl Fn(&T) -> G,
) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<G, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(of(&row)).or_default().push(row);
    }
    keys.iter().map(|key| (*key, groups.remove(&wrap(key)).unwrap_or_default())).collect()
}

impl Loader<ServicesOf> for Batches {
    type Value = Vec<BuildService>;
    type Error = LoadError;

    async fn load(&self, keys: &[ServicesOf]) -> Result<HashMap<ServicesOf, Self::Value>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().services_of_projects(&self.principal, &ids).await?;
        Ok(grouped(keys, |key| key.0, rows, |service| service.project))
    }
}

impl Loader<DeniedOn> for Batches {
    type Value = Denied;
    type Error = LoadError;

    async fn load(&self, keys: &[DeniedOn]) -> Result<HashMap<DeniedOn, Denied>, LoadError> {
        let found = self.with_providers(keys.iter().map(|key| key.0).collect()).await?;
        let on: Vec<_> = found.iter().map(|(service, provider)| (service, provider)).collect();
        let denied = self.app.denials(&self.principal, &on).await;
        Ok(denied.into_iter().map(|(service, denied)| (DeniedOn(service), denied)).collect())
    }
}

impl Loader<AtEngineOf> for Batches {
    type Value = AtEngine;
    type Error = LoadError;

    async fn load(&self, keys: &[AtEngineOf]) -> Result<HashMap<AtEngineOf, AtEngine>, LoadError> {
        let found = self.with_providers(keys.iter().map(|key| key.0).collect()).await?;
        let of: Vec<_> = found.iter().map(|(service, provider)| (service, provider)).collect();
        let there = self.app.at_engines(&self.principal, &of).await;
        Ok(there.into_iter().map(|(service, there)| (AtEngineOf(service), there)).collect())
    }
}

impl Batches {
    /// Build services, each with its provider.
    async fn with_providers(&self, ids: Vec<ServiceId>) -> Result<Vec<(BuildService, Provider)>, LoadError> {
        let services = self.app.store().services(&self.principal, &ids).await?;
        let providers: Vec<_> = services.iter().map(|service| service.provider).collect();
        let providers = self.app.store().providers(&self.principal, &providers).await?;
        let of = |service: &BuildService| providers.iter().find(|provider| provider.id == service.provider).cloned();
        Ok(services.into_iter().filter_map(|service| of(&service).map(|provider| (service, provider))).collect())
    }
}

impl Loader<EnvironmentsOf> for Batches {
    type Value = Vec<Environment>;
    type Error = LoadError;

    async fn load(&self, keys: &[EnvironmentsOf]) -> Result<HashMap<EnvironmentsOf, Self::Value>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().environments_of_projects(&self.principal, &ids).await?;
        Ok(grouped(keys, |key| key.0, rows, |environment| environment.project))
    }
}

impl Loader<GrantIn> for Batches {
    type Value = Grant;
    type Error = LoadError;

    async fn load(&self, keys: &[GrantIn]) -> Result<HashMap<GrantIn, Grant>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().grants_in(&self.principal, &ids).await?;
        Ok(rows.into_iter().map(|grant| (GrantIn(grant.environment), grant)).collect())
    }
}

impl Loader<RoleIn> for Batches {
    type Value = ProjectRole;
    type Error = LoadError;

    async fn load(&self, keys: &[RoleIn]) -> Result<HashMap<RoleIn, ProjectRole>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let roles = self.app.store().roles_in(&self.principal, &ids).await?;
        Ok(roles.into_iter().map(|(project, role)| (RoleIn(project), role)).collect())
    }
}

impl Loader<MembersOf> for Batches {
    type Value = Vec<Membership>;
    type Error = LoadError;

    async fn load(&self, keys: &[MembersOf]) -> Result<HashMap<MembersOf, Self::Value>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().members_of_projects(&self.principal, &ids).await?;
        Ok(grouped(keys, |key| key.0, rows, |membership| membership.project))
    }
}

impl Loader<VerdictOf> for Batches {
    type Value = ProjectVerdict;
    type Error = LoadError;

    async fn load(&self, keys: &[VerdictOf]) -> Result<HashMap<VerdictOf, Self::Value>, LoadError> {
        let store = self.app.store();
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let services = store.services_of_projects(&self.principal, &ids).await?;
        let project_of: HashMap<ServiceId, ProjectId> = services.iter().map(|s| (s.id, s.project)).collect();
        let ids: Vec<_> = project_of.keys().copied().collect();
        let finished = store.recent_finished(&self.principal, &ids, 1, None).await?;
        let newest = store.latest_builds(&self.principal, &ids).await?;
        let in_project = |service: &ServiceId, key: &VerdictOf| project_of.get(service) == Some(&key.0);
        Ok(keys
            .iter()
            .map(|key| {
                let finished = finished.iter().filter(|build| in_project(&build.service, key));
                let newest = newest.iter().filter(|build| in_project(&build.service, key));
                (*key, ProjectVerdict::over(finished, newest))
            })
            .collect())
    }
}

impl Loader<LatestOf> for Batches {
    type Value = Build;
    type Error = LoadError;

    async fn load(&self, keys: &[LatestOf]) -> Result<HashMap<LatestOf, Build>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().latest_builds(&self.principal, &ids).await?;
        Ok(rows.into_iter().map(|build| (LatestOf(build.service), build)).collect())
    }
}

impl Loader<ExpectedOf> for Batches {
    type Value = i64;
    type Error = LoadError;

    async fn load(&self, keys: &[ExpectedOf]) -> Result<HashMap<ExpectedOf, i64>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().expected_durations(&self.principal, &ids).await?;
        Ok(rows.into_iter().map(|(service, ms)| (ExpectedOf(service), ms)).collect())
    }
}

impl Loader<RunningOf> for Batches {
    type Value = bool;
    type Error = LoadError;

    async fn load(&self, keys: &[RunningOf]) -> Result<HashMap<RunningOf, bool>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let running = self.app.store().services_with_running_builds(&self.principal, &ids).await?;
        Ok(keys.iter().map(|key| (*key, running.contains(&key.0))).collect())
    }
}

impl Loader<StagesOf> for Batches {
    type Value = Vec<Stage>;
    type Error = LoadError;

    async fn load(&self, keys: &[StagesOf]) -> Result<HashMap<StagesOf, Self::Value>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().stages_of_builds(&self.principal, &ids).await?;
        Ok(grouped(keys, |key| key.0, rows, |stage| stage.build))
    }
}

impl Loader<ApprovalsOf> for Batches {
    type Value = Vec<Approval>;
    type Error = LoadError;

    async fn load(&self, keys: &[ApprovalsOf]) -> Result<HashMap<ApprovalsOf, Self::Value>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().approvals_of_builds(&self.principal, &ids).await?;
        Ok(grouped(keys, |key| key.0, rows, |approval| approval.build))
    }
}

impl Loader<ClearanceOf> for Batches {
    type Value = Clearance;
    type Error = LoadError;

    async fn load(&self, keys: &[ClearanceOf]) -> Result<HashMap<ClearanceOf, Clearance>, LoadError> {
        let mut found = HashMap::new();
        // Few stages wait at a time.
        for key in keys {
            let clearance = self.app.store().clearance(&self.principal, key.build, key.environment).await?;
            found.insert(*key, clearance);
        }
        Ok(found)
    }
}

impl Loader<LogOf> for Batches {
    type Value = LogInfo;
    type Error = LoadError;

    async fn load(&self, keys: &[LogOf]) -> Result<HashMap<LogOf, LogInfo>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().log_info(&self.principal, &ids).await?;
        Ok(rows.into_iter().map(|info| (LogOf(info.build), info)).collect())
    }
}

impl Loader<RangesOf> for Batches {
    type Value = Vec<StageLogRange>;
    type Error = LoadError;

    async fn load(&self, keys: &[RangesOf]) -> Result<HashMap<RangesOf, Self::Value>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().log_ranges(&self.principal, &ids).await?;
        Ok(grouped(keys, |key| key.0, rows, |range| range.build))
    }
}

impl Loader<LoadOf> for Batches {
    type Value = ProviderLoad;
    type Error = LoadError;

    async fn load(&self, keys: &[LoadOf]) -> Result<HashMap<LoadOf, ProviderLoad>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().provider_loads(&self.principal, &ids).await?;
        Ok(rows.into_iter().map(|(provider, load)| (LoadOf(provider), load)).collect())
    }
}

impl Loader<UsedOf> for Batches {
    type Value = bool;
    type Error = LoadError;

    async fn load(&self, keys: &[UsedOf]) -> Result<HashMap<UsedOf, bool>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let used = self.app.store().providers_in_use(&self.principal, &ids).await?;
        Ok(keys.iter().map(|key| (*key, used.contains(&key.0))).collect())
    }
}

impl Loader<StatsOf> for Batches {
    type Value = ServiceStats;
    type Error = LoadError;

    async fn load(&self, keys: &[StatsOf]) -> Result<HashMap<StatsOf, ServiceStats>, LoadError> {
        let mut stats = HashMap::new();
        // One statement for each window and branch that was asked for; a document asks for one or two.
        let mut asked: Vec<(u32, Option<&str>)> = keys.iter().map(|key| (key.window, key.branch.as_deref())).collect();
        asked.sort_unstable();
        asked.dedup();
        for (window, branch) in asked {
            let alike: Vec<_> = keys.iter().filter(|k| (k.window, k.branch.as_deref()) == (window, branch)).collect();
            let ids: Vec<_> = alike.iter().map(|key| key.service).collect();
            let mut rows = self.app.store().recent_finished(&self.principal, &ids, window, branch).await?;
            for key in alike {
                let own = rows.extract_if(.., |build| build.service == key.service).collect();
                stats.insert(key.clone(), ServiceStats::over(own));
            }
        }
        Ok(stats)
    }
}

impl Loader<BuildsOf> for Batches {
    type Value = Page<Build>;
    type Error = LoadError;

    async fn load(&self, keys: &[BuildsOf]) -> Result<HashMap<BuildsOf, Self::Value>, LoadError> {
        let mut pages = HashMap::new();
        // One statement for each way in which builds were asked for; a document has one or two.
        let mut left: Vec<&BuildsOf> = keys.iter().collect();
        while let Some(first) = left.first().copied() {
            let kind = std::mem::discriminant(&first.owner);
            let like = |key: &BuildsOf| {
                std::mem::discriminant(&key.owner) == kind && key.filter == first.filter && key.page == first.page
            };
            let alike: Vec<&BuildsOf> = left.extract_if(.., |key| like(key)).collect();
            let owners = match first.owner {
                BuildOwner::Project(_) => {
                    BuildOwners::Projects(alike.iter().map(|key| ProjectId::from_uuid(key.owner.as_uuid())).collect())
                }
                BuildOwner::Service(_) => {
                    BuildOwners::Services(alike.iter().map(|key| ServiceId::from_uuid(key.owner.as_uuid())).collect())
                }
            };
            let store = self.app.store();
            let mut found = store.list_builds_of_each(&self.principal, &owners, &first.filter, &first.page).await?;
            for key in alike {
                if let Some(page) = found.remove(&key.owner.as_uuid()) {
                    pages.insert(key.clone(), page);
                }
            }
        }
        Ok(pages)
    }
}

impl Loader<ServicesOn> for Batches {
    type Value = Page<BuildService>;
    type Error = LoadError;

    async fn load(&self, keys: &[ServicesOn]) -> Result<HashMap<ServicesOn, Self::Value>, LoadError> {
        let mut pages = HashMap::new();
        let mut left: Vec<&ServicesOn> = keys.iter().collect();
        while let Some(first) = left.first().copied() {
            let alike: Vec<&ServicesOn> = left.extract_if(.., |key| key.page == first.page).collect();
            let ids: Vec<ProviderId> = alike.iter().map(|key| key.provider).collect();
            let store = self.app.store();
            let mut found = store.services_of_each_provider(&self.principal, &ids, &first.page).await?;
            for key in alike {
                if let Some(page) = found.remove(&key.provider.as_uuid()) {
                    pages.insert(key.clone(), page);
                }
            }
        }
        Ok(pages)
    }
}
