//! The state machine that builds, stages and attempts share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// State of a build, a stage or an attempt at one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    /// Known from the definition, not reached yet. Only stages are planned.
    Planned,
    /// Waiting for capacity or for its turn.
    Queued,
    /// At work.
    Running,
    /// Held until a person decides.
    WaitingForApproval,
    /// Held until a person connects an account again.
    WaitingForCredential,
    /// Asked to stop, not stopped yet.
    Cancelling,
    /// Finished well.
    Succeeded,
    /// Finished, with warnings such as failed tests.
    Unstable,
    /// Finished badly: the work itself failed.
    Failed,
    /// Finished badly: the machinery failed, not the work.
    Errored,
    /// Stopped by a person or a policy.
    Cancelled,
    /// Left out by a condition. Only stages are skipped.
    Skipped,
}

/// A move that the state machine does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a run cannot go from {from} to {to}")]
pub struct IllegalTransition {
    /// Where it stands.
    pub from: RunStatus,
    /// Where it was to go.
    pub to: RunStatus,
}

impl RunStatus {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 12] = [
        Self::Planned,
        Self::Queued,
        Self::Running,
        Self::WaitingForApproval,
        Self::WaitingForCredential,
        Self::Cancelling,
        Self::Succeeded,
        Self::Unstable,
        Self::Failed,
        Self::Errored,
        Self::Cancelled,
        Self::Skipped,
    ];

    /// Whether it is over: no move leaves such a state.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Unstable | Self::Failed | Self::Errored | Self::Cancelled | Self::Skipped
        )
    }

    /// Whether it ended badly: FAILED or ERRORED.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Errored)
    }

    /// Moves on, or says that this is no move of the machine.
    ///
    /// Staying is always allowed (engines repeat themselves). States may be jumped over (a poll sees a short build only when
    /// it has ended), but never left backwards to PLANNED or QUEUED, and a terminal state is never left at all. Only what waited
    /// for a credential may be QUEUED after it: that wait may come before any work. A run that was asked to stop may end in any
    /// way (it may win the race), but does not go back to work.
    ///
    /// # Errors
    /// [`IllegalTransition`], with both ends.
    pub const fn advance(self, to: Self) -> Result<Self, IllegalTransition> {
        use RunStatus::{Cancelling, Planned, Queued, Running, WaitingForApproval, WaitingForCredential};
        let legal = match (self, to) {
            (from, to) if from as u8 == to as u8 => true,
            (from, _) if from.is_terminal() => false,
            (_, Planned) | (Cancelling, _) if !to.is_terminal() => false,
            (_, Queued) => matches!(self, Planned | WaitingForCredential),
            (
                Planned | Queued | Running | WaitingForApproval | WaitingForCredential,
                Running | WaitingForApproval | WaitingForCredential | Cancelling,
            ) => true,
            _ => to.is_terminal(),
        };
        if legal { Ok(to) } else { Err(IllegalTransition { from: self, to }) }
    }

    /// Whether what needs a stage that ended like this may go on: it has done its work, or had none to do by its condition.
    #[must_use]
    pub fn lets_others_go_on(self, reason: Option<&StatusReason>) -> bool {
        let by_condition =
            reason.is_some_and(|reason| matches!(reason.code, ReasonCode::ConditionNotMet | ReasonCode::Reused));
        matches!(self, Self::Succeeded | Self::Unstable) || (self == Self::Skipped && by_condition)
    }

    /// The name in the API, such as `WAITING_FOR_APPROVAL`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::WaitingForApproval => "WAITING_FOR_APPROVAL",
            Self::WaitingForCredential => "WAITING_FOR_CREDENTIAL",
            Self::Cancelling => "CANCELLING",
            Self::Succeeded => "SUCCEEDED",
            Self::Unstable => "UNSTABLE",
            Self::Failed => "FAILED",
            Self::Errored => "ERRORED",
            Self::Cancelled => "CANCELLED",
            Self::Skipped => "SKIPPED",
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why something is in its state: a code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReason {
    /// Stable, for programs.
    pub code: ReasonCode,
    /// A sentence for people; may hold the engine's own words.
    pub message: String,
}

impl StatusReason {
    /// A reason.
    pub fn new(code: ReasonCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Reasons that programs can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReasonCode {
    /// All slots of the provider are taken.
    WaitingForSlot,
    /// Stages that it depends on have not ended.
    WaitingForStages,
    /// Somebody must decide.
    WaitingForDecision,
    /// Stopped by a person.
    CancelledByUser,
    /// Stopped because something that it depends on ended badly.
    DependencyFailed,
    /// Left out by its condition.
    ConditionNotMet,
    /// Took longer than it was given.
    TimedOut,
    /// A command ended with a status other than zero.
    CommandFailed,
    /// The definition of the pipeline is missing or wrong.
    DefinitionInvalid,
    /// A parameter is missing or wrong.
    ParameterInvalid,
    /// The source could not be fetched.
    SourceUnavailable,
    /// What was to run it (container engine, shell, image) is not there.
    RuntimeUnavailable,
    /// Whatever ran it disappeared: machine restarted, process killed, pod evicted.
    Interrupted,
    /// A limit on memory, processes, disk or log was hit.
    LimitExceeded,
    /// An approval was answered with no.
    Rejected,
    /// An approval was not answered in time.
    ApprovalExpired,
    /// The engine no longer knows the run.
    Lost,
    /// The engine could not start the run.
    StartRefused,
    /// Reused from an earlier build.
    Reused,
    /// An account is not connected, or its token has ended or was withdrawn: somebody must connect it again.
    Credential,
    /// An account was not connected in time.
    CredentialLapsed,
    /// The build service was changed or removed while the build waited.
    ConfigurationChanged,
    /// Whoever started it may not start it any more.
    PermissionLost,
    /// Another reason; read the message.
    Other,
}

#[cfg(test)]
mod tests {
    use super::RunStatus::{self, *};

    #[test]
    fn a_terminal_state_is_never_left() {
        for from in RunStatus::ALL.into_iter().filter(|s| s.is_terminal()) {
            for to in RunStatus::ALL {
                assert_eq!(from.advance(to).is_ok(), from == to, "{from} → {to}");
            }
        }
    }

    #[test]
    fn every_live_state_can_end_in_every_way() {
        for from in RunStatus::ALL.into_iter().filter(|s| !s.is_terminal()) {
            for to in RunStatus::ALL.into_iter().filter(|s| s.is_terminal()) {
                assert_eq!(from.advance(to), Ok(to), "{from} → {to}");
            }
        }
    }

    #[test]
    fn nothing_goes_backwards() {
        for (from, to) in [
            (Queued, Planned),
            (Running, Queued),
            (Running, Planned),
            (WaitingForApproval, Queued),
            (Cancelling, Running),
            (Cancelling, WaitingForApproval),
            (Cancelling, WaitingForCredential),
            (Cancelling, Queued),
            (WaitingForCredential, Planned),
        ] {
            assert!(from.advance(to).is_err(), "{from} → {to}");
        }
        for (from, to) in [
            (Planned, Queued),
            (Queued, Running),
            (Running, WaitingForApproval),
            (WaitingForApproval, Running),
            (Planned, Cancelling),
            (Queued, WaitingForCredential),
            (Planned, WaitingForCredential),
            (Running, WaitingForCredential),
            (WaitingForCredential, Queued),
            (WaitingForCredential, Running),
        ] {
            assert_eq!(from.advance(to), Ok(to));
        }
    }
}
