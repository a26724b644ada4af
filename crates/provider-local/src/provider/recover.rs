//! What becomes of runs whose supervisor is gone, or never came.

use std::{fs, io, path::Path, time::Duration};

use alm_domain::{
    ApprovalObservation, ApprovalStatus, BuildId, Clock, Observation, ReasonCode, RunObservation, RunStatus,
    StageAttempt, StageObservation, StatusReason, Timestamp,
};

use crate::{
    keep,
    spool::{Folded, Payload, RunDir, Writer},
};

/// Drafts of directories that nobody finished are cleared when they are so old.
const STALE: Duration = Duration::from_secs(600);
/// So much of a supervisor's last words is told.
const LAST_WORDS: usize = 600;

/// A run that lies in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) ordinal: u64,
    pub(super) build: BuildId,
    pub(super) fate: Fate,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its supervisor is at work.
    Alive,
    /// It waits for its turn.
    Waiting,
    /// Everything has been told.
    Over,
}

/// Every run that lies in the spool with its ordinal, oldest first, those ended whose supervisor is gone.
///
/// # Errors
/// When the spool cannot be read.
pub(super) fn scan(spool: &Path, clock: &dyn Clock) -> io::Result<Vec<Found>> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(spool)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".new-") {
            clear_draft(&entry);
        } else if let Ok(build) = name.parse::<BuildId>() {
            let run = RunDir::of(spool, build);
            match look(&run, build, clock) {
                Ok(found) => runs.push(found),
                // One that cannot be read must not keep the others from being served.
                Err(error) => tracing::error!(%build, error = &error as &dyn std::error::Error, "unreadable run"),
            }
        }
    }
    runs.sort_unstable_by_key(|found| (found.ordinal, found.build));
    Ok(runs)
}

/// Settles a run that was found in the spool.
///
/// # Errors
/// When its directory cannot be read or written.
pub(super) fn look(run: &RunDir, build: BuildId, clock: &dyn Clock) -> io::Result<Found> {
    Ok(Found { ordinal: run.request()?.ordinal, build, fate: settle(run, clock)? })
}

/// Looks how a run stands; one that was begun and has nobody any more is ended here, in its own spool, exactly once.
///
/// # Errors
/// When its directory cannot be read or written.
pub(super) fn settle(run: &RunDir, clock: &dyn Clock) -> io::Result<Fate> {
    // Not being alone here is an answer: whoever holds it writes.
    let Some(held) = run.hold()? else { return Ok(Fate::Alive) };
    let mut writer = run.writer(&held)?;
    if !writer.is_complete() {
        if !writer.is_started() {
            if run.commands()?.cancel {
                end_waiting(&mut writer, clock.now())?;
                return clear(run).map(|()| Fate::Over);
            }
            return Ok(Fate::Waiting);
        }
        let interrupted = interrupted(&run.fold()?, clock.now());
        writer.append(&Payload::of(interrupted), true)?;
    }
    clear(run)?;
    Ok(Fate::Over)
}

/// Ends a run that was never begun because its supervisor cannot be started; `false` where somebody holds it at this moment.
///
/// # Errors
/// When its directory cannot be read or written.
pub(super) fn refuse(run: &RunDir, why: &str, clock: &dyn Clock) -> io::Result<bool> {
    let Some(held) = run.hold()? else { return Ok(false) };
    let mut writer = run.writer(&held)?;
    if !writer.is_started() && !writer.is_complete() {
        let words = fs::read(run.supervisor_log()).unwrap_or_default();
        let words = String::from_utf8_lossy(&words[words.len().saturating_sub(LAST_WORDS)..]).into_owned();
        let message = format!("the supervisor of the build cannot be started: {why} {}", words.trim());
        let reason = StatusReason::new(ReasonCode::StartRefused, message.trim().to_owned());
        let end = ended(RunStatus::Errored, reason, clock.now());
        writer.append(&Payload::of(vec![Observation::Run(end), Observation::Complete]), true)?;
    }
    clear(run).map(|()| true)
}

fn end_waiting(writer: &mut Writer, now: Timestamp) -> io::Result<()> {
    let reason = StatusReason::new(ReasonCode::CancelledByUser, "a person asked the build to stop before it began");
    let end = ended(RunStatus::Cancelled, reason, now);
    let told = vec![Observation::CancelDelivered, Observation::Run(end), Observation::Complete];
    writer.append(&Payload::of(told), true)
}

fn ended(status: RunStatus, reason: StatusReason, now: Timestamp) -> RunObservation {
    RunObservation { reason: Some(reason), finished_at: Some(now), ..RunObservation::status(status) }
}

/// Everything that must still be told about a run that lost its supervisor.
fn interrupted(folded: &Folded, now: Timestamp) -> Vec<Observation> {
    let reason = StatusReason::new(
        ReasonCode::Interrupted,
        "what ran the build is gone: the machine was restarted, or the process was killed",
    );
    let mut told = Vec::new();
    let mut stages: Vec<StageObservation> =
        folded.stages.values().filter(|stage| !stage.status.is_terminal()).cloned().collect();
    stages.sort_by_key(|stage| stage.position);
    for stage in &mut stages {
        let begun = stage.started_at.is_some();
        stage.status = if begun { RunStatus::Errored } else { RunStatus::Skipped };
        stage.reason = Some(reason.clone());
        stage.finished_at = begun.then_some(now);
        for attempt in stage.attempts.iter_mut().filter(|attempt| !attempt.status.is_terminal()) {
            let lost = StageAttempt { status: RunStatus::Errored, reason: Some(reason.clone()), ..attempt.clone() };
            *attempt = StageAttempt { finished_at: Some(now), ..lost };
        }
    }
    told.extend(stages.chunks(100).map(|stages| Observation::Stages(stages.to_vec())));
    for approval in folded.approvals.values().filter(|approval| !approval.status.is_settled()) {
        told.push(Observation::Approval(ApprovalObservation { status: ApprovalStatus::Withdrawn, ..approval.clone() }));
    }
    if !folded.run.status.is_terminal() {
        told.push(Observation::Run(ended(RunStatus::Errored, reason, now)));
    }
    told.push(Observation::Complete);
    told
}

/// Takes away what a run that is over needs no more. What is left is tried again at the next opening.
fn clear(run: &RunDir) -> io::Result<()> {
    run.remove_secrets()?;
    let request = run.request()?;
    let work = request.places.work.join(request.build.to_string());
    if let Err(error) = keep::remove_tree(&work) {
        tracing::warn!(build = %request.build, error = &error as &dyn std::error::Error, "work trees are left");
    }
    Ok(())
}

fn clear_draft(entry: &fs::DirEntry) {
    let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
    if age.is_some_and(|age| age > STALE)
        && let Err(error) = fs::remove_dir_all(entry.path())
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "a draft of a run is left");
    }
}
