//! The one function that changes builds.

use alm_domain::{
    Approval, BuildHeads, BuildId, BuildState, Change, Deployment, EventSeq, JournalEntry, LineNo, LogLine,
    NumberedLine, Principal, ProjectEvent, ProjectEventKind, ProjectRole, StatusReason, Timestamp,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict,
};

use super::{
    Append, Fence, MOST_RETRIES,
    append::{lock_run, note, write_run},
    lift::Guard,
    round::round,
    state::{heads, load},
};
use crate::{
    Store, StoreError,
    among::BATCH,
    audit::Deed,
    deployments::{Concerned, ask, fold, place, recheck},
    entity::{approval, build, journal, stage},
    error::is_collision,
    logs::{self, Prepared},
    projects::add_event,
    value::{column, counter},
    visibility::visible,
};

/// What was committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed<R> {
    /// What the function returned.
    pub result: R,
    /// How far journal and log reach now.
    pub heads: BuildHeads,
    /// What changed; if it is not empty, it is the journal's entry `heads.event`.
    pub change: Change,
    /// The lines that were appended, with their numbers.
    pub lines: Vec<NumberedLine>,
    /// When it was committed: the time of the journal entry.
    pub at: Timestamp,
    /// The last of what the project is told.
    pub project_event: Option<ProjectEvent>,
    /// Deployments that changed with the build.
    pub deployments: Vec<Deployment>,
}

impl Store {
    /// Changes a build. In one transaction: the state is loaded, `f` changes it, the difference becomes the next journal entry
    /// and the rows, and the lines, the resume token and the name of the run are stored. Nothing is stored unless all is. The
    /// function must be pure: it may be called again, with the state loaded anew, when the database asks for it.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another follower has claimed the build; [`StoreError::NotFound`];
    /// [`StoreError::WrongState`] when the build is complete and something would change or be appended.
    pub async fn update_build<R, F>(
        &self,
        principal: &Principal,
        id: BuildId,
        fence: Fence,
        append: Append,
        mut f: F,
    ) -> Result<Committed<R>, StoreError>
    where
        R: Send,
        F: FnMut(&mut BuildState) -> R + Send,
    {
        self.change_build(principal, id, fence, append, Guard::Open, |state, _| f(state)).await
    }

    /// The same, with what the guard says.
    pub(super) async fn change_build<R, F>(
        &self,
        principal: &Principal,
        id: BuildId,
        fence: Fence,
        append: Append,
        guard: Guard,
        mut f: F,
    ) -> Result<Committed<R>, StoreError>
    where
        R: Send,
        F: FnMut(&mut BuildState, Option<StatusReason>) -> R + Send,
    {
        append.check()?;
        let prepared = Prepared::new(logs::split(append.lines)).await?;
        let (note, deed) = ((append.resume, append.run_ref), append.deed);
        let mut retries = 0;
        let outcome = loop {
            match self.try_update(principal, id, fence, &prepared, (&note, deed.as_ref()), guard, &mut f).await {
                Err(e) if is_collision(&e) && retries < MOST_RETRIES => retries += 1,
                outcome => break outcome?,
            }
        };
        Ok(Committed { lines: number(prepared.lines, outcome.heads.line), ..outcome })
    }

