//! Looking up builds, stages and approvals in batches.

use alm_domain::{Approval, ApprovalId, Build, BuildId, Principal, Slug, Stage, StageId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Query};

use crate::{
    Store, StoreError,
    entity::{approval, build, service, stage},
    projects::BATCH,
    services::project_named,
    visibility::visible,
};

impl Store {
    /// The builds with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn builds(&self, principal: &Principal, ids: &[BuildId]) -> Result<Vec<Build>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let rows = build::Entity::find()
                .filter(build::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
                .filter(visible(principal).projects(build::Column::ProjectId))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// The build with this number of the build service at this address.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn build_by_address(
        &self,
        principal: &Principal,
        project_slug: &str,
        service_slug: &str,
        number: u32,
    ) -> Result<Option<Build>, StoreError> {
        if project_slug.parse::<Slug>().is_err() || service_slug.parse::<Slug>().is_err() {
            return Ok(None);
        }
        let service = Query::select()
            .column(service::Column::Id)
            .from(service::Entity)
            .and_where(service::Column::ProjectId.in_subquery(project_named(project_slug)))
            .and_where(service::Column::Slug.eq(service_slug))
            .to_owned();
        let row = build::Entity::find()
            .filter(build::Column::ServiceId.in_subquery(service))
            .filter(build::Column::Number.eq(i64::from(number)))
            .filter(visible(principal).projects(build::Column::ProjectId))
            .one(self.reader())
            .await?;
        row.map(Build::try_from).transpose()
    }

    /// The stages of these builds: build after build, each by position.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn stages_of_builds(&self, principal: &Principal, builds: &[BuildId]) -> Result<Vec<Stage>, StoreError> {
        let mut found: Vec<Stage> = Vec::new();
        for ids in builds.chunks(BATCH) {
            let rows = stage::Entity::find()
                .filter(stage::Column::BuildId.is_in(ids.iter().map(|id| id.as_uuid())))
                .filter(visible(principal).builds(stage::Column::BuildId))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        found.sort_by_key(|stage| (stage.build, stage.position, stage.id));
        Ok(found)
    }

    /// The stages with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn stages(&self, principal: &Principal, ids: &[StageId]) -> Result<Vec<Stage>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let rows = stage::Entity::find()
                .filter(stage::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
                .filter(visible(principal).builds(stage::Column::BuildId))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// The approvals of these builds: build after build, each in the order in which they were asked for.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn approvals_of_builds(
        &self,
        principal: &Principal,
        builds: &[BuildId],
    ) -> Result<Vec<Approval>, StoreError> {
        let mut found: Vec<Approval> = Vec::new();
        for ids in builds.chunks(BATCH) {
            let rows = approval::Entity::find()
                .filter(approval::Column::BuildId.is_in(ids.iter().map(|id| id.as_uuid())))
                .filter(visible(principal).builds(approval::Column::BuildId))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        found.sort_by_key(|approval| (approval.build, approval.requested_at, approval.id));
        Ok(found)
    }

    /// The approvals with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn approvals(&self, principal: &Principal, ids: &[ApprovalId]) -> Result<Vec<Approval>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let rows = approval::Entity::find()
                .filter(approval::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
                .filter(visible(principal).builds(approval::Column::BuildId))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }
}
