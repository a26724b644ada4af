//! Looking up builds, stages and approvals in batches.

use alm_domain::{Approval, ApprovalId, Build, BuildId, Principal, Slug, Stage, StageId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Query};

use crate::{
    Store, StoreError,
    among::among,
    entity::{approval, build, service, stage},
    services::project_named,
    visibility::visible,
};

impl Store {
    /// The builds with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn builds(&self, principal: &Principal, ids: &[BuildId]) -> Result<Vec<Build>, StoreError> {
        let rows = build::Entity::find().filter(visible(principal).projects(build::Column::ProjectId));
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, build::Column::Id, ids).await
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
        let rows = stage::Entity::find().filter(visible(principal).builds(stage::Column::BuildId));
        let ids = builds.iter().map(|id| id.as_uuid());
        let mut found: Vec<Stage> = among(self.reader(), rows, stage::Column::BuildId, ids).await?;
        found.sort_by_key(|stage| (stage.build, stage.position, stage.id));
        Ok(found)
    }

    /// The stages with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn stages(&self, principal: &Principal, ids: &[StageId]) -> Result<Vec<Stage>, StoreError> {
        let rows = stage::Entity::find().filter(visible(principal).builds(stage::Column::BuildId));
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, stage::Column::Id, ids).await
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
        let rows = approval::Entity::find().filter(visible(principal).builds(approval::Column::BuildId));
        let ids = builds.iter().map(|id| id.as_uuid());
        let mut found: Vec<Approval> = among(self.reader(), rows, approval::Column::BuildId, ids).await?;
        found.sort_by_key(|approval| (approval.build, approval.requested_at, approval.id));
        Ok(found)
    }

    /// The approvals with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn approvals(&self, principal: &Principal, ids: &[ApprovalId]) -> Result<Vec<Approval>, StoreError> {
        let rows = approval::Entity::find().filter(visible(principal).builds(approval::Column::BuildId));
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, approval::Column::Id, ids).await
    }
}
