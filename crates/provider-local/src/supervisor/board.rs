//! The build as followers see it: every change of it goes through here, and is written down at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alm_domain::{
    ApprovalObservation, Clock, LogLine, LogStream, Observation, ReasonCode, RunObservation, RunStatus, StageKey,
    StageKind, StageObservation, StatusReason, Timestamp, Warning,
};
use alm_masking::Gap;

use super::journal::Journal;

/// Stages that are told in one record.
const BATCH: usize = 100;

/// The board, shared by all threads of a supervisor.
#[derive(Debug, Clone)]
pub(crate) struct Board(Arc<Mutex<Inner>>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) journal: Journal,
    clock: Arc<dyn Clock>,
    run: RunObservation,
    stages: Vec<StageObservation>,
    index: HashMap<StageKey, usize>,
}

impl Board {
    pub(crate) fn new(journal: Journal, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            journal,
            clock,
            run: RunObservation::status(RunStatus::Queued),
            stages: Vec::new(),
            index: HashMap::new(),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of the log and of the stages.
    pub(crate) fn now(&self) -> Timestamp {
        self.lock().clock.now()
    }

    /// Writes a line of the service's own into the log.
    pub(crate) fn say(&self, stage: Option<&StageKey>, attempt: u32, text: &str) {
        let mut board = self.lock();
        let at = Some(board.clock.now());
        for text in text.lines() {
            let line = LogLine {
                stage: stage.cloned(),
                attempt,
                stream: LogStream::System,
                at,
                text: text.to_owned(),
                continued: false,
            };
            board.journal.line(line);
        }
    }

    /// Tells of something odd.
    pub(crate) fn warn(&self, code: &str, message: impl Into<String>) {
        let warning = Warning { code: code.to_owned(), message: message.into() };
        self.lock().journal.tell(vec![Observation::Warning(warning)], false);
    }

    /// Tells of secrets that are not, or not wholly, taken out of the log.
    pub(crate) fn warn_of_gaps(&self, gaps: &[Gap]) {
        gaps.iter().for_each(|gap| self.warn("SECRET_NOT_MASKED", gap.to_string()));
    }

    /// Tells of a question, so that it is not lost in a crash.
    pub(crate) fn tell_approval(&self, approval: ApprovalObservation) {
        self.lock().journal.tell(vec![Observation::Approval(approval)], true);
    }

    /// Changes a stage, and tells it together with the frames and the build that it changes.
    pub(crate) fn update(&self, key: &StageKey, change: impl FnOnce(&mut StageObservation, Timestamp)) {
        let mut board = self.lock();
        let now = board.clock.now();
        let Some(index) = board.index.get(key).copied() else { return };
        let before = board.stages[index].clone();
        let stage = &mut board.stages[index];
        change(stage, now);
        if before.status.advance(stage.status).is_err() {
            stage.status = before.status;
            stage.reason.clone_from(&before.reason);
        }
        if *stage != before {
            board.tell_with_frames(index, now);
        }
    }

    /// Changes the build as a whole.
    pub(crate) fn update_run(&self, sync: bool, change: impl FnOnce(&mut RunObservation, Timestamp)) {
        let mut board = self.lock();
        let now = board.clock.now();
        let before = board.run.clone();
        change(&mut board.run, now);
        if before.status.advance(board.run.status).is_err() {
            board.run.status = before.status;
            board.run.reason.clone_from(&before.reason);
        }
        if board.run != before {
            let run = board.run.clone();
            board.journal.tell(vec![Observation::Run(run)], sync);
        }
    }

    /// The whole plan, before anything of it starts.
    pub(crate) fn plan(&self, stages: Vec<StageObservation>) {
        let mut board = self.lock();
        for batch in stages.chunks(BATCH) {
            board.journal.tell(vec![Observation::Stages(batch.to_vec())], false);
        }
        board.index = stages.iter().enumerate().map(|(index, stage)| (stage.key.clone(), index)).collect();
        board.stages = stages;
    }
}

impl Inner {
    /// The time of the log and of the stages.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn tell_with_frames(&mut self, index: usize, now: Timestamp) {
        let mut changed = vec![self.stages[index].clone()];
        let mut parent = self.stages[index].parent.clone();
        while let Some(at) = parent.as_ref().and_then(|key| self.index.get(key)).copied() {
            let before = self.stages[at].clone();
            let children: Vec<&StageObservation> =
                self.stages.iter().filter(|stage| stage.parent.as_ref() == Some(&before.key)).collect();
            let after = derive(&before, &children, now);
            parent.clone_from(&before.parent);
            if after == before {
                break;
            }
            changed.push(after.clone());
            self.stages[at] = after;
        }
        let mut told = vec![Observation::Stages(changed)];
        if let Some(run) = self.derive_run() {
            told.push(Observation::Run(run));
        }
        self.journal.tell(told, false);
    }

