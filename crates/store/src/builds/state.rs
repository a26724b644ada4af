//! Loading a build with all that belongs to it.

use alm_domain::{Approval, Build, BuildHeads, BuildId, BuildState, EventSeq, LineNo, Principal, Stage};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    Store, StoreError,
    entity::{approval, build, build_run, stage},
    value::counter,
    visibility::{Scope, visible},
};

impl Store {
    /// A build with its stages and approvals, and how far its journal and log reach, as of one and the same moment.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn build_state(
        &self,
        principal: &Principal,
        id: BuildId,
    ) -> Result<Option<(BuildState, BuildHeads)>, StoreError> {
        let db = self.snapshot().await?;
        let Some(state) = load(&db, visible(principal), id).await? else { return Ok(None) };
        let run = build_run::Entity::find_by_id(id.as_uuid()).one(&db).await?;
        let run = run.ok_or_else(|| StoreError::corrupt(format!("the run of {id}"), "its row is missing"))?;
        let heads = heads(&run, state.build.is_complete)?;
        Ok(Some((state, heads)))
    }

    /// How far a build's journal and log reach.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn heads(&self, principal: &Principal, id: BuildId) -> Result<Option<BuildHeads>, StoreError> {
        use sea_orm::{QuerySelect, RelationTrait};
        let row: Option<(i64, i64, bool)> = build_run::Entity::find_by_id(id.as_uuid())
            .join(sea_orm::JoinType::InnerJoin, build_run::Relation::Build.def())
            .filter(visible(principal).projects(build::Column::ProjectId))
            .select_only()
            .column(build_run::Column::EventHead)
            .column(build_run::Column::LineHead)
            .column(build::Column::IsComplete)
            .into_tuple()
            .one(self.reader())
            .await?;
        row.map(|(event, line, is_complete)| {
            Ok(BuildHeads { event: EventSeq(counter(event)?), line: LineNo(counter(line)?), is_complete })
        })
        .transpose()
    }
}

/// The build, if it is in the scope.
pub(crate) async fn load(
    db: &impl ConnectionTrait,
    scope: Scope<'_>,
    id: BuildId,
) -> Result<Option<BuildState>, StoreError> {
    let row = build::Entity::find_by_id(id.as_uuid()).filter(scope.projects(build::Column::ProjectId)).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let mut state = BuildState::new(Build::try_from(row)?);
    let stages = stage::Entity::find()
        .filter(stage::Column::BuildId.eq(id.as_uuid()))
        .order_by_asc(stage::Column::Position)
        .all(db)
        .await?;
    for row in stages {
        let stage = Stage::try_from(row)?;
        state.stages.insert(stage.key.clone(), stage);
    }
    for row in approval::Entity::find().filter(approval::Column::BuildId.eq(id.as_uuid())).all(db).await? {
        let approval = Approval::try_from(row)?;
        state.approvals.insert(approval.key.clone(), approval);
    }
    Ok(Some(state))
}

/// The heads that a run's row tells.
pub(super) fn heads(run: &build_run::Model, is_complete: bool) -> Result<BuildHeads, StoreError> {
    Ok(BuildHeads { event: EventSeq(counter(run.event_head)?), line: LineNo(counter(run.line_head)?), is_complete })
}
