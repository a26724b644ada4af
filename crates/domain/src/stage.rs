//! Parts of a build: a directed graph by `depends_on`, a tree by `parent`.

use std::{fmt, sync::Arc};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{BuildId, EventSeq, Paused, RunStatus, StageId, StatusReason, Timestamp};

/// Name of a stage within its definition; the same in every build of it. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct StageKey(Arc<str>);

impl StageKey {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StageKey {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for StageKey {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<StageKey> for String {
    fn from(key: StageKey) -> Self {
        key.0.as_ref().to_owned()
    }
}

impl fmt::Display for StageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Kinds of stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StageKind {
    /// Work.
    Work,
    /// A frame around stages that run one after another.
    Sequence,
    /// A frame around stages that run side by side.
    Parallel,
    /// A frame around variants of one stage.
    Matrix,
    /// A decision by a person.
    Approval,
    /// Runs at the end whatever happened before.
    Finally,
}

impl StageKind {
    /// Whether it only frames other stages: it does no work of its own.
    #[must_use]
    pub const fn is_frame(self) -> bool {
        matches!(self, Self::Sequence | Self::Parallel | Self::Matrix)
    }
}

/// One try at a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageAttempt {
    /// Counts from 1.
    pub number: u32,
    /// How it went.
    pub status: RunStatus,
    /// Why.
    pub reason: Option<StatusReason>,
    /// When work began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// Part of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Names it globally; see [`StageId::of`].
    pub id: StageId,
    /// The build.
    pub build: BuildId,
    /// Sequence number of the journal entry that last touched it.
    pub revision: EventSeq,
    /// Name within the definition.
    pub key: StageKey,
    /// Name for display.
    pub name: String,
    /// What kind of node it is.
    pub kind: StageKind,
    /// State.
    pub status: RunStatus,
    /// Why it is in this state.
    pub reason: Option<StatusReason>,
    /// The stage that it is drawn inside.
    pub parent: Option<StageKey>,
    /// Stages that must end first; at most 200.
    pub depends_on: Vec<StageKey>,
    /// Position among all stages, for reading order.
    pub position: u32,
    /// When it became ready to run.
    pub queued_at: Option<Timestamp>,
    /// When work began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// For how long it has waited for people since work began; `None` where its engine does not say.
    #[serde(default)]
    pub paused: Option<Paused>,
    /// Every try, oldest first; at most 50.
    pub attempts: Vec<StageAttempt>,
    /// Name of the target that it deploys to.
    pub environment: Option<String>,
    /// The part of the engine's own cluster that it deploys to, where the engine tells that.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Where its version can be visited once it is there.
    #[serde(default)]
    pub url: Option<String>,
    /// The machine or pod that ran it.
    pub agent: Option<String>,
}

impl Stage {
    /// How long it took, or has taken by `now`; `None` if work never began.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> Option<TimeDelta> {
        let started = self.started_at?;
        Some((self.finished_at.unwrap_or(now) - started).max(TimeDelta::zero()))
    }

    /// For how much of that it waited for people; `None` where its engine does not say.
    #[must_use]
    pub fn paused_for(&self, now: Timestamp) -> Option<TimeDelta> {
        Some(self.paused?.within(self.started_at?, self.finished_at.unwrap_or(now)))
    }
}
