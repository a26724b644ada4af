//! What decides whether a version may be brought to an environment.

use alm_domain::{
    BuildId, Deployment, DeploymentId, DeploymentStatus, Environment, EnvironmentId, Principal, Promotion, ServiceId,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    entity::{deployment, environment},
    visibility::visible,
};

/// What decides whether a version may be brought to an environment, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotionFacts {
    /// Where to.
    pub environment: Environment,
    /// What runs there.
    pub current: Option<Deployment>,
    /// What is on its way there, the deployment that is asked about left out.
    pub pending: Option<Deployment>,
    /// The target before it, and whether the version has run there.
    pub before: Option<(Environment, bool)>,
}

impl PromotionFacts {
    /// The rules, for a version with this number.
    #[must_use]
    pub fn promotion(&self, number: u32, takes_back: bool) -> Promotion<'_> {
        Promotion {
            environment: &self.environment,
            number,
            current: self.current.as_ref(),
            pending: self.pending.as_ref(),
            before: self.before.as_ref().map(|(environment, was_there)| (environment, *was_there)),
            takes_back,
        }
    }
}

impl Store {
    /// What decides whether the version of a build may be brought to an environment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such environment in the project of the build service.
    pub async fn promotion_facts(
        &self,
        principal: &Principal,
        environment: EnvironmentId,
        service: ServiceId,
        build: BuildId,
    ) -> Result<PromotionFacts, StoreError> {
        let db = self.snapshot().await?;
        let row = environment::Entity::find_by_id(environment.as_uuid())
            .filter(visible(principal).projects(environment::Column::ProjectId))
            .one(&db)
            .await?
            .ok_or(StoreError::NotFound)?;
        facts(&db, row.try_into()?, service, build, None).await
    }
}

/// Reads what decides; `own` is the deployment that is asked about, if there is one already.
pub(crate) async fn facts(
    db: &impl ConnectionTrait,
    environment: Environment,
    service: ServiceId,
    build: BuildId,
    own: Option<DeploymentId>,
) -> Result<PromotionFacts, StoreError> {
    let open = open_in(db, service.as_uuid(), environment.id.as_uuid()).await?;
    let current = open.iter().find(|one| one.status == DeploymentStatus::Active).cloned();
    let mut others = open.into_iter().filter(|one| one.status.is_pending() && Some(one.id) != own).collect::<Vec<_>>();
    // Of several that wait their turn, the one whose turn it is.
    others.sort_by_key(|one| !one.has_the_way());
    let pending = others.into_iter().next();
    let before = match environment.protection.in_order {
        true => environment_before(db, &environment).await?,
        false => None,
    };
    let before = match before {
        Some(before) => {
            let was_there = was_in(db, build, before.id).await?;
            Some((before, was_there))
        }
        None => None,
    };
    Ok(PromotionFacts { environment, current, pending, before })
}

/// What runs in an environment, and what is on its way there, of one build service.
async fn open_in(db: &impl ConnectionTrait, service: Uuid, environment: Uuid) -> Result<Vec<Deployment>, StoreError> {
    deployment::Entity::find()
        .filter(deployment::Column::ServiceId.eq(service))
        .filter(deployment::Column::EnvironmentId.eq(environment))
        .filter(is_open())
        .order_by_asc(deployment::Column::Id)
        .all(db)
        .await?
        .into_iter()
        .map(Deployment::try_from)
        .collect()
}

/// Deployments that run somewhere or are on their way.
pub(crate) fn is_open() -> Condition {
    let statuses = DeploymentStatus::PENDING.into_iter().chain([DeploymentStatus::Active]);
    Condition::all().add(deployment::Column::Status.is_in(statuses.map(DeploymentStatus::name)))
}

/// The target before another one.
async fn environment_before(
    db: &impl ConnectionTrait,
    environment: &Environment,
) -> Result<Option<Environment>, StoreError> {
    use sea_orm::QuerySelect;
    let row = environment::Entity::find()
        .filter(environment::Column::ProjectId.eq(environment.project.as_uuid()))
        .filter(environment::Column::RemovedAt.is_null())
        .filter(environment::Column::Position.lt(i64::from(environment.position)))
        .filter(environment::Column::Position.gt(0))
        .order_by_desc(environment::Column::Position)
        .limit(1)
        .one(db)
        .await?;
    row.map(Environment::try_from).transpose()
}

/// Whether the version that a build made has run in an environment, and was not taken back there.
async fn was_in(db: &impl ConnectionTrait, build: BuildId, environment: EnvironmentId) -> Result<bool, StoreError> {
    let live = [DeploymentStatus::Active.name(), DeploymentStatus::Superseded.name()];
    let row = deployment::Entity::find()
        .filter(deployment::Column::BuildId.eq(build.as_uuid()))
        .filter(deployment::Column::EnvironmentId.eq(environment.as_uuid()))
        .filter(deployment::Column::ActivatedAt.is_not_null())
        .filter(deployment::Column::Status.is_in(live))
        .one(db)
        .await?;
    Ok(row.is_some())
}
