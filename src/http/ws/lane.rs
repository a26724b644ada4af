//! The short way of one operation's responses to its client.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{ending::Ending, frame, outbox::Outbox};
use crate::{
    graphql::{Payload, Tap},
    http::metrics,
};

/// Sends responses of an operation under the client's own id, straight to its socket.
pub(super) struct Lane {
    outbox: Arc<Outbox>,
    start: Box<[u8]>,
    is_closed: AtomicBool,
    sent: ::metrics::Counter,
}

impl Lane {
    pub(super) fn new(id: &str, outbox: Arc<Outbox>) -> Result<Self, Ending> {
        let start = frame::next_start(id)?;
        Ok(Self { outbox, start, is_closed: AtomicBool::new(false), sent: metrics::answers("websocket", "ok") })
    }

    /// Puts a response into the outbox, however much waits there.
    pub(super) fn push(&self, json: &[u8]) {
        frame::with_next(&self.start, json, |parts| self.outbox.push(parts));
    }

    /// Nothing goes through it any more once this has returned.
    pub(super) fn close(&self) {
        self.outbox.exclusively(|| self.is_closed.store(true, Ordering::Relaxed));
    }
}

impl Tap for Lane {
    fn offer(&self, payload: &Payload) -> bool {
        let is_open = || !self.is_closed.load(Ordering::Relaxed);
        let taken = frame::with_next(&self.start, payload.as_bytes(), |parts| self.outbox.offer(parts, is_open));
        if taken {
            self.sent.increment(1);
        }
        taken
    }
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}
