//! A pipeline as it was understood: what the parser makes, and what the supervisor runs.

use std::{collections::BTreeMap, time::Duration};

use alm_domain::{ParameterDefinition, StageKey, StageKind};
use serde::{Deserialize, Serialize};

/// A checked pipeline: keys are unique, every `needs` and `parent` exists, there is no cycle, every pattern and duration is good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Name for display.
    pub name: Option<String>,
    /// Inputs.
    pub parameters: Vec<ParameterDefinition>,
    /// Variables of every stage.
    pub env: BTreeMap<String, String>,
    /// Time for the whole, waiting for people not counted.
    pub timeout: Option<Duration>,
    /// What is to be done.
    pub body: Body,
}

/// What a pipeline consists of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// A plain build: a pipeline of 0 stages.
    Plain(Work),
    /// Stages in display order: a frame comes right before what is inside it.
    Stages(Vec<StageDefinition>),
}

/// A stage as it was defined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageDefinition {
    /// Unique within the pipeline.
    pub key: StageKey,
    /// Name for display.
    pub name: String,
    /// WORK, APPROVAL (an `input` without `run`), FINALLY, or a frame (SEQUENCE, PARALLEL).
    pub kind: StageKind,
    /// The frame that it is drawn inside.
    pub parent: Option<StageKey>,
    /// Stages, frames too, that must end first. Resolved: the order inside a SEQUENCE frame is in here, and what a frame needs
    /// is needed by all that is inside it.
    pub needs: Vec<StageKey>,
    /// When it runs at all; `None` is "when everything that it needs succeeded". A frame's condition is decided first, once, and
    /// holds for all that is inside it; the `result` of a stage inside then looks only at what it needs beyond the needs of
    /// its frame. A FINALLY stage always has one, with the result `Always` unless another was written; it waits for every
    /// stage that is no FINALLY stage, also for those that its `needs` do not name.
    pub when: Option<When>,
    /// The question that is asked before it runs.
    pub input: Option<Input>,
    /// What it does; `None` for frames and pure approvals.
    pub work: Option<Work>,
    /// Time for each attempt.
    pub timeout: Option<Duration>,
    /// How often, and how, it is tried again.
    pub retry: Retry,
    /// Whether its failure makes the build UNSTABLE rather than FAILED, and lets go on what needs it.
    pub allow_failure: bool,
    /// Name of the target that it deploys to.
    pub environment: Option<String>,
    /// Where its version can be visited once it is there.
    #[serde(default)]
    pub url: Option<String>,
}

/// Commands, and what surrounds them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Work {
    /// One after another; the first that fails ends the attempt.
    pub steps: Vec<Step>,
    /// Variables of this stage, over the pipeline's.
    pub env: BTreeMap<String, String>,
    /// Container image to run in.
    pub image: Option<String>,
    /// Files to keep.
    pub artifacts: Option<Artifacts>,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Name for display.
    pub name: Option<String>,
    /// Script for the shell.
    pub run: String,
    /// Variables of this step.
    pub env: BTreeMap<String, String>,
}

/// Files to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifacts {
    /// Glob patterns, relative to the work tree; [`Globs::takes_in`](super::Globs::takes_in) says what they cover.
    pub paths: Vec<String>,
    /// Whether to keep them also when the stage failed.
    pub always: bool,
}

/// Trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Retry {
    /// How many more attempts after the first, at most 10.
    pub max: u32,
    /// Pause between attempts.
    pub delay: Duration,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The question.
    pub message: String,
    /// Label of the button that says yes.
    pub proceed_label: String,
    /// Inputs asked for; their values become variables of the stage.
    pub parameters: Vec<ParameterDefinition>,
    /// How long it stays open.
    pub timeout: Option<Duration>,
}

/// A condition; every part that is given must hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct When {
    /// Globs of which the branch (or tag) must fit one; see [`Globs`](super::Globs). Empty: any.
    pub branch: Vec<String>,
    /// Parameters that must have one of these values.
    pub parameters: BTreeMap<String, Vec<serde_json::Value>>,
    /// How what it needs must have ended.
    pub result: WhenResult,
}

/// How what a stage needs must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum WhenResult {
    /// Everything succeeded (or was skipped by its condition).
    #[default]
    Success,
    /// Something failed.
    Failure,
    /// However it ended, cancelled builds excepted.
    Always,
}
