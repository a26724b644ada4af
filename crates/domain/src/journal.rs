//! The journal: what changed, in what order.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Approval, Build, BuildId, DeploymentId, EnvironmentId, ProjectId, ServiceId, Stage, StageId, Timestamp};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub u64);

            impl $name {
                /// Before the first.
                pub const ZERO: Self = Self(0);

                /// The one after this.
                #[must_use]
                pub const fn next(self) -> Self {
                    Self(self.0 + 1)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }
        )*
    };
}

counters! {
    /// Number of a journal entry of one build; the first is 1 and each next one is greater by exactly one.
    EventSeq;
    /// Number of a log line of one build; counts as [`EventSeq`] does, by itself.
    LineNo;
    /// Number of a coarse event of one project; counts as [`EventSeq`] does.
    ProjectSeq;
    /// Number of the last change of what one person has connected; it grows with each.
    ViewerSeq;
}

/// How far a build's journal and log reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BuildHeads {
    /// Last journal entry.
    pub event: EventSeq,
    /// Last log line.
    pub line: LineNo,
    /// Whether nothing more will be added to either.
    pub is_complete: bool,
}

/// The after-images of everything that one journal entry changed. Never empty in the journal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Change {
    /// The build, if it changed.
    pub build: Option<Build>,
    /// Stages that are new or changed.
    pub stages: Vec<Stage>,
    /// Planned stages that will not be.
    pub removed: Vec<StageId>,
    /// Whether nodes or edges of the graph changed, so that it must be laid out again.
    pub structure_changed: bool,
    /// Approvals that are new or changed.
    pub approvals: Vec<Approval>,
}

impl Change {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.build.is_none() && self.stages.is_empty() && self.removed.is_empty() && self.approvals.is_empty()
    }
}

/// One entry of a build's journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Whose journal.
    pub build: BuildId,
    /// Its number.
    pub seq: EventSeq,
    /// When it was committed. Order is by `seq`, never by this.
    pub at: Timestamp,
    /// What changed.
    pub change: Change,
}

/// What happened in a project. Names what changed; readers look at its newest state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProjectEventKind {
    /// The project itself changed.
    ProjectChanged,
    /// A build began its life.
    BuildAdded(BuildId),
    /// A build moved on in a way that a list of builds shows.
    BuildChanged(BuildId),
    /// A build was removed, because it had been kept long enough.
    BuildRemoved(BuildId),
    /// A build service was made or changed.
    ServiceChanged(ServiceId),
    /// A build service was removed.
    ServiceRemoved(ServiceId),
    /// An environment was added or changed.
    EnvironmentChanged(EnvironmentId),
    /// An environment was removed.
    EnvironmentRemoved(EnvironmentId),
    /// A deployment was asked for, or moved on.
    DeploymentChanged(DeploymentId),
}

/// A coarse event of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectEvent {
    /// The project.
    pub project: ProjectId,
    /// Its number.
    pub seq: ProjectSeq,
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub kind: ProjectEventKind,
}
