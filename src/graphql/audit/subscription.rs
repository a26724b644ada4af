//! The audit trail, live.

use alm_domain::{AuditSeq, Cursor, CursorKind, ProjectId};
use async_graphql::{
    Context, ID, Result, SimpleObject, Subscription, Union,
    connection::{Edge, EmptyFields},
};
use futures::{Stream, StreamExt};
use uuid::Uuid;

use super::AuditEventNode;
use crate::{
    app::AuditUpdate,
    graphql::{
        context::ContextExt,
        error::{bad_cursor, fault},
        ids,
        scalars::Instant,
        stream::{Heartbeat, StreamEnded},
    },
};

/// Events of the audit trail.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on its way out")]
pub(crate) enum AuditStreamEvent {
    AuditEventRecorded(AuditEventRecorded),
    Heartbeat(Heartbeat),
    StreamEnded(StreamEnded),
}

/// An audit event was recorded.
#[derive(SimpleObject)]
pub(crate) struct AuditEventRecorded {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// Ready to insert.
    edge: Edge<String, AuditEventNode, EmptyFields>,
}

#[derive(Default)]
pub(crate) struct AuditSubscription;

#[Subscription]
impl AuditSubscription {
    /// Audit events as they are recorded, each exactly once along the cursors; without `after`, those from now on. For the owners
    /// of the project, and for administrators.
    async fn audit_event_added(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this project; all of them, and the instance, for administrators when absent.")]
        project_id: Option<ID>,
        #[graphql(desc = "Resume after this event.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<AuditStreamEvent>> + use<>> {
        let project: Option<ProjectId> = project_id.map(|id| ids::argument(&id, "projectId")).transpose()?;
        let owner = project.map_or(Uuid::nil(), ProjectId::as_uuid);
        let after = after
            .map(|text| Cursor::number_in(&text, CursorKind::Audit, owner).map(AuditSeq))
            .transpose()
            .map_err(|error| bad_cursor("after", error))?;
        let updates = ctx.app()?.audit_updates(ctx.principal()?.clone(), project, after);
        Ok(updates.map(move |update| {
            let cursor = |seq: AuditSeq| Cursor::at(CursorKind::Audit, owner, seq.0).encode();
            let (at, update) = update.map_err(|error| fault(&error))?;
            let at = Instant(at);
            Ok(match update {
                AuditUpdate::Recorded(event) => AuditStreamEvent::AuditEventRecorded(AuditEventRecorded {
                    cursor: cursor(event.seq),
                    at,
                    edge: AuditEventNode(*event).into_edge(owner),
                }),
                AuditUpdate::Heartbeat { seq } => AuditStreamEvent::Heartbeat(Heartbeat { cursor: cursor(seq), at }),
                AuditUpdate::Ended { seq, reason } => {
                    AuditStreamEvent::StreamEnded(StreamEnded { cursor: cursor(seq), at, reason: reason.into() })
                }
            })
        }))
    }
}
