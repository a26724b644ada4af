//! Appending log lines without touching the build's state.

use alm_domain::{BuildId, Change, LogLine, Principal, ProjectRole, ResumeToken};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};

use super::{
    Committed, Fence, MOST_RETRIES,
    state::heads,
    update::{complete, number},
};
use crate::{
    Store, StoreError,
    audit::Deed,
    entity::{build, build_run},
    error::is_collision,
    logs::{self, Prepared},
    value::{counter, storable},
    visibility::{Scope, visible},
};

/// What is stored together with a change of a build.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Append {
    /// Log lines, in order; those over 64 KiB are split.
    pub lines: Vec<LogLine>,
    /// From where the provider goes on telling, if that has moved.
    pub resume: Option<ResumeToken>,
    /// The engine's own name for the run, if it is news.
    pub run_ref: Option<String>,
    /// What the audit trail is told if the build's state changes by it.
    pub deed: Option<Deed>,
}

impl Append {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.resume.as_ref().map_or(Ok(()), |token| storable("resume", &token.0))?;
        self.run_ref.as_deref().map_or(Ok(()), |text| storable("runRef", text))
    }
}

impl Store {
    /// Does what [`update_build`](Self::update_build) does when nothing of the build's state changes, for less.
    ///
    /// # Errors
    /// As [`update_build`](Self::update_build).
    pub async fn append_lines(
        &self,
        principal: &Principal,
        id: BuildId,
        fence: Fence,
        append: Append,
    ) -> Result<Committed<()>, StoreError> {
        append.check()?;
        let prepared = Prepared::new(logs::split(append.lines)).await?;
        let noted = (append.resume, append.run_ref);
        let mut retries = 0;
        let outcome = loop {
            match self.try_append(principal, id, fence, &prepared, &noted).await {
                Err(e) if is_collision(&e) && retries < MOST_RETRIES => retries += 1,
                outcome => break outcome?,
            }
        };
        Ok(Committed { lines: number(prepared.lines, outcome.heads.line), ..outcome })
    }

    async fn try_append(
        &self,
        principal: &Principal,
        id: BuildId,
        fence: Fence,
        prepared: &Prepared,
        noted: &(Option<ResumeToken>, Option<String>),
    ) -> Result<Committed<()>, StoreError> {
        let tx = self.begin().await?;
        let mut run = lock_run(tx.db(), visible(principal).at_least(ProjectRole::Developer), id, fence).await?;
        let is_complete: bool = build::Entity::find_by_id(id.as_uuid())
            .select_only()
            .column(build::Column::IsComplete)
            .into_tuple()
            .one(tx.db())
            .await?
            .ok_or(StoreError::NotFound)?;
        if is_complete && !prepared.lines.is_empty() {
            return Err(complete(id));
        }
        logs::append(tx.db(), &mut run, prepared).await?;
        note(&mut run, noted);
        write_run(tx.db(), &run).await?;
        let heads = heads(&run, is_complete)?;
        tx.commit().await?;
        let at = self.now();
        Ok(Committed {
            result: (),
            heads,
            change: Change::default(),
            lines: Vec::new(),
            at,
            project_event: None,
            deployments: Vec::new(),
        })
    }
}

/// The run of a build, locked until the transaction ends, if the caller may write to it.
pub(super) async fn lock_run(
    db: &impl ConnectionTrait,
    scope: Scope<'_>,
    id: BuildId,
    fence: Fence,
) -> Result<build_run::Model, StoreError> {
    let run = build_run::Entity::find_by_id(id.as_uuid())
        .filter(scope.builds(build_run::Column::BuildId))
        .lock_exclusive()
        .one(db)
        .await?
        .ok_or(StoreError::NotFound)?;
    scope.permit_build(db, run.build_id).await?;
    if let Fence::Follower(epoch) = fence
        && epoch.0 != counter::<u64>(run.epoch)?
    {
        return Err(StoreError::Fenced);
    }
    Ok(run)
}

/// Lays what is told of the run over its row.
pub(super) fn note(run: &mut build_run::Model, (resume, run_ref): &(Option<ResumeToken>, Option<String>)) {
    if let Some(resume) = resume {
        run.resume = Some(resume.0.clone());
    }
    if let Some(run_ref) = run_ref {
        run.run_ref = Some(run_ref.clone());
    }
}

/// Stores what changes of a run's row.
pub(super) async fn write_run(db: &impl ConnectionTrait, run: &build_run::Model) -> Result<(), StoreError> {
    let row = build_run::ActiveModel {
        build_id: Unchanged(run.build_id),
        event_head: Set(run.event_head),
        line_head: Set(run.line_head),
        log_bytes: Set(run.log_bytes),
        open_bytes: Set(run.open_bytes),
        open_segments: Set(run.open_segments),
        run_ref: Set(run.run_ref.clone()),
        resume: Set(run.resume.clone()),
        ..Default::default()
    };
    build_run::Entity::update(row).exec_without_returning(db).await?;
    Ok(())
}
