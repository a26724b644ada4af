//! What is remembered of people's own tokens, while the server runs.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use alm_domain::{GrantId, OAuthClientId, Timestamp};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Of no more connections something is remembered.
const MOST: usize = 10_000;

type Hash = [u8; 32];

/// A person's own token for one environment.
#[derive(Clone)]
pub(in crate::app) struct OwnToken {
    /// The token.
    pub(in crate::app) token: SecretString,
    /// When it was issued.
    pub(in crate::app) issued_at: Timestamp,
    /// When it ends, where it says so.
    pub(in crate::app) expires_at: Option<Timestamp>,
}

impl OwnToken {
    /// Whether it works until then.
    pub(super) fn lasts(&self, until: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > until)
    }

    /// Whether more than half of its life is over: another one would last longer.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= self.issued_at + (end - self.issued_at) / 2)
    }
}

impl fmt::Debug for OwnToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnToken")
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Which registration of a client a token was exchanged by: once that has changed, it counts no more.
pub(super) type Registration = (OAuthClientId, u64);

/// What is remembered, by connection: hashes of what was tried, and what was got in exchange. Never stored.
#[derive(Debug, Default)]
pub(in crate::app) struct OwnTokens(Mutex<HashMap<GrantId, Held>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tried {
    token: Hash,
    works: bool,
    at: Timestamp,
}

#[derive(Debug, Default)]
struct Held {
    noticed: Option<Hash>,
    tried: Option<Tried>,
    exchanged: Option<(Registration, OwnToken)>,
}

impl OwnTokens {
    /// Whether this is the first time that somebody with this bearer looks at the connection.
    pub(super) fn is_new(&self, id: GrantId, bearer: &SecretString) -> bool {
        let hash = hash(bearer);
        self.change(id, |held| held.noticed.replace(hash) != Some(hash))
    }

    /// What is allowed has changed: whoever looks next is the first again.
    pub(in crate::app) fn forget_who_looked(&self) {
        self.held().values_mut().for_each(|held| held.noticed = None);
    }

    /// Whether this token was tried within this time, with this outcome.
    pub(super) fn found(
        &self,
        id: GrantId,
        token: &SecretString,
        works: bool,
        now: Timestamp,
        within: TimeDelta,
    ) -> bool {
        let tried = self.held().get(&id).and_then(|held| held.tried);
        let is_same = |tried: &Tried| tried.token == hash(token) && tried.works == works;
        tried.filter(is_same).is_some_and(|tried| tried.at <= now && now - tried.at < within)
    }

    /// This token was tried, and works or does not.
    pub(super) fn tried(&self, id: GrantId, token: &SecretString, works: bool, now: Timestamp) {
        let tried = Tried { token: hash(token), works, at: now };
        self.change(id, |held| held.tried = Some(tried));
    }

    /// What was got in exchange, if it still works.
    pub(super) fn exchanged(&self, id: GrantId, by: Registration, now: Timestamp) -> Option<OwnToken> {
        let held = self.held();
        let (known, token) = held.get(&id)?.exchanged.as_ref()?;
        (*known == by && token.lasts(now)).then(|| token.clone())
    }

    /// This was got in exchange.
    pub(super) fn keep(&self, id: GrantId, by: Registration, token: OwnToken) {
        self.change(id, |held| held.exchanged = Some((by, token)));
    }

    /// Forgets all of a connection; gives what was got in exchange.
    pub(in crate::app) fn forget(&self, id: GrantId) -> Option<SecretString> {
        self.held().remove(&id)?.exchanged.map(|(_, token)| token.token)
    }

    fn change<T>(&self, id: GrantId, change: impl FnOnce(&mut Held) -> T) -> T {
        let mut held = self.held();
        if held.len() >= MOST
            && !held.contains_key(&id)
            && let Some(any) = held.keys().next().copied()
        {
            held.remove(&any);
        }
        change(held.entry(id).or_default())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<GrantId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(token: &SecretString) -> Hash {
    Sha256::digest(token.expose_secret().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use alm_domain::{Clock, EnvironmentId, SequentialIds, SystemClock, UserId};

    use super::*;

    #[test]
    fn what_was_exchanged_counts_until_it_ends_or_its_client_changes() {
        let (ids, now, minute) = (SequentialIds::new(5), SystemClock.now(), TimeDelta::minutes(1));
        let id = GrantId::of(EnvironmentId::generate(&ids), UserId::generate(&ids));
        let (client, memory) = (OAuthClientId::generate(&ids), OwnTokens::default());
        let token = OwnToken { token: "canary".into(), issued_at: now, expires_at: Some(now + minute) };
        assert!(!token.is_old(now + minute / 3) && token.is_old(now + minute / 2));
        memory.keep(id, (client, 1), token);
        assert!(memory.exchanged(id, (client, 1), now).is_some());
        assert!(memory.exchanged(id, (client, 2), now).is_none());
        assert!(memory.exchanged(id, (client, 1), now + minute).is_none());
        assert!(!format!("{memory:?}").contains("canary"));
        assert!(memory.forget(id).is_some() && memory.forget(id).is_none());
    }

    #[test]
    fn a_trial_counts_for_its_token_its_outcome_and_its_time() {
        let (ids, now, minute) = (SequentialIds::new(7), SystemClock.now(), TimeDelta::minutes(1));
        let id = GrantId::of(EnvironmentId::generate(&ids), UserId::generate(&ids));
        let memory = OwnTokens::default();
        let found = |token: &str, works, at| memory.found(id, &token.into(), works, at, minute);
        assert!(!found("one", true, now));
        memory.tried(id, &"one".into(), true, now);
        assert!(found("one", true, now + minute / 2));
        assert!(!found("one", false, now) && !found("two", true, now) && !found("one", true, now + minute));
    }

    #[test]
    fn no_more_is_remembered_than_fits() {
        let (ids, memory) = (SequentialIds::new(6), OwnTokens::default());
        for _ in 0..MOST + 10 {
            let id = GrantId::of(EnvironmentId::generate(&ids), UserId::generate(&ids));
            assert!(memory.is_new(id, &"x".into()) && !memory.is_new(id, &"x".into()));
        }
        assert_eq!(memory.held().len(), MOST);
    }
}
