//! The fold: what the stages of a build say of deployments is written with the stages.

use alm_domain::{
    Build, BuildState, Deployment, DeploymentId, DeploymentStatus, Environment, Stage, Timestamp, deployment_approval,
    deployment_progress,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::{
    StoreError,
    entity::{deployment, environment, project},
};

/// The environments that a change of a build may concern, their project locked until the transaction ends.
#[derive(Debug)]
pub(crate) struct Concerned {
    /// Those of the project that were not removed, and the one that the build is a deployment to.
    pub(crate) environments: Vec<Environment>,
}

impl Concerned {
    /// `None` when a change has nothing to do with deployments.
    pub(crate) async fn by(
        db: &impl ConnectionTrait,
        before: &BuildState,
        after: &BuildState,
    ) -> Result<Option<Self>, StoreError> {
        if before == after || !touches(before, after) {
            return Ok(None);
        }
        let project = after.build.project.as_uuid();
        lock(db, project).await?;
        let rows = environment::Entity::find()
            .filter(environment::Column::ProjectId.eq(project))
            .order_by_asc(environment::Column::Position)
            .all(db)
            .await?;
        let mut environments = Vec::with_capacity(rows.len());
        let own = after.build.deploys.as_ref().map(|deploys| deploys.environment);
        for row in rows {
            let environment = Environment::try_from(row)?;
            if environment.removed_at.is_none() || Some(environment.id) == own {
                environments.push(environment);
            }
        }
        Ok(Some(Self { environments }))
    }

    /// The environment of a stage.
    pub(crate) fn of(&self, stage: &Stage) -> Option<&Environment> {
        let name = stage.environment.as_deref()?;
        self.environments.iter().find(|environment| environment.name.as_str() == name)
    }

    /// The environments that stages of the build deploy to, each once.
    pub(crate) fn deployed_to<'a>(&'a self, state: &BuildState) -> Vec<&'a Environment> {
        match &state.build.deploys {
            Some(deploys) => self.environments.iter().filter(|one| one.id == deploys.environment).collect(),
            None => {
                let is_named = |one: &&Environment| state.build.targets.iter().any(|name| name == one.name.as_str());
                let is_target = |one: &&Environment| one.role == alm_domain::EnvironmentRole::Target;
                self.environments.iter().filter(is_named).filter(is_target).collect()
            }
        }
    }
}

/// Holds a project until the transaction ends: deployments to its environments follow one another.
pub(crate) async fn lock(db: &impl ConnectionTrait, project: uuid::Uuid) -> Result<(), StoreError> {
    use sea_orm::QuerySelect;
    project::Entity::find_by_id(project).lock_exclusive().one(db).await?.ok_or(StoreError::NotFound)?;
    Ok(())
}

fn touches(before: &BuildState, after: &BuildState) -> bool {
    let deploys = |state: &BuildState| state.build.deploys.is_some();
    if deploys(after) {
        return true;
    }
    let tells_a_namespace = |stage: &Stage| stage.namespace.is_some();
    if after.build.targets.is_empty() && !after.stages.values().any(tells_a_namespace) {
        return false;
    }
    after.build != before.build
        || after.approvals != before.approvals
        || after
            .stages
            .values()
            .any(|stage| stage.environment.is_some() && before.stages.get(&stage.key) != Some(stage))
}

/// Writes what a build now says of deployments; gives those that changed, with the ones that they push aside.
pub(crate) async fn fold(
    db: &impl ConnectionTrait,
    concerned: &Concerned,
    state: &BuildState,
    now: Timestamp,
) -> Result<Vec<Deployment>, StoreError> {
    let mut changed = Vec::new();
    let stages: Vec<&Stage> = state.stages.values().collect();
    for environment in concerned.deployed_to(state) {
        let approval = state.approvals.get(&deployment_approval(environment.id));
        let Some((status, reason)) = deployment_progress(&state.build, environment.name.as_str(), &stages, approval)
        else {
            continue;
        };
        let id = DeploymentId::of(state.build.id, environment.id);
        let known = deployment::Entity::find_by_id(id.as_uuid()).one(db).await?;
        let known = known.map(Deployment::try_from).transpose()?;
        let before = known.clone().unwrap_or_else(|| begun(&state.build, environment, now));
        if known.is_some() && !before.status.is_pending() {
            continue;
        }
        let lapses_at = approval.filter(|_| status == DeploymentStatus::WaitingForApproval).and_then(|a| a.expires_at);
        let mut after = Deployment {
            status,
            reason,
            lapses_at,
            commit: before.commit.clone().or_else(|| state.build.commit.clone()),
            url: url(&stages, environment).or_else(|| before.url.clone()),
            ..before.clone()
        };
        if !status.is_pending() {
            after.finished_at.get_or_insert(now);
        }
        if status == DeploymentStatus::Active {
            activate(db, &mut after, now, &mut changed).await?;
        }
        if known.as_ref() != Some(&after) {
            after.revision += 1;
            changed.push(after);
        }
    }
    write(db, &changed).await?;
    Ok(changed)
}

