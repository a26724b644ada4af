//! Verdicts on tokens, remembered for a few seconds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alm_domain::{Clock, Principal, Timestamp};
use chrono::TimeDelta;

use crate::http::AuthError;

/// For so long a verdict counts.
const FRESH: TimeDelta = TimeDelta::seconds(3);
/// For so long a good one counts where no new one can be had.
const STALE: TimeDelta = TimeDelta::minutes(1);
/// No more verdicts are kept.
const MOST: usize = 10_000;

type Verdict = Result<Principal, AuthError>;

/// Verdicts by the SHA-256 of tokens, so that no token is kept.
#[derive(Debug)]
pub(super) struct Remembered {
    clock: Arc<dyn Clock>,
    verdicts: Mutex<HashMap<[u8; 32], (Timestamp, Verdict)>>,
}

impl Remembered {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, verdicts: Mutex::default() }
    }

    /// The verdict of a moment ago.
    pub(super) fn fresh(&self, hash: &[u8; 32]) -> Option<Verdict> {
        let now = self.clock.now();
        let verdicts = self.verdicts();
        let (at, verdict) = verdicts.get(hash)?;
        within(*at, now, FRESH).then(|| verdict.clone())
    }

    /// Remembers a verdict. Where there is none because nobody could be asked, the one before counts for a while.
    pub(super) fn note(&self, hash: [u8; 32], verdict: Verdict) -> Verdict {
        let now = self.clock.now();
        let mut verdicts = self.verdicts();
        if verdict == Err(AuthError::Unavailable) {
            let before = verdicts.get(&hash).filter(|(at, before)| before.is_ok() && within(*at, now, STALE));
            return before.map_or(verdict, |(_, before)| before.clone());
        }
        if verdicts.len() >= MOST {
            verdicts.retain(|_, (at, verdict)| within(*at, now, if verdict.is_ok() { STALE } else { FRESH }));
            if verdicts.len() >= MOST {
                verdicts.clear();
            }
        }
        verdicts.insert(hash, (now, verdict.clone()));
        verdict
    }

    fn verdicts(&self) -> MutexGuard<'_, HashMap<[u8; 32], (Timestamp, Verdict)>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn within(at: Timestamp, now: Timestamp, span: TimeDelta) -> bool {
    at <= now && now - at < span
}

#[cfg(test)]
mod tests {
    use alm_domain::{ManualClock, SystemClock};

    use super::*;

    #[test]
    fn a_verdict_counts_for_seconds_and_an_outage_does_not_undo_it_at_once() {
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let remembered = Remembered::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let (hash, good) = ([7; 32], Ok(Principal::single_user()));
        assert_eq!(remembered.fresh(&hash), None);
        remembered.note(hash, good.clone()).unwrap();
        assert_eq!(remembered.fresh(&hash), Some(good.clone()));
        clock.advance(FRESH);
        assert_eq!(remembered.fresh(&hash), None);
        assert_eq!(remembered.note(hash, Err(AuthError::Unavailable)), good);
        clock.advance(STALE);
        assert_eq!(remembered.note(hash, Err(AuthError::Unavailable)), Err(AuthError::Unavailable));
        assert_eq!(remembered.note(hash, Err(AuthError::Invalid)), Err(AuthError::Invalid));
        assert_eq!(remembered.note(hash, Err(AuthError::Unavailable)), Err(AuthError::Unavailable));
    }

    #[test]
    fn no_more_verdicts_are_kept_than_fit() {
        let remembered = Remembered::new(Arc::new(SystemClock));
        for n in 0..=MOST as u64 {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            let _ = remembered.note(hash, Err(AuthError::Invalid));
        }
        assert!(remembered.verdicts().len() <= MOST);
    }
}
