//! Pauses between tries.

use std::time::Duration;

use rand::Rng;

/// Exponential back-off with full jitter: each pause is drawn from zero to a bound that doubles.
#[derive(Debug)]
pub(in crate::app) struct Backoff {
    first: Duration,
    longest: Duration,
    tries: u32,
}

impl Backoff {
    pub(in crate::app) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, tries: 0 }
    }

    /// The next pause; at least what the engine asked for.
    pub(in crate::app) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let bound = self.first.saturating_mul(1 << self.tries.min(16)).min(self.longest);
        self.tries = self.tries.saturating_add(1);
        let drawn = bound.mul_f64(rand::rng().random_range(0.1..=1.0));
        drawn.max(asked.unwrap_or_default().min(Duration::from_secs(300)))
    }

    /// It worked: begin anew.
    pub(in crate::app) const fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_heed_the_engine() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        for _ in 0..200 {
            assert!(backoff.next(None) <= Duration::from_secs(2));
        }
        assert!(backoff.next(Some(Duration::from_secs(9))) >= Duration::from_secs(9));
        backoff.reset();
        assert!(backoff.next(None) <= Duration::from_millis(100));
    }
}
