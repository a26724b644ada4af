//! The events of the two streams that a build is followed by.

use serde::Deserialize;

use super::{BuildView, LineView, StageView};

/// Both streams, told apart by their operation ids on the socket.
pub(super) const BUILD_DOCUMENT: &str = "\
fragment CliStage on Stage { id revision name kind status statusReason position duration approval { id status message \
parameters { name kind required } } }
fragment CliBuild on Build { revision status statusReason duration }
subscription CliBuildUpdates($id: ID!, $after: String) {
  stream: buildUpdates(buildId: $id, after: $after) {
    __typename
    ... on BuildSnapshot { cursor build { ...CliBuild stages { ...CliStage } } }
    ... on BuildChanged { cursor build { ...CliBuild } }
    ... on StagesChanged { cursor build { ...CliBuild } stages { ...CliStage } }
    ... on Heartbeat { cursor }
    ... on StreamEnded { cursor reason }
  }
}";
pub(super) const LOG_DOCUMENT: &str = "\
subscription CliBuildLog($id: ID!, $after: String) {
  stream: buildLog(buildId: $id, after: $after) {
    __typename
    ... on LogBatch { cursor lines { seq stageId stream text continued } }
    ... on LogGap { cursor cause }
    ... on Heartbeat { cursor }
    ... on StreamEnded { cursor reason }
  }
}";

/// What a `next` message brings.
#[derive(Debug, Deserialize)]
pub(super) struct StreamData<T> {
    pub(super) stream: T,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "__typename")]
pub(super) enum BuildEvent {
    BuildSnapshot {
        cursor: String,
        build: BuildView,
    },
    BuildChanged {
        cursor: String,
        build: BuildView,
    },
    StagesChanged {
        cursor: String,
        build: BuildView,
        stages: Vec<StageView>,
    },
    Heartbeat {
        cursor: String,
    },
    StreamEnded {
        cursor: String,
        reason: EndReason,
    },
    /// Of a newer server.
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "__typename")]
pub(super) enum LogEvent {
    LogBatch {
        cursor: String,
        lines: Vec<LineView>,
    },
    LogGap {
        cursor: String,
        cause: String,
    },
    Heartbeat {
        cursor: String,
    },
    StreamEnded {
        cursor: String,
        reason: EndReason,
    },
    /// Of a newer server.
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum EndReason {
    Complete,
    Removed,
    Forbidden,
    Shutdown,
    /// Of a newer server.
    #[serde(other)]
    Unknown,
}
