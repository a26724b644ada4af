//! What a provider can do.

use serde::{Deserialize, Serialize};

/// Something that a provider declares, or not. What it does not declare is never asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Capability {
    /// Reports stages.
    Stages,
    /// Runs stages side by side.
    ParallelStages,
    /// Knows the stages before they start.
    PlannedGraph,
    /// Puts stages inside stages.
    NestedStages,
    /// Takes parameters.
    Parameters,
    /// Can tell the parameters of a definition before a build of it is started.
    Describe,
    /// Stops a running build.
    Cancel,
    /// Runs a build again.
    Rerun,
    /// Runs again from a stage.
    RerunFromStage,
    /// Holds for a decision.
    Approvals,
    /// Sends log lines while they are written.
    LiveLog,
    /// Says which stage wrote a line.
    StageLog,
    /// Tells standard output from standard error.
    LogStreams,
    /// Stamps each line with its time.
    LogTimestamps,
    /// Keeps files for download.
    Artifacts,
    /// Takes secrets for a build, and hands them to the stages that they are for.
    Secrets,
    /// Holds a stage until it is given the token of its environment.
    LateSecrets,
    /// Deploys to target environments.
    Deploy,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Stages,
        Self::ParallelStages,
        Self::PlannedGraph,
        Self::NestedStages,
        Self::Parameters,
        Self::Describe,
        Self::Cancel,
        Self::Rerun,
        Self::RerunFromStage,
        Self::Approvals,
        Self::LiveLog,
        Self::StageLog,
        Self::LogStreams,
        Self::LogTimestamps,
        Self::Artifacts,
        Self::Secrets,
        Self::LateSecrets,
        Self::Deploy,
    ];
}

/// That one build cannot do what its provider can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityNote {
    /// What it cannot do.
    pub capability: Capability,
    /// Why, for people.
    pub reason: String,
}