    #[expect(clippy::too_many_arguments, reason = "one try at one change, with all that it is made of")]
    async fn try_update<R, F>(
        &self,
        principal: &Principal,
        id: BuildId,
        fence: Fence,
        prepared: &Prepared,
        (noted, deed): (&(Option<alm_domain::ResumeToken>, Option<String>), Option<&Deed>),
        guard: Guard,
        f: &mut F,
    ) -> Result<Committed<R>, StoreError>
    where
        R: Send,
        F: FnMut(&mut BuildState, Option<StatusReason>) -> R + Send,
    {
        let scope = visible(principal).at_least(ProjectRole::Developer);
        let tx = self.begin().await?;
        let mut run = lock_run(tx.db(), scope, id, fence).await?;
        let before = load(tx.db(), scope, id).await?.ok_or(StoreError::NotFound)?;
        let mut after = before.clone();
        let refused = guard.ask(tx.db(), &before.build).await?;
        let result = f(&mut after, refused);
        let at = self.now();
        let concerned = Concerned::by(tx.db(), &before, &after).await?;
        if let Some(concerned) = &concerned {
            place(concerned, &before, &mut after);
            recheck(tx.db(), concerned, &before, &mut after, at).await?;
            ask(concerned, &before, &mut after, at);
        }
        round(&mut after);
        let seq = EventSeq(counter(run.event_head)?).next();
        let change = after.take_change(&before, seq);
        if before.build.is_complete && !(change.is_empty() && prepared.lines.is_empty()) {
            return Err(complete(id));
        }
        if change.is_empty() && prepared.lines.is_empty() && *noted == (None, None) {
            let heads = heads(&run, before.build.is_complete)?;
            return Ok(Committed {
                result,
                heads,
                change,
                lines: Vec::new(),
                at,
                project_event: None,
                deployments: Vec::new(),
            });
        }
        let mut project_event = None;
        let mut deployments = Vec::new();
        if !change.is_empty() {
            run.event_head = column(seq.0);
            write_change(tx.db(), &change).await?;
            if let Some(concerned) = &concerned {
                deployments = fold(tx.db(), concerned, &after, at).await?;
                for one in &deployments {
                    let kind = ProjectEventKind::DeploymentChanged(one.id);
                    project_event = Some(add_event(tx.db(), one.project, kind, at).await?);
                }
            }
            if shows(&before, &after) {
                let kind = ProjectEventKind::BuildChanged(id);
                project_event = Some(add_event(tx.db(), after.build.project, kind, at).await?);
            }
        }
        logs::append(tx.db(), &mut run, prepared).await?;
        if after.build.is_complete && !before.build.is_complete {
            logs::seal(tx.db(), &mut run).await?;
        }
        note(&mut run, noted);
        write_run(tx.db(), &run).await?;
        let heads = heads(&run, after.build.is_complete)?;
        let change = if change.is_empty() {
            change
        } else {
            let entry = JournalEntry { build: id, seq, at, change };
            let row = journal::Model::of(&entry)?.into_active_model();
            journal::Entity::insert(row).exec_without_returning(tx.db()).await?;
            if let Some(deed) = deed {
                self.note(&tx, principal, deed.clone().within(after.build.project)).await?;
            }
            entry.change
        };
        tx.commit().await?;
        Ok(Committed { result, heads, change, lines: Vec::new(), at, project_event, deployments })
    }
}

/// Whether something changed that a list of builds shows.
fn shows(before: &BuildState, after: &BuildState) -> bool {
    let shown = |state: &BuildState| {
        let b = &state.build;
        (b.status, b.reason.clone(), b.commit.clone(), b.started_at, b.finished_at, b.is_complete, b.degraded_since)
    };
    shown(before) != shown(after)
}

async fn write_change(db: &impl ConnectionTrait, change: &Change) -> Result<(), StoreError> {
    if let Some(changed) = &change.build {
        let row = build::Model::of(changed)?.into_active_model().reset_all();
        build::Entity::update(row).exec_without_returning(db).await?;
    }
    for stages in change.stages.chunks(BATCH) {
        let rows = stages
            .iter()
            .map(|s| Ok(stage::Model::of(s)?.into_active_model()))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let replace = OnConflict::column(stage::Column::Id)
            .update_columns([stage::Column::Position, stage::Column::Revision, stage::Column::Document])
            .to_owned();
        stage::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(db).await?;
    }
    for removed in change.removed.chunks(BATCH) {
        stage::Entity::delete_many()
            .filter(stage::Column::Id.is_in(removed.iter().map(|id| id.as_uuid())))
            .exec(db)
            .await?;
    }
    write_approvals(db, &change.approvals).await
}

/// Writes approvals over what is there of them.
pub(super) async fn write_approvals(db: &impl ConnectionTrait, approvals: &[Approval]) -> Result<(), StoreError> {
    if !approvals.is_empty() {
        let rows = approvals
            .iter()
            .map(|a| Ok(approval::Model::of(a)?.into_active_model()))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let replace = OnConflict::column(approval::Column::Id)
            .update_columns([approval::Column::Revision, approval::Column::RequestedAt, approval::Column::Document])
            .to_owned();
        approval::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Refuses to add to what is told to its end.
pub(super) fn complete(id: BuildId) -> StoreError {
    StoreError::WrongState(format!("the build {id} is complete: nothing can be added to it"))
}

/// Numbers lines so that the last one is the head of the log.
pub(super) fn number(lines: Vec<LogLine>, head: LineNo) -> Vec<NumberedLine> {
    let first = head.0 + 1 - lines.len() as u64;
    (first..).zip(lines).map(|(no, line)| NumberedLine { no: LineNo(no), line }).collect()
}
