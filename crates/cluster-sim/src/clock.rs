//! The cluster's clock, which tests may set wrong, and how much faster it waits than a real one.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// The time over there.
#[derive(Debug)]
pub(crate) struct Clock {
    skew_ms: AtomicI64,
    factor: f64,
}

impl Clock {
    pub(crate) fn new(factor: f64) -> Self {
        Self { skew_ms: AtomicI64::new(0), factor }
    }

    pub(crate) fn skew(&self, by: TimeDelta) {
        self.skew_ms.store(by.num_milliseconds(), Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::<Utc>::from(SystemTime::now()) + TimeDelta::milliseconds(self.skew_ms.load(Ordering::Relaxed))
    }

    /// As objects carry it: whole seconds.
    pub(crate) fn stamp(&self) -> String {
        self.now().to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// What a real cluster's wait is here.
    pub(crate) fn wait(&self, real: Duration) -> Duration {
        real.mul_f64(self.factor)
    }
}
