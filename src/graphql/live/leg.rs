//! One execution of a subscription, where it is only a part of what a subscriber sees.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_graphql::Context;

/// Where an execution begins and ends, whatever its arguments say, and how far it has come. It goes into the data of a request;
/// the resolvers of the streams obey it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leg {
    /// Begin behind this position rather than where the arguments say.
    pub(crate) begin: Option<u64>,
    /// End at this position.
    pub(crate) until: Option<u64>,
    progress: Arc<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    position: AtomicU64,
    together: AtomicU64,
    has_arrived: AtomicBool,
    has_ended: AtomicBool,
}

impl Leg {
    /// An execution from where its arguments say to this position.
    pub(super) fn as_asked(until: u64) -> Self {
        Self { until: Some(until), ..Self::default() }
    }

    /// An execution behind this position, to another one or to its end.
    pub(super) fn behind(begin: u64, until: Option<u64>) -> Self {
        let leg = Self { begin: Some(begin), until, ..Self::default() };
        leg.reached(begin);
        leg
    }

    /// Everything up to here is in the responses so far. One task writes and reads, so no order has to be kept.
    pub(crate) fn reached(&self, position: u64) {
        self.reached_among(position, position);
    }

    /// The same, of responses that only together bring what lies before the second position: until the last of them the first
    /// position stays where it was.
    pub(crate) fn reached_among(&self, position: u64, together: u64) {
        self.progress.position.store(position, Ordering::Relaxed);
        self.progress.together.store(together, Ordering::Relaxed);
    }

    /// It has come to where it was to end.
    pub(crate) fn arrived(&self) {
        self.progress.has_arrived.store(true, Ordering::Relaxed);
    }

    /// The stream has said its last word.
    pub(crate) fn ended(&self) {
        self.progress.has_ended.store(true, Ordering::Relaxed);
    }

    pub(super) fn position(&self) -> u64 {
        self.progress.position.load(Ordering::Relaxed)
    }

    /// Where the responses end that go together with the last one.
    pub(super) fn together(&self) -> u64 {
        self.progress.together.load(Ordering::Relaxed)
    }

    pub(super) fn has_arrived(&self) -> bool {
        self.progress.has_arrived.load(Ordering::Relaxed)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.has_ended.load(Ordering::Relaxed)
    }

    /// The leg that is executed in this context; a whole stream where nobody said anything else.
    pub(crate) fn of(ctx: &Context<'_>) -> Self {
        ctx.data_opt::<Self>().cloned().unwrap_or_default()
    }
}
