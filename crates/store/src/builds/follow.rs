//! Who follows a build, and what it needs to go on.

use alm_domain::{BuildId, Principal, ProjectRole, ResumeToken};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};

use crate::{
    Store, StoreError,
    entity::{build, build_run},
    value::{counter, read_json},
    visibility::visible,
};

/// Counts the followers that a build has had: the last one may write, older ones may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// As whom a build is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// As its follower: refused when another one has claimed the build since.
    Follower(Epoch),
    /// As somebody else, for example for a person who cancels it.
    Bystander,
}

/// What a follower needs to go on with a build.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The effective configuration that the build started with.
    pub spec: serde_json::Value,
    /// The provider's own name for the build configuration.
    pub config_ref: String,
    /// The engine's own name for the run, once it is known.
    pub run_ref: Option<String>,
    /// From where the provider goes on telling.
    pub resume: Option<ResumeToken>,
    /// The follower that may write.
    pub epoch: Epoch,
    /// Whether the provider knows that it may forget the run.
    pub is_released: bool,
}

impl Store {
    /// Makes the caller the follower of a build: writes of every earlier one fail with [`StoreError::Fenced`] from now on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn claim(&self, principal: &Principal, id: BuildId) -> Result<Epoch, StoreError> {
        let tx = self.begin().await?;
        let row = build_run::Entity::update_many()
            .col_expr(build_run::Column::Epoch, Expr::col(build_run::Column::Epoch).add(1))
            .filter(build_run::Column::BuildId.eq(id.as_uuid()))
            .filter(visible(principal).builds(build_run::Column::BuildId))
            .exec_with_returning(tx.db())
            .await?
            .pop()
            .ok_or(StoreError::NotFound)?;
        visible(principal).at_least(ProjectRole::Developer).permit_build(tx.db(), row.build_id).await?;
        tx.commit().await?;
        Ok(Epoch(counter(row.epoch)?))
    }

    /// What a follower needs to go on with a build.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn run_record(&self, principal: &Principal, id: BuildId) -> Result<Option<RunRecord>, StoreError> {
        let row = build_run::Entity::find_by_id(id.as_uuid())
            .filter(visible(principal).builds(build_run::Column::BuildId))
            .one(self.reader())
            .await?;
        row.map(|row| {
            Ok(RunRecord {
                spec: read_json("the configuration of a build", &row.spec)?,
                config_ref: row.config_ref,
                run_ref: row.run_ref,
                resume: row.resume.map(ResumeToken),
                epoch: Epoch(counter(row.epoch)?),
                is_released: row.is_released,
            })
        })
        .transpose()
    }

    /// The builds of which not everything has been told, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn unfinished_builds(&self, principal: &Principal) -> Result<Vec<BuildId>, StoreError> {
        let ids: Vec<uuid::Uuid> = build::Entity::find()
            .filter(build::Column::IsComplete.eq(false))
            .filter(visible(principal).projects(build::Column::ProjectId))
            .select_only()
            .column(build::Column::Id)
            .order_by_asc(build::Column::Id)
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(ids.into_iter().map(BuildId::from_uuid).collect())
    }

    /// The builds of which everything has been told, but whose provider does not know yet that it may forget them; oldest
    /// first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn unreleased_builds(&self, principal: &Principal) -> Result<Vec<BuildId>, StoreError> {
        let complete = Query::select()
            .column(build::Column::Id)
            .from(build::Entity)
            .and_where(build::Column::IsComplete.eq(true))
            .to_owned();
        let ids: Vec<uuid::Uuid> = build_run::Entity::find()
            .filter(build_run::Column::IsReleased.eq(false))
            .filter(build_run::Column::BuildId.in_subquery(complete))
            .filter(visible(principal).builds(build_run::Column::BuildId))
            .select_only()
            .column(build_run::Column::BuildId)
            .order_by_asc(build_run::Column::BuildId)
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(ids.into_iter().map(BuildId::from_uuid).collect())
    }

    /// Notes that the provider knows that it may forget the run. Idempotent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn mark_released(&self, principal: &Principal, id: BuildId) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let updated = build_run::Entity::update_many()
            .col_expr(build_run::Column::IsReleased, Expr::value(true))
            .filter(build_run::Column::BuildId.eq(id.as_uuid()))
            .filter(visible(principal).builds(build_run::Column::BuildId))
            .exec(tx.db())
            .await?;
        if updated.rows_affected == 0 {
            return Err(StoreError::NotFound);
        }
        visible(principal).at_least(ProjectRole::Developer).permit_build(tx.db(), id.as_uuid()).await?;
        tx.commit().await
    }
}
