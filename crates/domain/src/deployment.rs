//! Versions of build services, and the environments that they are brought to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Approval, ApprovalKey, ApprovalStatus, Build, BuildId, Commit, DeploymentId, EnvironmentId, ProjectId,
    ReasonCode, RunStatus, ServiceId, Stage, Timestamp,
};

/// States of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentStatus {
    /// Held until people decide.
    WaitingForApproval,
    /// Waiting for its turn.
    Queued,
    /// On its way.
    Running,
    /// Runs there now.
    Active,
    /// Ran there once.
    Superseded,
    /// Did not get there.
    Failed,
    /// Stopped on its way.
    Cancelled,
    /// Taken back.
    RolledBack,
}

impl DeploymentStatus {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::WaitingForApproval,
        Self::Queued,
        Self::Running,
        Self::Active,
        Self::Superseded,
        Self::Failed,
        Self::Cancelled,
        Self::RolledBack,
    ];
    /// Those of a deployment that is on its way.
    pub const PENDING: [Self; 3] = [Self::WaitingForApproval, Self::Queued, Self::Running];

    /// Whether it is on its way.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::WaitingForApproval | Self::Queued | Self::Running)
    }

    /// The name in the API, such as `ROLLED_BACK`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WaitingForApproval => "WAITING_FOR_APPROVAL",
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Active => "ACTIVE",
            Self::Superseded => "SUPERSEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::RolledBack => "ROLLED_BACK",
        }
    }
}

impl fmt::Display for DeploymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// That a build makes no version of its own, but brings the one of another build to an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deploys {
    /// The build that made the version.
    pub build: BuildId,
    /// Its number: the order of versions.
    pub number: u32,
    /// What the version is called.
    pub version: String,
    /// Where to.
    pub environment: EnvironmentId,
    /// The name that stages give as their environment.
    pub environment_name: String,
    /// The deployment that is taken back by it.
    pub takes_back: Option<DeploymentId>,
    /// Why, in the words of who asked for it.
    pub comment: Option<String>,
}

/// A version of one build service, and how it got to one environment, or did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Names it globally; see [`DeploymentId::of`].
    pub id: DeploymentId,
    /// Grows with every change.
    pub revision: u64,
    /// The project.
    pub project: ProjectId,
    /// The build service.
    pub service: ServiceId,
    /// Where to.
    pub environment: EnvironmentId,
    /// The build that made the version.
    pub build: BuildId,
    /// The build that brings it there: the same one, or one of its own.
    pub by: BuildId,
    /// Number of the build that made the version: the order of versions.
    pub number: u32,
    /// What the version is called.
    pub version: String,
    /// Its commit, once it is known.
    pub commit: Option<Commit>,
    /// Where it can be visited, in the words of what brings it there.
    pub url: Option<String>,
    /// State.
    pub status: DeploymentStatus,
    /// Why it is in this state, for people.
    pub reason: Option<String>,
    /// Who asked for it.
    pub requested_by: Actor,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Why, in the words of who asked for it.
    pub comment: Option<String>,
    /// When it went live; `None` if it never did.
    pub activated_at: Option<Timestamp>,
    /// When it went live, or failed.
    pub finished_at: Option<Timestamp>,
    /// What ran there before.
    pub previous: Option<DeploymentId>,
    /// The deployment that is taken back by it.
    pub takes_back: Option<DeploymentId>,
    /// When the question whether it may go on lapses; `None` when none is open.
    pub lapses_at: Option<Timestamp>,
    /// When it was given the way to the environment for itself, with the token; `None` where that was never asked.
    pub cleared_at: Option<Timestamp>,
}

impl Deployment {
    /// Whether nothing else may be brought there before it has ended.
    #[must_use]
    pub const fn has_the_way(&self) -> bool {
        matches!(self.status, DeploymentStatus::Running) || (self.status.is_pending() && self.cleared_at.is_some())
    }

    /// Whether this version ran there, and was not taken back.
    #[must_use]
    pub const fn has_been_live(&self) -> bool {
        self.activated_at.is_some() && matches!(self.status, DeploymentStatus::Active | DeploymentStatus::Superseded)
    }
}