    /// The build waits when nothing of it works and something of it waits for a person.
    fn derive_run(&mut self) -> Option<RunObservation> {
        let leaves = || self.stages.iter().filter(|stage| !is_frame(stage.kind));
        let works =
            leaves().any(|s| matches!(s.status, RunStatus::Running | RunStatus::Queued | RunStatus::Cancelling));
        let waiting = leaves().find(|stage| is_waiting(stage.status)).filter(|_| !works);
        let (status, reason) = match waiting {
            Some(stage) if stage.status == RunStatus::WaitingForApproval => {
                let message = format!("stage {:?} waits for a decision", stage.name);
                (stage.status, Some(StatusReason::new(ReasonCode::WaitingForDecision, message)))
            }
            Some(stage) => {
                let message = format!("stage {:?} waits for the token of its environment", stage.name);
                (stage.status, Some(StatusReason::new(ReasonCode::Credential, message)))
            }
            None => (RunStatus::Running, None),
        };
        let is_live = self.run.status == RunStatus::Running || is_waiting(self.run.status);
        if !is_live || self.run.status == status {
            return None;
        }
        self.run.status = status;
        self.run.reason = reason;
        Some(self.run.clone())
    }
}

const fn is_waiting(status: RunStatus) -> bool {
    matches!(status, RunStatus::WaitingForApproval | RunStatus::WaitingForCredential)
}

pub(crate) const fn is_frame(kind: StageKind) -> bool {
    matches!(kind, StageKind::Sequence | StageKind::Parallel | StageKind::Matrix)
}

/// A frame is what the stages inside it are.
fn derive(frame: &StageObservation, children: &[&StageObservation], now: Timestamp) -> StageObservation {
    let any = |status: RunStatus| children.iter().any(|child| child.status == status);
    let has_begun = children.iter().any(|child| child.status.is_terminal() && child.status != RunStatus::Skipped);
    let status = if children.iter().all(|child| child.status.is_terminal()) {
        use RunStatus::{Cancelled, Errored, Failed, Skipped, Succeeded, Unstable};
        let worst = [Errored, Failed, Cancelled, Unstable, Succeeded].into_iter().find(|status| any(*status));
        worst.unwrap_or(Skipped)
    } else if any(RunStatus::Cancelling) {
        RunStatus::Cancelling
    } else if any(RunStatus::Running) {
        RunStatus::Running
    } else if any(RunStatus::WaitingForApproval) {
        RunStatus::WaitingForApproval
    } else if any(RunStatus::WaitingForCredential) {
        RunStatus::WaitingForCredential
    } else if has_begun {
        RunStatus::Running
    } else if any(RunStatus::Queued) {
        RunStatus::Queued
    } else {
        RunStatus::Planned
    };
    let status = frame.status.advance(status).unwrap_or(frame.status);
    let cause = children.iter().find(|child| child.status == status).filter(|_| status.is_terminal());
    let reason = cause.and_then(|child| {
        child.reason.as_ref().map(|reason| match status {
            RunStatus::Skipped => reason.clone(),
            _ => StatusReason::new(reason.code, format!("stage {:?}: {}", child.name, reason.message)),
        })
    });
    let began = status == RunStatus::Running || is_waiting(status) || has_begun;
    StageObservation {
        status,
        reason,
        queued_at: frame.queued_at.or_else(|| children.iter().filter_map(|child| child.queued_at).min()),
        started_at: frame
            .started_at
            .or_else(|| children.iter().filter_map(|child| child.started_at).min().or(began.then_some(now))),
        finished_at: frame.finished_at.or_else(|| {
            (status.is_terminal() && status != RunStatus::Skipped)
                .then(|| children.iter().filter_map(|child| child.finished_at).max().unwrap_or(now))
        }),
        ..frame.clone()
    }
}
