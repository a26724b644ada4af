//! Letting go of builds that were kept long enough.

use std::collections::{HashMap, HashSet};

use alm_domain::{
    Build, BuildId, Principal, ProjectEvent, ProjectEventKind, ProjectId, ProjectRole, Retention, ServiceId,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    deployments::is_open,
    entity::{build, build_run, deployment},
    projects::add_event,
    value::counter,
    visibility::visible,
};

/// Builds that are looked at with one statement.
const PAGE: u64 = 500;

impl Store {
    /// The builds of a build service that are kept no longer, newest first, at most `most`. Builds that are not complete, of
    /// which the provider has not been told, or whose version runs in an environment or is on its way there, are not among them,
    /// but count.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn expired_builds(
        &self,
        principal: &Principal,
        service: ServiceId,
        retention: &Retention,
        most: usize,
    ) -> Result<Vec<BuildId>, StoreError> {
        let now = self.now();
        let in_use = self.builds_in_use(service).await?;
        let (mut expired, mut kept, mut bytes) = (Vec::new(), 0u64, 0u64);
        let mut before = None;
        loop {
            let mut select = build::Entity::find()
                .filter(build::Column::ServiceId.eq(service.as_uuid()))
                .filter(visible(principal).projects(build::Column::ProjectId));
            if let Some(before) = before {
                select = select.filter(build::Column::Id.lt(before));
            }
            let rows = select.order_by_desc(build::Column::Id).limit(PAGE).all(self.reader()).await?;
            let is_last = (rows.len() as u64) < PAGE;
            let runs: Vec<(Uuid, i64, bool)> = build_run::Entity::find()
                .filter(build_run::Column::BuildId.is_in(rows.iter().map(|row| row.id)))
                .select_only()
                .columns([build_run::Column::BuildId, build_run::Column::LogBytes, build_run::Column::IsReleased])
                .into_tuple()
                .all(self.reader())
                .await?;
            let runs: HashMap<_, _> = runs.into_iter().map(|(id, bytes, released)| (id, (bytes, released))).collect();
            for row in rows {
                before = Some(row.id);
                let (log_bytes, is_released) = runs.get(&row.id).copied().unwrap_or_default();
                let build = Build::try_from(row)?;
                let size = counter::<u64>(log_bytes)? + build.artifacts.iter().map(|a| a.size).sum::<u64>();
                let finished_at = build.finished_at.unwrap_or(build.queued_at);
                if build.is_complete
                    && is_released
                    && !in_use.contains(&build.id)
                    && retention.expires(kept, bytes + size, finished_at, now)
                {
                    expired.push(build.id);
                    if expired.len() == most {
                        return Ok(expired);
                    }
                } else {
                    kept += 1;
                    bytes += size;
                }
            }
            if is_last {
                return Ok(expired);
            }
        }
    }

    /// The builds whose version runs in an environment or is on its way to one, and those that bring it there.
    async fn builds_in_use(&self, service: ServiceId) -> Result<HashSet<BuildId>, StoreError> {
        let rows: Vec<(Uuid, Uuid)> = deployment::Entity::find()
            .filter(deployment::Column::ServiceId.eq(service.as_uuid()))
            .filter(is_open())
            .select_only()
            .columns([deployment::Column::BuildId, deployment::Column::ByBuildId])
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().flat_map(|(made, by)| [made, by]).map(BuildId::from_uuid).collect())
    }

    /// Removes a build with its journal, its log and the idempotency keys that led to it. Idempotent: `None` when it is gone.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] for a build that is not complete.
    pub async fn remove_build(&self, principal: &Principal, id: BuildId) -> Result<Option<ProjectEvent>, StoreError> {
        let tx = self.begin().await?;
        let row = build::Entity::find_by_id(id.as_uuid())
            .filter(visible(principal).projects(build::Column::ProjectId))
            .lock_exclusive()
            .one(tx.db())
            .await?;
        let Some(row) = row else { return Ok(None) };
        visible(principal).at_least(ProjectRole::Owner).permit(tx.db(), row.project_id).await?;
        if !row.is_complete {
            return Err(StoreError::WrongState(format!("the build {id} is not over")));
        }
        let project = ProjectId::from_uuid(row.project_id);
        // What belongs to it goes with it.
        build::Entity::delete_by_id(id.as_uuid()).exec(tx.db()).await?;
        let event = add_event(tx.db(), project, ProjectEventKind::BuildRemoved(id), self.now()).await?;
        tx.commit().await?;
        Ok(Some(event))
    }
}
