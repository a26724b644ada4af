//! What live streams have in common.

use async_graphql::{Enum, Interface, SimpleObject};

use super::{
    audit::AuditEventRecorded,
    build::{BuildChanged, BuildSnapshot, StagesChanged},
    log::{LogBatch, LogGap},
    project::{
        BuildAdded, BuildServiceChanged, DeploymentChanged, EntityRemoved, EnvironmentChanged, ProjectChanged,
        ProjectSnapshot,
    },
    provider::{ProviderChanged, ProviderSnapshot},
    scalars::Instant,
    viewer::{ConnectionChanged, ViewerSnapshot},
};
use crate::app;

/// What every event has.
#[derive(Interface)]
#[graphql(
    field(name = "cursor", ty = "&String", desc = "Pass as `after` to resume behind this event."),
    field(name = "at", ty = "&Instant", desc = "When it was sent, by the clock of the server.")
)]
pub(crate) enum StreamEvent {
    BuildSnapshot(BuildSnapshot),
    BuildChanged(BuildChanged),
    StagesChanged(StagesChanged),
    LogBatch(LogBatch),
    LogGap(LogGap),
    ProjectSnapshot(ProjectSnapshot),
    ProjectChanged(ProjectChanged),
    BuildAdded(BuildAdded),
    BuildServiceChanged(BuildServiceChanged),
    EnvironmentChanged(EnvironmentChanged),
    DeploymentChanged(DeploymentChanged),
    EntityRemoved(EntityRemoved),
    AuditEventRecorded(AuditEventRecorded),
    ViewerSnapshot(ViewerSnapshot),
    ConnectionChanged(ConnectionChanged),
    ProviderSnapshot(ProviderSnapshot),
    ProviderChanged(ProviderChanged),
    Heartbeat(Heartbeat),
    StreamEnded(StreamEnded),
}

/// Nothing happened; the stream lives.
#[derive(SimpleObject)]
pub(crate) struct Heartbeat {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent; also corrects the client's clock.
    pub(crate) at: Instant,
}

/// The last event of a stream.
#[derive(SimpleObject)]
pub(crate) struct StreamEnded {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// Why.
    pub(crate) reason: StreamEndReason,
}

/// Reasons for the end of a stream.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::StreamEnd")]
pub(crate) enum StreamEndReason {
    /// Nothing more can happen.
    Complete,
    /// The server is going down; resume in a moment.
    Shutdown,
}
