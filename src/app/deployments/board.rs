//! The board: which version is where, and how far behind.

use std::collections::HashMap;

use alm_domain::{
    Build, BuildId, BuildService, Deployment, DeploymentStatus, Environment, EnvironmentId, EnvironmentRole, Principal,
    Project, ProjectId, ProjectRole, Promotion, Provider, ProviderId, ServiceId,
};

use super::super::{
    App, AppError, Denied,
    actions::{Action, ActionBlocker, ActionState},
};

/// Most rows of a board.
const MOST_ROWS: usize = 100;

/// Which version of the build services of a project is where.
#[derive(Debug, Clone)]
pub struct Board {
    /// The targets, in the order of promotion.
    pub columns: Vec<Environment>,
    /// One row for each build service that was not removed; at most 100.
    pub rows: Vec<Row>,
}

/// One build service on the board.
#[derive(Debug, Clone)]
pub struct Row {
    /// The build service.
    pub service: BuildService,
    /// One cell for each column, in the same order.
    pub cells: Vec<Cell>,
}

/// One build service in one target.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The build service.
    pub service: ServiceId,
    /// The target.
    pub environment: Environment,
    /// What runs there.
    pub current: Option<Deployment>,
    /// What is on its way there.
    pub pending: Option<Deployment>,
    /// What failed to come there, where nothing has been tried since.
    pub failed: Option<Deployment>,
    /// The build whose version promoting would bring; `None` for nothing newer.
    pub candidate: Option<Build>,
    /// How many versions were made after the one that runs there, up to the candidate; `None` where nothing runs.
    pub behind_by: Option<u64>,
    /// Whether the candidate may be brought there now.
    pub promote: ActionState,
}

/// Everything that boards are made of, read for many projects at once.
struct Facts {
    services: Vec<BuildService>,
    environments: Vec<Environment>,
    open: Vec<Deployment>,
    failed: Vec<Deployment>,
    newest: HashMap<ServiceId, Build>,
    builds: HashMap<BuildId, Build>,
    since: HashMap<alm_domain::DeploymentId, u64>,
    projects: HashMap<ProjectId, Project>,
    providers: HashMap<ProviderId, Provider>,
    roles: HashMap<ProjectId, ProjectRole>,
    denied: HashMap<ServiceId, Denied>,
}

impl App {
    /// The boards of these projects, with the same number of statements however many there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn boards(
        &self,
        principal: &Principal,
        projects: &[ProjectId],
    ) -> Result<HashMap<ProjectId, Board>, AppError> {
        let facts = self.board_facts(principal, projects).await?;
        Ok(projects.iter().map(|project| (*project, self.board(&facts, *project))).collect())
    }

    async fn board_facts(&self, principal: &Principal, projects: &[ProjectId]) -> Result<Facts, AppError> {
        let store = self.store();
        let mut services = store.services_of_projects(principal, projects).await?;
        services.retain(|service| service.removed_at.is_none());
        let mut environments = store.environments_of_projects(principal, projects).await?;
        environments.retain(|environment| environment.role == EnvironmentRole::Target);
        let open = store.open_deployments(principal, projects).await?;
        let failed = store.failed_deployments(principal, projects).await?;
        let ids: Vec<_> = services.iter().map(|service| service.id).collect();
        let newest = store.newest_versions(principal, &ids).await?;
        let live: Vec<&Deployment> = open.iter().filter(|one| one.status == DeploymentStatus::Active).collect();
        let made: Vec<_> = live.iter().map(|one| one.build).collect();
        let builds = store.builds(principal, &made).await?;
        let live: Vec<_> = live.iter().map(|one| one.id).collect();
        let since = store.versions_since(&live).await?;
        let providers: Vec<_> = services.iter().map(|service| service.provider).collect();
        let providers = store.providers(principal, &providers).await?;
        let known = |service: &BuildService| providers.iter().position(|provider| provider.id == service.provider);
        let on: Vec<_> = services.iter().filter_map(|one| Some((one, &providers[known(one)?]))).collect();
        let denied = self.denials(principal, &on).await;
        Ok(Facts {
            denied,
            newest: newest.into_iter().map(|build| (build.service, build)).collect(),
            builds: builds.into_iter().map(|build| (build.id, build)).collect(),
            since,
            projects: store.projects(principal, projects).await?.into_iter().map(|one| (one.id, one)).collect(),
            providers: providers.into_iter().map(|one| (one.id, one)).collect(),
            roles: store.roles_in(principal, projects).await?.into_iter().collect(),
            services,
            environments,
            open,
            failed,
        })
    }

    fn board(&self, facts: &Facts, project: ProjectId) -> Board {
        let columns: Vec<Environment> =
            facts.environments.iter().filter(|one| one.project == project).cloned().collect();
        let services = facts.services.iter().filter(|service| service.project == project).take(MOST_ROWS);
        let rows = services
            .map(|service| Row {
                service: service.clone(),
                cells: (0..columns.len()).map(|at| self.cell(facts, service, &columns, at)).collect(),
            })
            .collect();
        Board { columns, rows }
    }

    fn cell(&self, facts: &Facts, service: &BuildService, columns: &[Environment], at: usize) -> Cell {
        let environment = &columns[at];
        let current = facts.live(service.id, environment.id);
        let before = at.checked_sub(1).map(|at| &columns[at]).filter(|_| environment.protection.in_order);
        let in_front = before.and_then(|before| facts.live(service.id, before.id));
        let candidate = match before {
            Some(_) => in_front.and_then(|one| facts.builds.get(&one.build)),
            None => facts.newest.get(&service.id),
        };
        let candidate = candidate.filter(|build| current.is_none_or(|current| build.number > current.number));
        let newer = |one: &Deployment| facts.since.get(&one.id).copied().unwrap_or_default();
        let behind_by = current.map(|current| match (candidate, in_front) {
            (None, _) => 0,
            (Some(_), None) => newer(current),
            (Some(_), Some(in_front)) => newer(current).saturating_sub(newer(in_front)),
        });
        let is_here = |one: &&Deployment| (one.service, one.environment) == (service.id, environment.id);
        let pending = facts.open.iter().filter(is_here).find(|one| one.status.is_pending());
        let blocked = match candidate {
            None => Some((ActionBlocker::WrongState, "there is no newer version to bring there".to_owned())),
            Some(build) => {
                let rules = Promotion {
                    environment,
                    number: build.number,
                    current,
                    pending,
                    before: before.map(|before| (before, true)),
                    takes_back: false,
                };
                let role = facts.roles.get(&service.project).copied();
                match (facts.projects.get(&service.project), facts.providers.get(&service.provider)) {
                    (Some(project), Some(provider)) => {
                        let denied = facts.denied.get(&service.id).cloned().unwrap_or_default();
                        self.promotion_blocked(role, build, (service, project, provider), &denied, &rules)
                    }
                    _ => Some((ActionBlocker::WrongState, "the project or its provider is gone".to_owned())),
                }
            }
        };
        Cell {
            service: service.id,
            environment: environment.clone(),
            current: current.cloned(),
            pending: pending.cloned(),
            failed: facts.failed.iter().find(is_here).cloned(),
            candidate: candidate.cloned(),
            behind_by,
            promote: ActionState { action: Action::Promote, blocked },
        }
    }
}

impl Facts {
    fn live(&self, service: ServiceId, environment: EnvironmentId) -> Option<&Deployment> {
        self.open.iter().find(|one| {
            (one.service, one.environment) == (service, environment) && one.status == DeploymentStatus::Active
        })
    }
}
