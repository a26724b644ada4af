//! Time for tests.

use std::sync::atomic::{AtomicI64, Ordering};

use alm_domain::{Clock, Timestamp};

/// A clock that begins at 2026-01-01 and ticks by one millisecond whenever it is looked at.
#[derive(Debug)]
pub(crate) struct Ticks(AtomicI64);

impl Default for Ticks {
    fn default() -> Self {
        Self(AtomicI64::new(1_767_225_600_000))
    }
}

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp_millis(self.0.fetch_add(1, Ordering::Relaxed)).unwrap_or_default()
    }
}
