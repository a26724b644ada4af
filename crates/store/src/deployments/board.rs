//! What the board of a project is made of, for many build services at once.

use std::collections::HashMap;

use alm_domain::{Build, Deployment, DeploymentId, DeploymentStatus, Principal, RunStatus, ServiceId};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, QueryFilter,
    sea_query::{Alias, Expr, JoinType, Query},
};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    among::BATCH,
    entity::{build, deployment},
    value::counter,
    visibility::visible,
};

/// How many deployments to one environment are looked at to find what ran there before.
const DEEPEST: i64 = 20;

#[derive(Debug, FromQueryResult)]
struct Counted {
    id: Uuid,
    newer: i64,
}

impl Store {
    /// The newest build of each of these build services that made a version.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn newest_versions(
        &self,
        principal: &Principal,
        services: &[ServiceId],
    ) -> Result<Vec<Build>, StoreError> {
        let mut found = Vec::with_capacity(services.len());
        for ids in services.chunks(BATCH) {
            let newest = Query::select()
                .column(build::Column::ServiceId)
                .expr(build::Column::Number.max())
                .from(build::Entity)
                .cond_where(promotable())
                .and_where(build::Column::ServiceId.is_in(ids.iter().map(|id| id.as_uuid())))
                .group_by_col(build::Column::ServiceId)
                .to_owned();
            let rows = build::Entity::find()
                .filter(
                    Expr::tuple([build::Column::ServiceId, build::Column::Number].map(Expr::col)).in_subquery(newest),
                )
                .filter(visible(principal).projects(build::Column::ProjectId))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// How many versions were made since the one that each of these deployments brought.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn versions_since(&self, deployments: &[DeploymentId]) -> Result<HashMap<DeploymentId, u64>, StoreError> {
        let mut found = HashMap::with_capacity(deployments.len());
        for ids in deployments.chunks(BATCH) {
            let one = |column: deployment::Column| Expr::col((deployment::Entity, column));
            let of = |column: build::Column| Expr::col((build::Entity, column));
            let statuses = [RunStatus::Succeeded.name(), RunStatus::Unstable.name()];
            let counting = Query::select()
                .expr_as(one(deployment::Column::Id), Alias::new("id"))
                .expr_as(of(build::Column::Id).count(), Alias::new("newer"))
                .from(deployment::Entity)
                .join(
                    JoinType::InnerJoin,
                    build::Entity,
                    Condition::all()
                        .add(of(build::Column::ServiceId).equals((deployment::Entity, deployment::Column::ServiceId)))
                        .add(of(build::Column::Number).gt(one(deployment::Column::Number)))
                        .add(of(build::Column::DeploysBuildId).is_null())
                        .add(of(build::Column::Status).is_in(statuses)),
                )
                .and_where(one(deployment::Column::Id).is_in(ids.iter().map(|id| id.as_uuid())))
                .group_by_col((deployment::Entity, deployment::Column::Id))
                .to_owned();
            let db = self.reader();
            let rows = Counted::find_by_statement(db.get_database_backend().build(&counting)).all(db).await?;
            for row in rows {
                found.insert(DeploymentId::from_uuid(row.id), counter(row.newer)?);
            }
        }
        Ok(found)
    }

    /// The deployment that each of these can be taken back to: of the last other version that was live in its environment, and
    /// was not taken back there. Those that cannot be taken back are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn versions_before(&self, live: &[Deployment]) -> Result<HashMap<DeploymentId, Deployment>, StoreError> {
        let live: Vec<&Deployment> = live.iter().filter(|one| one.status == DeploymentStatus::Active).collect();
        let mut found = HashMap::with_capacity(live.len());
        for some in live.chunks(BATCH) {
            let gone = [DeploymentStatus::Superseded.name(), DeploymentStatus::RolledBack.name()];
            let rank =
                "ROW_NUMBER() OVER (PARTITION BY service_id, environment_id ORDER BY activated_at DESC, id DESC)";
            let ranked = Query::select()
                .column(deployment::Column::Id)
                .expr_as(Expr::cust(rank), Alias::new("place"))
                .from(deployment::Entity)
                .and_where(deployment::Column::Status.is_in(gone))
                .and_where(deployment::Column::ActivatedAt.is_not_null())
                .and_where(deployment::Column::EnvironmentId.is_in(some.iter().map(|one| one.environment.as_uuid())))
                .and_where(deployment::Column::ServiceId.is_in(some.iter().map(|one| one.service.as_uuid())))
                .to_owned();
            let last = Query::select()
                .column(deployment::Column::Id)
                .from_subquery(ranked, Alias::new("ranked"))
                .and_where(Expr::col(Alias::new("place")).lte(DEEPEST))
                .to_owned();
            let mut past: Vec<Deployment> = deployment::Entity::find()
                .filter(deployment::Column::Id.in_subquery(last))
                .all(self.reader())
                .await?
                .into_iter()
                .map(Deployment::try_from)
                .collect::<Result<_, _>>()?;
            past.sort_by_key(|one| std::cmp::Reverse((one.activated_at, one.id)));
            for one in some {
                let there = |other: &Deployment| {
                    (other.service, other.environment) == (one.service, one.environment) && other.build != one.build
                };
                let taken_back = |other: &Deployment| {
                    past.iter().any(|later| {
                        (later.status, later.build) == (DeploymentStatus::RolledBack, other.build)
                            && there(later)
                            && later.activated_at >= other.activated_at
                    })
                };
                let fits = |other: &&Deployment| {
                    there(other) && other.status == DeploymentStatus::Superseded && !taken_back(other)
                };
                if let Some(before) = past.iter().find(fits) {
                    found.insert(one.id, before.clone());
                }
            }
        }
        Ok(found)
    }
}

/// Builds that made a version; see [`Build::is_promotable`].
fn promotable() -> Condition {
    let statuses = [RunStatus::Succeeded.name(), RunStatus::Unstable.name()];
    Condition::all().add(build::Column::DeploysBuildId.is_null()).add(build::Column::Status.is_in(statuses))
}