/// The name of the question whether a version may be brought to an environment, within the build that brings it.
#[must_use]
pub fn deployment_approval(environment: EnvironmentId) -> ApprovalKey {
    ApprovalKey::from(format!("deployment:{environment}"))
}

/// What the stages of a build that deploy to one environment amount to, with the reason for people; `None` while none of them has
/// begun, for a build that also does something else.
#[must_use]
pub fn deployment_progress(
    build: &Build,
    environment: &str,
    stages: &[&Stage],
    approval: Option<&Approval>,
) -> Option<(DeploymentStatus, Option<String>)> {
    use DeploymentStatus as To;
    let is_reused = |stage: &Stage| stage.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Reused);
    let own: Vec<&Stage> = stages
        .iter()
        .copied()
        .filter(|stage| stage.environment.as_deref() == Some(environment) && !is_reused(stage))
        .collect();
    let is_asked = approval.is_some_and(|approval| approval.status == ApprovalStatus::Pending);
    let of_build = || build.reason.as_ref().map(|reason| reason.message.clone());
    let of = |stage: &Stage| {
        let reason = stage.reason.as_ref()?;
        Some(format!("stage {:?}: {}", stage.name, reason.message))
    };
    let in_state = |status: &[RunStatus]| own.iter().find(|stage| status.contains(&stage.status)).copied();
    let is_own_build = build.deploys.is_some();
    if own.iter().any(|stage| !stage.status.is_terminal()) {
        use RunStatus::{Cancelling, Queued, Running, Succeeded, Unstable, WaitingForApproval, WaitingForCredential};
        return if is_asked {
            Some((To::WaitingForApproval, None))
        } else if in_state(&[Running, Cancelling]).is_some() {
            Some((To::Running, None))
        } else if let Some(stage) = in_state(&[WaitingForApproval]) {
            Some((To::WaitingForApproval, of(stage)))
        } else if in_state(&[Succeeded, Unstable]).is_some() {
            Some((To::Running, None))
        } else if let Some(stage) = in_state(&[Queued, WaitingForCredential]) {
            Some((To::Queued, of(stage)))
        } else {
            is_own_build.then_some((To::Queued, None))
        };
    }
    if own.is_empty() {
        if !is_own_build {
            return None;
        }
        return Some(match build.status {
            _ if is_asked => (To::WaitingForApproval, None),
            RunStatus::Cancelled => (To::Cancelled, of_build()),
            status if status.is_terminal() => (To::Failed, of_build()),
            _ => (To::Queued, of_build()),
        });
    }
    // What was allowed to fail has failed all the same.
    let failed_quietly = |stage: &&&Stage| stage.status == RunStatus::Unstable && stage.reason.is_some();
    if let Some(stage) = in_state(&[RunStatus::Errored, RunStatus::Failed]).or(own.iter().find(failed_quietly).copied())
    {
        return Some((To::Failed, of(stage)));
    }
    if let Some(stage) = in_state(&[RunStatus::Cancelled]) {
        // Who stopped it, and why, is known of the build.
        return Some((To::Cancelled, if build.cancel.is_some() { of_build() } else { of(stage) }));
    }
    let by_condition = |stage: &Stage| {
        stage.status == RunStatus::Skipped
            && stage.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::ConditionNotMet)
    };
    let got_there = in_state(&[RunStatus::Succeeded, RunStatus::Unstable]).is_some();
    let left_out = own.iter().find(|stage| stage.status == RunStatus::Skipped && !by_condition(stage)).copied();
    match (got_there, left_out) {
        (true, None) => Some((To::Active, None)),
        (true, Some(stage)) => Some((To::Failed, of(stage))),
        // Nothing was ever on its way there.
        (false, _) if !is_own_build && own.iter().all(|stage| stage.queued_at.is_none()) => None,
        (false, _) if build.status == RunStatus::Cancelled => Some((To::Cancelled, of_build())),
        (false, stage) => Some((To::Failed, stage.or(own.first().copied()).and_then(of))),
    }
}
