//! Readers that read side by side, and what they have seen together.

use std::{cell::RefCell, rc::Rc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    Client, Histogram,
    client::{Scratch, scratch},
};
use crate::line::{now, stamps};

/// How long nothing may come before what is missing is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// What readers have seen together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Lines, each for each reader.
    pub(crate) lines: u64,
    /// Messages.
    pub(crate) messages: u64,
    /// Bytes of messages.
    pub(crate) bytes: u64,
    /// Lines that were left out.
    pub(crate) lost: u64,
    /// Lines that came again.
    pub(crate) doubled: u64,
    /// From the engine's write to the reader's read.
    pub(crate) latency: Histogram,
    goal: u64,
}

#[derive(Debug)]
struct Shared {
    tally: RefCell<Tally>,
    scratch: Scratch,
    reached: Notify,
}

/// Readers that read side by side on this thread, within a `LocalSet`. Dropping them closes their sockets.
#[derive(Debug)]
pub(crate) struct Readers {
    shared: Rc<Shared>,
    tasks: JoinSet<()>,
    may_read: watch::Sender<bool>,
}

impl Readers {
    pub(crate) fn new() -> Self {
        let shared = Shared { tally: RefCell::default(), scratch: scratch(), reached: Notify::new() };
        Self { shared: Rc::new(shared), tasks: JoinSet::new(), may_read: watch::Sender::new(true) }
    }

    /// Reads what comes, beginning behind the line of this number.
    pub(crate) fn add(&mut self, mut client: Client, after: u64) {
        let (shared, mut may_read) = (Rc::clone(&self.shared), self.may_read.subscribe());
        self.tasks.spawn_local(async move {
            let mut last = after;
            loop {
                if may_read.wait_for(|may| *may).await.is_err() {
                    return;
                }
                let each = |message: &[u8]| {
                    let now = now();
                    let mut tally = shared.tally.borrow_mut();
                    tally.messages += 1;
                    tally.bytes += message.len() as u64;
                    for stamp in stamps(message) {
                        if stamp.number <= last {
                            tally.doubled += 1;
                            continue;
                        }
                        tally.lost += stamp.number - last - 1;
                        last = stamp.number;
                        tally.lines += 1;
                        tally.latency.add(now.saturating_sub(stamp.at));
                    }
                    if tally.lines + tally.lost >= tally.goal {
                        shared.reached.notify_one();
                    }
                };
                // A socket that ends before its goal shows as lines that never came.
                if !client.next(&shared.scratch, each).await.unwrap_or(false) {
                    return;
                }
            }
        });
    }

    pub(crate) fn len(&self) -> u64 {
        self.tasks.len() as u64
    }

    /// Whether they read at all; those who do not are what a slow reader is to a server.
    pub(crate) fn pause(&self, pause: bool) {
        self.may_read.send_replace(!pause);
    }

    /// Begins to count anew.
    pub(crate) fn reset(&self) {
        *self.shared.tally.borrow_mut() = Tally::default();
    }

    /// Waits until so many lines have been seen (or are known to be lost) since the last [`reset`](Self::reset), or nothing comes any more.
    pub(crate) async fn until(&self, lines: u64) {
        self.shared.tally.borrow_mut().goal = lines;
        let mut seen = self.seen();
        while seen < lines {
            let reached = timeout(PATIENCE, self.shared.reached.notified()).await;
            let now = self.seen();
            if reached.is_err() && now == seen {
                return;
            }
            seen = now;
        }
    }

    fn seen(&self) -> u64 {
        let tally = self.shared.tally.borrow();
        tally.lines + tally.lost
    }

    /// What they have seen since the last [`reset`](Self::reset); begins to count anew.
    pub(crate) fn take(&self) -> Tally {
        self.shared.tally.take()
    }
}
