//! Figures and verdicts over what the store holds.

use alm_domain::{Build, BuildId, HealthState, NumberedLine, Principal, RunStatus, Stage, StageKey};
use alm_store::FinishedBuild;

use super::{App, AppError};

const EXCERPT: usize = 20;
const MOST_REASONS: usize = 10;

/// Where to look first after a bad end.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The build.
    pub build: BuildId,
    /// One sentence.
    pub summary: String,
    /// The stage that failed first; `None` for a plain build.
    pub stage: Option<Stage>,
}

/// Figures over a window of finished builds.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceStats {
    /// The builds, oldest first.
    pub builds: Vec<FinishedBuild>,
    /// Share that succeeded of those that nobody cancelled, 0 to 1; `None` when there are none.
    pub success_rate: Option<f64>,
    /// Median duration in milliseconds of those that nobody cancelled.
    pub median_ms: Option<i64>,
    /// Duration in milliseconds that 95 of 100 of them stay below.
    pub p95_ms: Option<i64>,
}

/// Why a verdict on a project is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictReasonCode {
    /// The newest finished build of a build service failed.
    LastBuildFailed,
    /// Somebody must decide.
    WaitingForApproval,
}

/// One reason for a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictReason {
    /// For programs.
    pub code: VerdictReasonCode,
    /// For people.
    pub message: String,
    /// What to open.
    pub build: BuildId,
}

/// One verdict on a project, with its reasons, worst first.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectVerdict {
    /// The verdict; UNKNOWN while nothing was ever built.
    pub state: HealthState,
    /// What led to it.
    pub reasons: Vec<VerdictReason>,
}

impl ServiceStats {
    /// The figures over these builds, given newest first.
    #[must_use]
    pub fn over(mut builds: Vec<FinishedBuild>) -> Self {
        builds.reverse();
        // One that somebody stopped says nothing of how builds go.
        let judged = || builds.iter().filter(|build| build.status != RunStatus::Cancelled);
        let good = judged().filter(|b| matches!(b.status, RunStatus::Succeeded | RunStatus::Unstable)).count();
        let of = judged().count();
        #[expect(clippy::cast_precision_loss, reason = "at most 100 builds")]
        let success_rate = (of > 0).then(|| good as f64 / of as f64);
        let mut durations: Vec<i64> = judged().filter_map(duration_ms).collect();
        durations.sort_unstable();
        let at = |share: usize| {
            let last = durations.len().checked_sub(1)?;
            durations.get((durations.len() * share / 100).min(last)).copied()
        };
        Self { success_rate, median_ms: at(50), p95_ms: at(95), builds }
    }
}

/// How long a finished build was at work, in milliseconds.
#[must_use]
pub fn duration_ms(build: &FinishedBuild) -> Option<i64> {
    Some((build.finished_at? - build.started_at?).num_milliseconds().max(0))
}

impl Failure {
    /// Where to look first in this build with these stages; `None` unless it ended badly.
    #[must_use]
    pub fn of(build: &Build, stages: &[Stage]) -> Option<Self> {
        if !build.status.is_bad() {
            return None;
        }
        let stage = first_failure(stages);
        let why = stage.and_then(|s| s.reason.as_ref()).or(build.reason.as_ref()).map(|r| r.message.as_str());
        let summary = match (stage, why) {
            (Some(stage), Some(why)) => format!("{}: {why}", stage.name),
            (Some(stage), None) => format!("{} failed", stage.name),
            (None, Some(why)) => why.to_owned(),
            (None, None) => "the build failed".to_owned(),
        };
        Some(Self { build: build.id, summary, stage: stage.cloned() })
    }
}

impl ProjectVerdict {
    /// The verdict from the newest finished, and the newest, build of each of its services.
    #[must_use]
    pub fn over<'a>(
        finished: impl IntoIterator<Item = &'a FinishedBuild>,
        newest: impl IntoIterator<Item = &'a Build>,
    ) -> Self {
        let mut nothing_finished = true;
        let mut reasons: Vec<VerdictReason> = finished
            .into_iter()
            .inspect(|_| nothing_finished = false)
            .filter(|build| build.status.is_bad())
            .map(|build| VerdictReason {
                code: VerdictReasonCode::LastBuildFailed,
                message: format!("build {} ended as {}", build.number, build.status),
                build: build.id,
            })
            .collect();
        let failed = !reasons.is_empty();
        let waiting = newest.into_iter().filter(|build| build.status == RunStatus::WaitingForApproval);
        reasons.extend(waiting.map(|build| VerdictReason {
            code: VerdictReasonCode::WaitingForApproval,
            message: format!("build {} waits for a decision", build.number),
            build: build.id,
        }));
        reasons.truncate(MOST_REASONS);
        let state = match (failed, nothing_finished) {
            (true, _) => HealthState::Failing,
            (false, true) => HealthState::Unknown,
            (false, false) => HealthState::Healthy,
        };
        Self { state, reasons }
    }
}

impl App {
    /// Up to 20 lines that lead to a failure, the one to jump to last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn excerpt(&self, principal: &Principal, failure: &Failure) -> Result<Vec<NumberedLine>, AppError> {
        let key: Option<&StageKey> = failure.stage.as_ref().map(|stage| &stage.key);
        let lines = self.store().log_tail(principal, failure.build, EXCERPT, key).await?;
        if lines.is_empty() && key.is_some() {
            return Ok(self.store().log_tail(principal, failure.build, EXCERPT, None).await?);
        }
        Ok(lines)
    }
}

/// The stage that failed first, frames left out.
fn first_failure(stages: &[Stage]) -> Option<&Stage> {
    let parents: Vec<_> = stages.iter().filter_map(|stage| stage.parent.as_ref()).collect();
    stages
        .iter()
        .filter(|stage| stage.status.is_bad() && !parents.contains(&&stage.key))
        .min_by_key(|stage| (stage.finished_at, stage.position))
}
