//! The stream of what a person has connected.

use std::sync::Arc;

use alm_domain::{Grant, Principal, Timestamp, UserId, ViewerSeq};
use async_stream::try_stream;
use futures::Stream;

use super::{Hub, StreamEnd, Woken, wait};
use crate::app::AppError;

const PAGE: u64 = 200;

/// One event of a person's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewerUpdate {
    /// Everything as it stands: the first event, or a new beginning where resuming was not possible.
    Snapshot {
        /// Resume point.
        seq: ViewerSeq,
        /// Whether what the client had is to be dropped.
        reset: bool,
    },
    /// A connection changed; several changes of one come as one, in its newest state.
    Connection {
        /// Resume point.
        seq: ViewerSeq,
        /// As it stands.
        grant: Box<Grant>,
    },
    /// Nothing happened; the stream lives.
    Heartbeat {
        /// Resume point.
        seq: ViewerSeq,
    },
    /// The last event.
    Ended {
        /// Resume point.
        seq: ViewerSeq,
        /// Why.
        reason: StreamEnd,
    },
}

impl Hub {
    /// What a person has connected: a snapshot first (or, behind `after`, nothing until something is newer), then what changes,
    /// in order, for ever.
    pub(in crate::app) fn viewer_updates(
        &self,
        principal: Principal,
        user: UserId,
        after: Option<ViewerSeq>,
    ) -> impl Stream<Item = Result<(Timestamp, ViewerUpdate), AppError>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        let channel = self.shared.viewers.listen(user);
        try_stream! {
            let mut rung = channel.subscribe();
            let now = || shared.clock.now();
            let store = &shared.store;
            let head = store.viewer_head(&principal).await?;
            let mut seq = match after.filter(|after| *after <= head) {
                Some(after) => after,
                None => {
                    yield (now(), ViewerUpdate::Snapshot { seq: head, reset: after.is_some() });
                    head
                }
            };
            loop {
                loop {
                    let changed = store.viewer_changes(&principal, seq, PAGE).await?;
                    let full = changed.len() as u64 == PAGE;
                    for grant in changed {
                        seq = ViewerSeq(grant.revision);
                        yield (now(), ViewerUpdate::Connection { seq, grant: Box::new(grant) });
                    }
                    if !full {
                        break;
                    }
                }
                loop {
                    match wait(&mut rung, shared.heartbeat, &shared.stop).await {
                        Woken::Silence => yield (now(), ViewerUpdate::Heartbeat { seq }),
                        Woken::Stopping => {
                            yield (now(), ViewerUpdate::Ended { seq, reason: StreamEnd::Shutdown });
                            return;
                        }
                        Woken::Rung => break,
                    }
                }
            }
        }
    }
}
