//! The stream of a build's changes.

use std::{sync::Arc, time::Duration};

use alm_domain::{BuildId, BuildState, Change, EventSeq, Principal, Timestamp};
use async_stream::try_stream;
use futures::Stream;
use tokio::time::Instant;

use super::{Hub, StreamEnd, Woken, wait};
use crate::app::AppError;

/// Shortest time between two events of one busy stream; what happens in between is told as one. An idle one tells at once.
const GATHER: Duration = Duration::from_millis(50);
const PAGE: usize = 500;

/// One event of a build's stream. `seq` is where to resume behind it.
#[derive(Debug, Clone)]
pub enum BuildUpdate {
    /// The build as it stands: the first event, or a new beginning where resuming was not possible.
    Snapshot {
        /// Resume point.
        seq: EventSeq,
        /// Whether what the client had is to be dropped.
        reset: bool,
        /// The build.
        state: Box<BuildState>,
    },
    /// What has changed since the event before; several journal entries as one.
    Changed {
        /// Resume point.
        seq: EventSeq,
        /// After-images; `build` is always there.
        change: Box<Change>,
    },
    /// Nothing happened; the stream lives.
    Heartbeat {
        /// Resume point.
        seq: EventSeq,
    },
    /// The last event of a stream that was to go so far; it may have begun behind that.
    Reached {
        /// Resume point.
        seq: EventSeq,
    },
    /// The last event.
    Ended {
        /// Resume point.
        seq: EventSeq,
        /// Why.
        reason: StreamEnd,
    },
}

impl BuildUpdate {
    /// Where to resume behind it.
    #[must_use]
    pub const fn position(&self) -> EventSeq {
        match self {
            Self::Snapshot { seq, .. }
            | Self::Changed { seq, .. }
            | Self::Heartbeat { seq }
            | Self::Reached { seq }
            | Self::Ended { seq, .. } => *seq,
        }
    }
}

impl Hub {
    /// A build's changes: a snapshot first (or, behind `after`, nothing until something is newer), then the newest state,
    /// coalesced, in order, never going back, until the build is complete or `until` is reached.
    pub(in crate::app) fn build_updates(
        &self,
        principal: Principal,
        build: BuildId,
        after: Option<EventSeq>,
        until: Option<EventSeq>,
    ) -> impl Stream<Item = Result<(Timestamp, BuildUpdate), AppError>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        let channel = self.shared.builds.listen(build);
        try_stream! {
            let mut rung = channel.heads.subscribe();
            let now = || shared.clock.now();
            let store = &shared.store;
            let missing = || AppError::not_found("buildId", "build");
            let mut heads = store.heads(&principal, build).await?.ok_or_else(missing)?;
            let mut seq = match after {
                // A cursor from the future is one of a database that has since been restored.
                Some(after) if after <= heads.event => after,
                _ => {
                    let (state, read) = store.build_state(&principal, build).await?.ok_or_else(missing)?;
                    heads = read;
                    let snapshot = BuildUpdate::Snapshot { seq: heads.event, reset: after.is_some(), state: Box::new(state) };
                    yield (now(), snapshot);
                    heads.event
                }
            };
            let mut last_told: Option<Instant> = None;
            loop {
                let mut gathered: Option<Change> = None;
                loop {
                    let mut entries = store.journal(&principal, build, seq, PAGE).await?;
                    let full = entries.len() == PAGE;
                    entries.retain(|entry| until.is_none_or(|until| entry.seq <= until));
                    for entry in entries {
                        seq = entry.seq;
                        merge(gathered.get_or_insert_default(), entry.change);
                    }
                    if !full || until.is_some_and(|until| seq >= until) {
                        break;
                    }
                }
                if let Some(mut change) = gathered {
                    if change.build.is_none() {
                        // Not as it is by now: that would be ahead of its stages, and its end would come before theirs.
                        change.build = store.build_at(&principal, build, seq).await?;
                    }
                    let over = change.build.as_ref().is_some_and(|b| b.is_complete);
                    last_told = Some(Instant::now());
                    yield (now(), BuildUpdate::Changed { seq, change: Box::new(change) });
                    heads.is_complete |= over;
                }
                if until.is_some_and(|until| seq >= until) {
                    yield (now(), BuildUpdate::Reached { seq });
                    return;
                }
                if heads.is_complete && seq >= heads.event {
                    yield (now(), BuildUpdate::Ended { seq, reason: StreamEnd::Complete });
                    return;
                }
                loop {
                    match wait(&mut rung, shared.heartbeat, &shared.stop).await {
                        Woken::Silence => yield (now(), BuildUpdate::Heartbeat { seq }),
                        Woken::Stopping => {
                            yield (now(), BuildUpdate::Ended { seq, reason: StreamEnd::Shutdown });
                            return;
                        }
                        Woken::Rung => {
                            let seen = *rung.borrow_and_update();
                            if seen.event > seq || seen.is_complete {
                                heads = seen;
                                break;
                            }
                        }
                    }
                }
                if let Some(last) = last_told {
                    tokio::time::sleep_until(last + GATHER).await;
                }
            }
        }
    }
}

/// Lays a later change over an earlier one.
fn merge(earlier: &mut Change, later: Change) {
    if later.build.is_some() {
        earlier.build = later.build;
    }
    for stage in later.stages {
        match earlier.stages.iter_mut().find(|known| known.id == stage.id) {
            Some(known) => *known = stage,
            None => earlier.stages.push(stage),
        }
    }
    earlier.stages.retain(|stage| !later.removed.contains(&stage.id));
    earlier.removed.extend(later.removed);
    earlier.structure_changed |= later.structure_changed;
    for approval in later.approvals {
        match earlier.approvals.iter_mut().find(|known| known.id == approval.id) {
            Some(known) => *known = approval,
            None => earlier.approvals.push(approval),
        }
    }
}