/// Where a version can be visited, as the last stage says that deploys it there.
fn url(stages: &[&Stage], environment: &Environment) -> Option<String> {
    let own = stages.iter().filter(|stage| stage.environment.as_deref() == Some(environment.name.as_str()));
    own.filter(|stage| stage.url.is_some()).max_by_key(|stage| stage.position)?.url.clone()
}

/// A deployment of which nothing has been stored yet.
pub(crate) fn begun(build: &Build, environment: &Environment, now: Timestamp) -> Deployment {
    let deploys = build.deploys.as_ref();
    Deployment {
        id: DeploymentId::of(build.id, environment.id),
        revision: 0,
        project: build.project,
        service: build.service,
        environment: environment.id,
        build: deploys.map_or(build.id, |deploys| deploys.build),
        by: build.id,
        number: deploys.map_or(build.number, |deploys| deploys.number),
        version: build.version(),
        commit: build.commit.clone(),
        url: None,
        status: DeploymentStatus::Queued,
        reason: None,
        requested_by: build.trigger.actor.clone(),
        requested_at: now,
        comment: deploys.and_then(|deploys| deploys.comment.clone()),
        activated_at: None,
        finished_at: None,
        previous: None,
        takes_back: deploys.and_then(|deploys| deploys.takes_back),
        lapses_at: None,
        cleared_at: None,
    }
}

/// Puts a version that has arrived in the place of the one before. One that arrives behind a newer one, and is not there to take
/// it back, does not take its place.
async fn activate(
    db: &impl ConnectionTrait,
    arrived: &mut Deployment,
    now: Timestamp,
    changed: &mut Vec<Deployment>,
) -> Result<(), StoreError> {
    let live = deployment::Entity::find()
        .filter(deployment::Column::ServiceId.eq(arrived.service.as_uuid()))
        .filter(deployment::Column::EnvironmentId.eq(arrived.environment.as_uuid()))
        .filter(deployment::Column::Status.eq(DeploymentStatus::Active.name()))
        .all(db)
        .await?;
    arrived.activated_at = Some(now);
    for row in live {
        let mut before = Deployment::try_from(row)?;
        if before.number > arrived.number && arrived.takes_back.is_none() {
            arrived.status = DeploymentStatus::Superseded;
            arrived.activated_at = None;
            arrived.reason = Some(format!("it was overtaken by the newer version {}", before.version));
            continue;
        }
        before.status = match arrived.takes_back == Some(before.id) {
            true => DeploymentStatus::RolledBack,
            false => DeploymentStatus::Superseded,
        };
        before.reason = Some(format!("followed by {}", arrived.version));
        before.revision += 1;
        arrived.previous = Some(before.id);
        changed.push(before);
    }
    Ok(())
}

pub(crate) async fn write(db: &impl ConnectionTrait, changed: &[Deployment]) -> Result<(), StoreError> {
    use sea_orm::sea_query::OnConflict;
    if changed.is_empty() {
        return Ok(());
    }
    let rows = changed
        .iter()
        .map(|one| Ok(deployment::Model::of(one)?.into_active_model()))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let replace = OnConflict::column(deployment::Column::Id)
        .update_columns([
            deployment::Column::Status,
            deployment::Column::Revision,
            deployment::Column::ActivatedAt,
            deployment::Column::LapsesAt,
            deployment::Column::Document,
        ])
        .to_owned();
    deployment::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}
