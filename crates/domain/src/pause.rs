//! For how long a stage has waited for people.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// For how long a stage has waited for people, all of its pauses together: that is no time at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Paused {
    /// So many milliseconds; it does not wait now.
    Millis(u64),
    /// All the time from then on, until it ends. Pauses before this one are as if they were part of it.
    Since(Timestamp),
}

impl Paused {
    /// It, where what it waits for came at this time.
    #[must_use]
    pub fn ended(self, at: Timestamp) -> Self {
        match self {
            Self::Since(since) => Self::Millis(u64::try_from((at - since).num_milliseconds()).unwrap_or(0)),
            Self::Millis(_) => self,
        }
    }

    /// For how long it has waited by `end`, of the time from `start` on: never less than nothing, and never more than there was.
    pub(crate) fn within(self, start: Timestamp, end: Timestamp) -> TimeDelta {
        let lasted = (end - start).max(TimeDelta::zero());
        let waited = match self {
            Self::Millis(millis) => i64::try_from(millis).ok().and_then(TimeDelta::try_milliseconds).unwrap_or(lasted),
            Self::Since(since) => end - since,
        };
        waited.clamp(TimeDelta::zero(), lasted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pause_is_longer_than_its_stage_or_shorter_than_nothing() {
        let at = |millis: i64| Timestamp::from_timestamp_millis(1_000_000 + millis).unwrap();
        let within = |paused: Paused| paused.within(at(0), at(100)).num_milliseconds();
        assert_eq!([Paused::Millis(30), Paused::Since(at(60))].map(within), [30, 40]);
        assert_eq!([Paused::Millis(u64::MAX), Paused::Millis(101), Paused::Since(at(-5))].map(within), [100; 3]);
        assert_eq!([Paused::Millis(0), Paused::Since(at(200))].map(within), [0, 0]);
        assert_eq!(
            [at(90), at(10)].map(|end| Paused::Since(at(60)).ended(end)),
            [Paused::Millis(30), Paused::Millis(0)]
        );
        assert_eq!(Paused::Millis(5).within(at(100), at(0)), TimeDelta::zero());
    }
}
