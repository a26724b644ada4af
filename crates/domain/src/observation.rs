//! What providers report, in the words of the domain.

use serde::{Deserialize, Serialize};

use crate::{
    ApprovalKey, ApprovalStatus, Artifact, BuildShape, CapabilityNote, Commit, LogLine, Output, ParameterDefinition,
    Paused, RunStatus, StageAttempt, StageKey, StageKind, StatusReason, Step, Timestamp, Warning,
};

/// A provider's own note of how far it has told. Opaque to everybody else; at most 4 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResumeToken(pub String);

/// A batch of observations, and the token from which to go on behind them. The batch is committed together with its token,
/// or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Following from here gives what comes after this batch.
    pub resume: ResumeToken,
    /// What was seen, in order.
    pub observations: Vec<Observation>,
}

/// One thing that a provider saw. Each carries what is so now, never a difference, so that hearing it twice does no harm; the
/// exception is `Lines`, which the resume token keeps from being told twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Observation {
    /// The run as a whole.
    Run(RunObservation),
    /// Stages that are new or changed. `None` fields of an engine that does not know are told as such each time.
    Stages(Vec<StageObservation>),
    /// Planned stages that will not be.
    StagesRemoved(Vec<StageKey>),
    /// A question that was asked, or has been settled.
    Approval(ApprovalObservation),
    /// The engine has taken the cancel request in.
    CancelDelivered,
    /// Log lines, in order.
    Lines(Vec<LogLine>),
    /// What this run cannot do although the provider can: all of it.
    Without(Vec<CapabilityNote>),
    /// A file was kept.
    Artifact(Artifact),
    /// What the run says that it made, kept elsewhere: all of it.
    Outputs(Vec<Output>),
    /// What a plain build is made of: all that has begun, each as it is now.
    Steps(Vec<Step>),
    /// Something odd that does not stop the build.
    Warning(Warning),
    /// Everything has been told: the run has ended, and no line or observation follows. The last one of every run.
    Complete,
}

/// The run as a whole. What is `None` is not known, or has not changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunObservation {
    /// State.
    pub status: RunStatus,
    /// Why.
    pub reason: Option<StatusReason>,
    /// Whether stages are to be expected.
    pub shape: Option<BuildShape>,
    /// What is built.
    pub commit: Option<Commit>,
    /// When work began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Its page in the engine's own interface.
    pub external_url: Option<String>,
}

impl RunObservation {
    /// Only the state.
    #[must_use]
    pub const fn status(status: RunStatus) -> Self {
        Self {
            status,
            reason: None,
            shape: None,
            commit: None,
            started_at: None,
            finished_at: None,
            external_url: None,
        }
    }
}

/// A stage as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageObservation {
    /// Name within the definition.
    pub key: StageKey,
    /// Name for display.
    pub name: String,
    /// What kind of node it is.
    pub kind: StageKind,
    /// State.
    pub status: RunStatus,
    /// Why.
    pub reason: Option<StatusReason>,
    /// The stage that it is drawn inside.
    pub parent: Option<StageKey>,
    /// Stages that must end first.
    pub depends_on: Vec<StageKey>,
    /// Position among all stages, for reading order.
    pub position: u32,
    /// When it became ready to run.
    pub queued_at: Option<Timestamp>,
    /// When work began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// For how long it has waited for people since work began; `None` where the engine does not say.
    #[serde(default)]
    pub paused: Option<Paused>,
    /// Every try, oldest first.
    pub attempts: Vec<StageAttempt>,
    /// Name of the target that it deploys to; where `namespace` is known, what the engine calls it.
    pub environment: Option<String>,
    /// The part of the engine's own cluster that it deploys to, where the engine tells that: it says which target is meant.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Where its version can be visited once it is there.
    #[serde(default)]
    pub url: Option<String>,
    /// The machine or pod that ran it.
    pub agent: Option<String>,
}

/// A question as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalObservation {
    /// The provider's name for it.
    pub key: ApprovalKey,
    /// The stage that waits.
    pub stage: Option<StageKey>,
    /// `Pending`, or how it was settled: `Approved` or `Rejected` is also the receipt of a decision that we sent. Never
    /// `Delivering`, which is ours to say.
    pub status: ApprovalStatus,
    /// The question.
    pub message: String,
    /// Label of the button that says yes.
    pub proceed_label: String,
    /// Inputs asked for with the decision.
    pub parameters: Vec<ParameterDefinition>,
    /// When it was asked.
    pub requested_at: Timestamp,
    /// When it lapses.
    pub expires_at: Option<Timestamp>,
}
