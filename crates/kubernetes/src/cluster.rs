//! A cluster, and the sessions with it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use alm_build_spi::{Access, ProviderError};
use alm_masking::Masks;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{Session, Way, transport::Transport};

/// How many sessions are kept ready.
const MOST_SESSIONS: usize = 256;

/// The API of a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    base: Arc<Url>,
    host: Arc<str>,
    http: reqwest::Client,
    way: Arc<dyn Way>,
    sessions: Mutex<Sessions>,
}

/// By the token's digest, with the turn in which each was used last.
#[derive(Default)]
struct Sessions {
    turn: u64,
    known: HashMap<[u8; 32], (u64, Session)>,
}

impl Cluster {
    /// The cluster whose API is there. `ca` holds certificates (PEM) that are trusted along with those of the system.
    ///
    /// # Errors
    /// What is wrong with the address or the certificates, as a sentence.
    pub fn open(way: Arc<dyn Way>, base: Url, ca: Option<&str>) -> Result<Self, String> {
        way.vet(&base)?;
        if base.query().is_some() || base.fragment().is_some() {
            return Err("holds more than the address of an API: leave out what begins with ? or #".to_owned());
        }
        let host = base.host_str().ok_or("names no host")?.into();
        let http = way.client(ca)?;
        Ok(Self(Arc::new(Inner { base: Arc::new(base), host, http, way, sessions: Mutex::default() })))
    }

    /// The host of its API, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// A session under this token. Sessions of one token are one; those of two tokens share nothing.
    ///
    /// # Errors
    /// [`ProviderError::Unauthorized`] where there is no token.
    pub fn session(&self, access: &Access) -> Result<Session, ProviderError> {
        let Some(token) = &access.token else {
            let message = format!("{} is asked in nobody's name: connect an account of the cluster", self.0.host);
            return Err(ProviderError::Unauthorized(message));
        };
        let key: [u8; 32] = Sha256::digest(token.expose_secret().as_bytes()).into();
        let mut sessions = self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.turn += 1;
        let turn = sessions.turn;
        if let Some((used, session)) = sessions.known.get_mut(&key) {
            *used = turn;
            return Ok(session.clone());
        }
        if sessions.known.len() >= MOST_SESSIONS
            && let Some(oldest) = sessions.known.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key)
        {
            sessions.known.remove(&oldest);
        }
        let session = self.0.begin(access);
        sessions.known.insert(key, (turn, session.clone()));
        Ok(session)
    }

    /// A session without a token, for what a cluster tells everybody.
    #[must_use]
    pub fn anonymous(&self) -> Session {
        self.0.begin(&Access::default())
    }
}

impl Inner {
    fn begin(&self, access: &Access) -> Session {
        let secret = access.token.as_ref().map(|token| ("token", token.expose_secret().as_bytes()));
        let (masks, _) = Masks::of(secret);
        let transport = Transport {
            http: self.http.clone(),
            way: Arc::clone(&self.way),
            base: Arc::clone(&self.base),
            host: Arc::clone(&self.host),
            token: access.token.clone(),
            masks,
        };
        Session::new(kube::Client::new(transport, "default"), Arc::clone(&self.host))
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.0.host)
    }
}
