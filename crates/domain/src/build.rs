//! One run of a build service.

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Artifact, BuildId, CapabilityNote, Commit, Deploys, EventSeq, Hold, Output, ParameterValue, ProjectId,
    ProviderId, ReasonCode, RunStatus, ServiceId, StageKey, StatusReason, Step, Timestamp, Trigger, TriggerKind,
    version_label,
};

/// Whether a build has stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BuildShape {
    /// Not known yet.
    Unknown,
    /// A pipeline of 0 stages, and there will be none.
    Plain,
    /// There are, or will be, stages.
    Pipeline,
}

/// Where a repeated build begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RerunFrom {
    /// Everything again.
    Beginning,
    /// This stage and all that depends on it; results and artifacts before it are reused.
    Stage(StageKey),
    /// Only what did not succeed, and what depends on it.
    Failed,
}

/// The build that another one repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RerunOf {
    /// That build.
    pub build: BuildId,
    /// Where the repetition begins.
    pub from: RerunFrom,
}

/// That somebody asked a build to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Who asked.
    pub by: Actor,
    /// When it was stored.
    pub at: Timestamp,
    /// Why, in their words.
    pub reason: Option<String>,
    /// When the provider confirmed that it knows.
    pub delivered_at: Option<Timestamp>,
}

/// Something odd that did not stop the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Stable, for programs, such as `ILLEGAL_TRANSITION`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// One run of a build service. A plain build is a pipeline of 0 stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Names it globally.
    pub id: BuildId,
    /// The project.
    pub project: ProjectId,
    /// The build service.
    pub service: ServiceId,
    /// The provider that runs it.
    pub provider: ProviderId,
    /// Counts up from 1 within the build service.
    pub number: u32,
    /// Sequence number of the journal entry that last touched it.
    pub revision: EventSeq,
    /// State of the whole.
    pub status: RunStatus,
    /// Why it is in this state.
    pub reason: Option<StatusReason>,
    /// Whether stages are to be expected.
    pub shape: BuildShape,
    /// Branch, tag or commit that was asked for.
    pub reference: Option<String>,
    /// What was built; known once the source is there.
    pub commit: Option<Commit>,
    /// What set it off.
    pub trigger: Trigger,
    /// Inputs as given.
    pub parameters: Vec<ParameterValue>,
    /// The build that it repeats.
    pub rerun_of: Option<RerunOf>,
    /// That it makes no version of its own, but brings the one of another build somewhere.
    #[serde(default)]
    pub deploys: Option<Deploys>,
    /// Names of the environments that its stages deploy to; at most 50.
    #[serde(default)]
    pub targets: Vec<String>,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// When work began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The same build in the engine's own interface.
    pub external_url: Option<String>,
    /// Since when the engine cannot be asked; what is shown is the last that is known.
    pub degraded_since: Option<Timestamp>,
    /// Why the engine cannot be asked.
    pub degraded_reason: Option<String>,
    /// The same for programs: CREDENTIAL where somebody must connect an account again.
    #[serde(default)]
    pub degraded_code: Option<ReasonCode>,
    /// Why it has no run at the engine yet; `None` once it may have one.
    #[serde(default)]
    pub hold: Option<Hold>,
    /// That somebody asked it to stop.
    pub cancel: Option<CancelRequest>,
    /// What it left behind; at most 1000.
    pub artifacts: Vec<Artifact>,
    /// What it says that it made, kept elsewhere; at most 200.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// What it is made of where it has no stages, as far as its engine tells, in the order of beginning; at most 200. None is at work
    /// once it has ended.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Oddities, oldest first; at most 100.
    pub warnings: Vec<Warning>,
    /// What it cannot do although its provider can.
    #[serde(default)]
    pub without: Vec<CapabilityNote>,
    /// Whether the provider has told everything: no further event or log line will come.
    pub is_complete: bool,
}

impl Build {
    /// Whether nobody here started it: its engine did by itself, or somebody did there.
    #[must_use]
    pub const fn is_external(&self) -> bool {
        matches!(self.trigger.kind, TriggerKind::External)
    }

    /// Whether it made a version that can be brought to environments: one of its own, and well enough.
    #[must_use]
    pub const fn is_promotable(&self) -> bool {
        self.deploys.is_none() && matches!(self.status, RunStatus::Succeeded | RunStatus::Unstable)
    }

    /// What the version is called that it makes, or brings somewhere.
    #[must_use]
    pub fn version(&self) -> String {
        let sha = self.commit.as_ref().map(|commit| commit.sha.as_str());
        let own = || version_label(self.reference.as_deref(), self.number, sha);
        self.deploys.as_ref().map_or_else(own, |deploys| deploys.version.clone())
    }

    /// Time at work so far, in milliseconds; `None` before work began. Never negative, whatever the clocks say.
    #[must_use]
    pub fn duration_ms(&self, now: Timestamp) -> Option<i64> {
        let started = self.started_at?;
        Some((self.finished_at.unwrap_or(now) - started).num_milliseconds().max(0))
    }
}
