//! Use cases about deployments.

mod actions;
mod board;
mod lapse;

use alm_domain::{
    Build, BuildId, CancelOutcome, Deployment, DeploymentId, Deploys, Environment, EnvironmentId, Principal,
    ProjectRole, TriggerKind,
};
use alm_store::{Idempotency, StartOutcome};

pub use self::board::{Board, Cell, Row};
use super::{
    App, AppError,
    actions::ActionBlocker,
    decide::check_comment,
    start::{Begin, key_reused, keyed, request_hash},
};

/// A version to bring to an environment.
#[derive(Debug, Clone)]
pub struct PromoteBuild {
    /// The build that made it.
    pub build: BuildId,
    /// Where to.
    pub environment: EnvironmentId,
    /// Why, for those who are asked to approve.
    pub comment: Option<String>,
    /// The same key of the same principal: the first result again, nothing is done twice.
    pub idempotency_key: Option<String>,
}

/// A deployment to take back.
#[derive(Debug, Clone)]
pub struct RollBack {
    /// The deployment that runs now.
    pub deployment: DeploymentId,
    /// Why.
    pub reason: Option<String>,
    /// The same key of the same principal: the first result again, nothing is done twice.
    pub idempotency_key: Option<String>,
}

impl App {
    /// Brings the version of a build to an environment, by a build of its own: stored at once, held until people have approved
    /// it where they must.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::NotSupported`], [`AppError::WrongState`],
    /// [`AppError::KeyReused`], [`AppError::Invalid`].
    pub async fn promote_build(&self, principal: &Principal, request: PromoteBuild) -> Result<Deployment, AppError> {
        check_comment(request.comment.as_deref(), "comment")?;
        let hash = request_hash(&("promote", request.build, request.environment, &request.comment));
        let key = keyed(request.idempotency_key, hash)?;
        if let Some(first) = self.deployed_before(principal, key.as_ref()).await? {
            return Ok(first);
        }
        let build = self.build(principal, request.build).await?;
        self.require(principal, build.project, ProjectRole::Developer).await?;
        let environment = self.environment_in(principal, &build, request.environment, "environmentId").await?;
        self.deploy(principal, Way { build, environment, takes_back: None, comment: request.comment }, key).await
    }

    /// Returns an environment to the version that ran there before a deployment, by a build of its own.
    ///
    /// # Errors
    /// As for promoting.
    pub async fn roll_back(&self, principal: &Principal, request: RollBack) -> Result<Deployment, AppError> {
        check_comment(request.reason.as_deref(), "reason")?;
        let hash = request_hash(&("rollback", request.deployment, &request.reason));
        let key = keyed(request.idempotency_key, hash)?;
        if let Some(first) = self.deployed_before(principal, key.as_ref()).await? {
            return Ok(first);
        }
        let live = self.deployment(principal, request.deployment).await?;
        self.require(principal, live.project, ProjectRole::Developer).await?;
        let before = self.store().versions_before(std::slice::from_ref(&live)).await?.remove(&live.id);
        let Some(before) = before else { return Err(AppError::WrongState(actions::nothing_before(&live))) };
        let build = self.build(principal, before.build).await?;
        let environment = self.environment_in(principal, &build, live.environment, "deploymentId").await?;
        let way = Way { build, environment, takes_back: Some(live.id), comment: request.reason };
        self.deploy(principal, way, key).await
    }

    /// Stops a deployment on its way, by cancelling the build that carries it out.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::NotSupported`]; [`AppError::WrongState`] when it is not on
    /// its way any more.
    pub async fn cancel_deployment(&self, principal: &Principal, id: DeploymentId) -> Result<Deployment, AppError> {
        let known = self.deployment(principal, id).await?;
        self.require(principal, known.project, ProjectRole::Developer).await?;
        if let Some((_, why)) = actions::not_pending(&known) {
            return Err(AppError::WrongState(why));
        }
        let (_, outcome) = self.cancel_build(principal, known.by, None).await?;
        let now = self.deployment(principal, id).await?;
        match outcome {
            CancelOutcome::Cancelling => Ok(now),
            CancelOutcome::AlreadyFinished => {
                Err(AppError::WrongState(format!("the deployment is over: it ended as {}", now.status)))
            }
        }
    }

    /// The deployment that an earlier call with this key made.
    async fn deployed_before(
        &self,
        principal: &Principal,
        key: Option<&Idempotency>,
    ) -> Result<Option<Deployment>, AppError> {
        let Some(key) = key else { return Ok(None) };
        match self.store().started_before(principal, key).await? {
            Some(StartOutcome::Started(build) | StartOutcome::Repeated(build)) => {
                self.deployment_by(principal, &build).await.map(Some)
            }
            Some(StartOutcome::KeyReused(first)) => Err(key_reused(first)),
            None => Ok(None),
        }
    }

    async fn deploy(&self, principal: &Principal, way: Way, key: Option<Idempotency>) -> Result<Deployment, AppError> {
        let Way { build, environment, takes_back, comment } = way;
        let service = self.service(principal, build.service).await?;
        let case = self.deployment_case(principal, &build, &service, &environment).await?;
        if let Some((code, why)) = self.deployment_blocked(&case, takes_back.is_some()) {
            return Err(match code {
                ActionBlocker::NotSupported => AppError::NotSupported(why),
                ActionBlocker::NotPermitted => AppError::Forbidden(why),
                _ => AppError::WrongState(why),
            });
        }
        let begin = Begin {
            kind: if takes_back.is_some() { TriggerKind::Rollback } else { TriggerKind::Promotion },
            reference: build.reference.clone(),
            parameters: build.parameters.clone(),
            rerun_of: None,
            deploys: Some(Deploys {
                build: build.id,
                number: build.number,
                version: build.version(),
                environment: environment.id,
                environment_name: environment.name.to_string(),
                takes_back,
                comment: comment.filter(|comment| !comment.is_empty()),
            }),
            commit: build.commit.clone(),
            warnings: Vec::new(),
        };
        let started = self.begin(principal, &service, begin, key).await?;
        self.deployment_by(principal, &started).await
    }

    /// The deployment that a build of its own carries out.
    async fn deployment_by(&self, principal: &Principal, build: &Build) -> Result<Deployment, AppError> {
        let Some(deploys) = &build.deploys else { return Err(key_reused(build.id)) };
        self.deployment(principal, DeploymentId::of(build.id, deploys.environment)).await
    }

    async fn deployment(&self, principal: &Principal, id: DeploymentId) -> Result<Deployment, AppError> {
        let found = self.store().deployments(principal, &[id]).await?.pop();
        found.ok_or_else(|| AppError::not_found("deploymentId", "deployment"))
    }

    async fn environment_in(
        &self,
        principal: &Principal,
        build: &Build,
        id: EnvironmentId,
        field: &str,
    ) -> Result<Environment, AppError> {
        let found = self.store().environments(principal, &[id]).await?.pop();
        let found = found.filter(|environment| environment.project == build.project);
        found.ok_or_else(|| AppError::not_found(field, "environment in the project of the build"))
    }
}

/// What is to be brought where.
struct Way {
    build: Build,
    environment: Environment,
    takes_back: Option<DeploymentId>,
    comment: Option<String>,
}
