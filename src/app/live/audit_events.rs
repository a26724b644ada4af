//! The stream of the audit trail.

use std::sync::Arc;

use alm_domain::{AuditEvent, AuditSeq, Principal, ProjectId, Timestamp};
use async_stream::try_stream;
use futures::Stream;

use super::{Hub, StreamEnd, Woken, wait};
use crate::app::AppError;

const PAGE: usize = 200;

/// One event of the stream of the audit trail.
#[derive(Debug, Clone, PartialEq)]
pub enum AuditUpdate {
    /// Somebody did something, or was refused.
    Recorded(Box<AuditEvent>),
    /// Nothing happened; the stream lives.
    Heartbeat {
        /// Resume point.
        seq: AuditSeq,
    },
    /// The last event.
    Ended {
        /// Resume point.
        seq: AuditSeq,
        /// Why.
        reason: StreamEnd,
    },
}

impl Hub {
    /// Tells everybody who listens that somebody may have done something. Called after the commit.
    pub(in crate::app) fn ring_audit(&self) {
        self.shared.audit.ring();
    }

    /// The records of a project, or of the instance, behind `after` (or from now on), each once, in order, for ever. The right to
    /// read them is asked for with every page.
    pub(in crate::app) fn audit_updates(
        &self,
        principal: Principal,
        project: Option<ProjectId>,
        after: Option<AuditSeq>,
    ) -> impl Stream<Item = Result<(Timestamp, AuditUpdate), AppError>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        try_stream! {
            let mut rung = shared.audit.subscribe();
            let now = || shared.clock.now();
            let store = &shared.store;
            // A position that has not been reached would keep silent about all that comes before it.
            let head = store.audit_head().await?;
            let mut seq = after.map_or(head, |after| after.min(head));
            loop {
                loop {
                    let events = store.audit_after(&principal, project, seq, PAGE).await?;
                    let full = events.len() == PAGE;
                    for event in events {
                        seq = event.seq;
                        yield (now(), AuditUpdate::Recorded(Box::new(event)));
                    }
                    if !full {
                        break;
                    }
                }
                // What the service does by itself rings nobody: the next sign of life comes after a look.
                match wait(&mut rung, shared.heartbeat, &shared.stop).await {
                    Woken::Rung => {}
                    Woken::Silence => yield (now(), AuditUpdate::Heartbeat { seq }),
                    Woken::Stopping => {
                        yield (now(), AuditUpdate::Ended { seq, reason: StreamEnd::Shutdown });
                        return;
                    }
                }
            }
        }
    }
}
