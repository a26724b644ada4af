//! The bearer tokens of those who are here.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alm_domain::{Clock, Timestamp, UserId};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::broadcast;

/// Of no more people tokens are kept.
const MOST_PEOPLE: usize = 10_000;
/// A token that does not say when it ends is kept for so long after it was last seen.
const UNSEEN: TimeDelta = TimeDelta::hours(1);
/// Who listens may fall so far behind before something is lost to him.
const HEARD: usize = 256;

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BearerOrigin {
    /// The issuer of `sign_in.issuer`.
    Issuer,
    /// The cluster of `sign_in.cluster`.
    Cluster,
}

/// A bearer token with which somebody has signed in, checked a moment ago.
#[derive(Clone)]
pub struct Bearer {
    /// The token.
    pub token: SecretString,
    /// When it was issued, where it says so.
    pub issued_at: Option<Timestamp>,
    /// When it ends, where it says so.
    pub expires_at: Option<Timestamp>,
    /// Where it came from.
    pub origin: BearerOrigin,
    /// Who made it: the issuer as it calls itself, or the address of the cluster.
    pub issuer: String,
    /// For whom it was made, where it says so.
    pub audiences: Vec<String>,
}

/// The newest bearer token of each person who has signed in: for environments that are used with the caller's own token. In
/// memory only, forgotten when it ends; never a personal access token.
#[derive(Debug)]
pub struct Presence {
    clock: Arc<dyn Clock>,
    held: Mutex<HashMap<UserId, Held>>,
    heard: broadcast::Sender<UserId>,
}

#[derive(Debug)]
struct Held {
    bearer: Bearer,
    seen_at: Timestamp,
}

impl Held {
    fn lasts(&self, now: Timestamp) -> bool {
        self.bearer.expires_at.unwrap_or(self.seen_at + UNSEEN) > now
    }
}

impl Presence {
    /// Nobody is here.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, held: Mutex::default(), heard: broadcast::Sender::new(HEARD) }
    }

    /// Somebody has come with this token. Whoever [listens](Self::arrivals) is told if it is another one than before. One that
    /// ends earlier than the one that is held takes its place only when that has ended.
    pub fn note(&self, user: UserId, bearer: Bearer) {
        let now = self.clock.now();
        let arrived = Held { bearer, seen_at: now };
        if !arrived.lasts(now) {
            return;
        }
        {
            let mut held = self.held();
            if let Some(known) = held.get_mut(&user).filter(|known| known.lasts(now)) {
                if known.bearer.token.expose_secret() == arrived.bearer.token.expose_secret() {
                    known.seen_at = now;
                    return;
                }
                if known.bearer.expires_at > arrived.bearer.expires_at && arrived.bearer.expires_at.is_some() {
                    return;
                }
            }
            if held.len() >= MOST_PEOPLE && !held.contains_key(&user) {
                held.retain(|_, known| known.lasts(now));
                let oldest = held.iter().min_by_key(|(_, known)| known.seen_at).map(|(user, _)| *user);
                if let Some(oldest) = oldest.filter(|_| held.len() >= MOST_PEOPLE) {
                    held.remove(&oldest);
                }
            }
            held.insert(user, arrived);
        }
        // Nobody may be listening.
        let _ = self.heard.send(user);
    }

    /// The newest valid token of a person.
    #[must_use]
    pub fn bearer(&self, user: UserId) -> Option<Bearer> {
        let now = self.clock.now();
        let mut held = self.held();
        if held.get(&user)?.lasts(now) {
            return held.get(&user).map(|held| held.bearer.clone());
        }
        held.remove(&user);
        None
    }

    /// Who comes with a new token from now on. Whoever falls behind looks at everybody he waits for.
    #[must_use]
    pub fn arrivals(&self) -> broadcast::Receiver<UserId> {
        self.heard.subscribe()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<UserId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer")
            .field("expires_at", &self.expires_at)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alm_domain::{ManualClock, SequentialIds, SystemClock};

    use super::*;

    fn bearer(token: &str, expires_at: Option<Timestamp>) -> Bearer {
        let (issuer, audiences) = ("https://issuer.example".to_owned(), vec!["alm".to_owned()]);
        Bearer { token: token.into(), issued_at: None, expires_at, origin: BearerOrigin::Issuer, issuer, audiences }
    }

    #[test]
    fn the_newest_valid_token_is_held_until_it_ends() {
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let presence = Presence::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let (user, minute) = (UserId::generate(&SequentialIds::new(1)), TimeDelta::minutes(1));
        let held = || presence.bearer(user).map(|held| held.token.expose_secret().to_owned());
        let mut heard = presence.arrivals();
        presence.note(user, bearer("old", Some(clock.now() - minute)));
        assert_eq!(held(), None);
        presence.note(user, bearer("long", Some(clock.now() + minute * 5)));
        presence.note(user, bearer("short", Some(clock.now() + minute)));
        presence.note(user, bearer("long", Some(clock.now() + minute * 5)));
        assert_eq!(held().as_deref(), Some("long"));
        clock.advance(minute * 5);
        assert_eq!(held(), None);
        presence.note(user, bearer("opaque", None));
        clock.advance(minute * 59);
        assert_eq!(held().as_deref(), Some("opaque"));
        clock.advance(minute);
        assert_eq!(held(), None);
        assert_eq!(
            (heard.try_recv().ok(), heard.try_recv().ok(), heard.try_recv().ok()),
            (Some(user), Some(user), None)
        );
        assert!(!format!("{:?}", bearer("secret", None)).contains("secret"));
    }

    #[test]
    fn no_more_people_are_held_than_fit() {
        let presence = Presence::new(Arc::new(SystemClock));
        let ids = SequentialIds::new(3);
        for _ in 0..MOST_PEOPLE + 50 {
            presence.note(UserId::generate(&ids), bearer("x", None));
        }
        assert_eq!(presence.held().len(), MOST_PEOPLE);
    }
}
