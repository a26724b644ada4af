//! The keys of an issuer.

use std::sync::{Arc, PoisonError, RwLock};

use alm_domain::{Clock, Timestamp};
use chrono::TimeDelta;
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use url::Url;

use super::{
    Algorithm, SignInError,
    jws::{Jws, decode},
};
use crate::{
    oauth::{self, Metadata},
    outbound::{CaBundle, Outbound, Request},
};

/// An issuer is asked for its keys no more often than this, however many unknown ones tokens name.
pub const REFETCH: TimeDelta = TimeDelta::seconds(30);
/// After this time keys are asked for anew, so that one that was taken back does not count for ever.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// For so long they count although the issuer cannot be asked.
const STALE: TimeDelta = TimeDelta::hours(12);
/// No more keys are kept.
const MOST_KEYS: usize = 50;

/// A public key.
#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The only algorithm for which it is meant, if it says so.
    only: Option<Algorithm>,
    public: Public,
}

#[derive(Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Curve { name: String, point: Vec<u8> },
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// The key, if it is one with which signatures are checked here; others are passed over.
    fn read(value: serde_json::Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let only = match jwk.alg {
            Some(alg) => Some(Algorithm::ALL.into_iter().find(|known| known.name() == alg)?),
            None => None,
        };
        let part = |text: Option<String>| decode(&text?);
        let public = match (jwk.kty.as_str(), jwk.crv) {
            ("RSA", _) => Public::Rsa { n: part(jwk.n)?, e: part(jwk.e)? },
            ("EC", Some(name)) => Public::Curve { name, point: [vec![4], part(jwk.x)?, part(jwk.y)?].concat() },
            ("OKP", Some(name)) => Public::Curve { name, point: part(jwk.x)? },
            _ => return None,
        };
        Some(Self { id: jwk.kid, only, public })
    }

    fn fits(&self, jws: &Jws<'_>) -> bool {
        let is_named = jws.key_id.is_none() || self.id == jws.key_id;
        is_named && self.only.is_none_or(|only| only == jws.algorithm)
    }

    /// Whether the token is signed with this key, by the algorithm that it names. A key of another kind has signed nothing.
    fn has_signed(&self, jws: &Jws<'_>) -> bool {
        match &self.public {
            Public::Rsa { n, e } => jws.algorithm.rsa().is_some_and(|parameters| {
                RsaPublicKeyComponents { n, e }.verify(parameters, jws.signed, &jws.signature).is_ok()
            }),
            Public::Curve { name, point } => jws.algorithm.curve(name).is_some_and(|algorithm| {
                UnparsedPublicKey::new(algorithm, point).verify(jws.signed, &jws.signature).is_ok()
            }),
        }
    }
}

/// What an issuer says of itself.
#[derive(Debug)]
struct Told {
    metadata: Metadata,
    keys: Vec<Key>,
}

/// What is known.
#[derive(Debug, Default)]
struct Known {
    told: Option<(Arc<Told>, Timestamp)>,
    tried_at: Option<Timestamp>,
}

/// The keys of one issuer, and what else it says of itself, asked for when they are needed.
#[derive(Debug)]
pub(super) struct Keys {
    outbound: Outbound,
    issuer: Url,
    /// Hosts besides the issuer's own that its metadata may lead to.
    hosts: Vec<String>,
    ca: Option<CaBundle>,
    clock: Arc<dyn Clock>,
    known: RwLock<Known>,
    /// Many who need new keys ask once.
    asking: tokio::sync::Mutex<()>,
}

impl Keys {
    pub(super) fn new(
        outbound: Outbound,
        issuer: Url,
        hosts: Vec<String>,
        ca: Option<CaBundle>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { outbound, issuer, hosts, ca, clock, known: RwLock::default(), asking: tokio::sync::Mutex::default() }
    }

    /// Whether the issuer has signed this token.
    pub(super) async fn have_signed(&self, jws: &Jws<'_>) -> Result<bool, SignInError> {
        let told = self.told(|told| told.keys.iter().any(|key| key.fits(jws))).await?;
        Ok(told.keys.iter().filter(|key| key.fits(jws)).any(|key| key.has_signed(jws)))
    }

    /// What the issuer says of itself.
    pub(super) async fn metadata(&self) -> Result<Metadata, SignInError> {
        Ok(self.told(|_| true).await?.metadata.clone())
    }

    /// What was told within this time.
    fn known(&self, span: TimeDelta) -> Option<Arc<Told>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (told, at) = known.told.as_ref()?;
        within(*at, self.clock.now(), span).then(|| Arc::clone(told))
    }

    /// What is known, if it is fresh and suffices; else what the issuer says now, if it may be asked already; else what is known.
    async fn told(&self, suffices: impl Fn(&Told) -> bool) -> Result<Arc<Told>, SignInError> {
        let fresh = || self.known(FRESH).filter(|told| suffices(told));
        if let Some(told) = fresh() {
            return Ok(told);
        }
        let _asking = self.asking.lock().await;
        if let Some(told) = fresh() {
            return Ok(told);
        }
        let (now, known) = (self.clock.now(), self.known(STALE));
        let tried_at = self.known.read().unwrap_or_else(PoisonError::into_inner).tried_at;
        if tried_at.is_some_and(|at| within(at, now, REFETCH)) {
            let unknown = || SignInError::Unavailable("the issuer's keys could not be read a moment ago".to_owned());
            return known.ok_or_else(unknown);
        }
        self.known.write().unwrap_or_else(PoisonError::into_inner).tried_at = Some(now);
        match self.fetch().await {
            Ok(told) => {
                let told = Arc::new(told);
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.told = Some((Arc::clone(&told), now));
                Ok(told)
            }
            Err(problem) => {
                tracing::warn!(issuer = %self.issuer, problem, "the keys of the issuer cannot be read");
                known.ok_or(SignInError::Unavailable(problem))
            }
        }
    }

    async fn fetch(&self) -> Result<Told, String> {
        let metadata = oauth::discover(&self.outbound, &self.issuer, &self.hosts, self.ca.as_ref());
        let metadata = metadata.await.map_err(|error| error.to_string())?;
        let place = metadata.jwks_uri.clone().ok_or("the issuer names no jwks_uri")?;
        let reply =
            self.outbound.send(Request::get(place), self.ca.as_ref()).await.map_err(|error| error.to_string())?;
        if !reply.status().is_success() {
            return Err(format!("its jwks_uri answers {}", reply.status()));
        }
        let set: JwkSet = reply.json().ok_or("its jwks_uri does not answer with a set of keys")?;
        Ok(Told { metadata, keys: set.keys.into_iter().take(MOST_KEYS).filter_map(Key::read).collect() })
    }
}

/// Whether it is not longer ago than this. What lies in the future (the clock was put back) is not.
fn within(at: Timestamp, now: Timestamp, span: TimeDelta) -> bool {
    at <= now && now - at < span
}
