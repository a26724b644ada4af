//! The way out to servers whose addresses were given by users.
//!
//! A user who may name an address must not be able to reach with our server what he cannot reach himself. So every address is
//! checked when it is connected to, and the connection is made to the very address that was checked; private, loopback,
//! link-local and other special addresses are refused unless an administrator has listed them. Redirects are never followed and
//! no proxy is taken from the environment. Certificates are always verified.

mod ca;
mod error;
mod exception;
mod lookup;
mod policy;
mod range;
mod request;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use ca::{CaBundle, CaError};
pub use error::OutboundError;
pub use exception::{Exception, ExceptionError};
pub use lookup::{Lookup, SystemLookup};
pub use policy::Policy;
pub use request::{Reply, Request};
use url::Url;

use self::lookup::Guard;

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may take as a whole.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How soon a silent connection of a stream is asked whether it lives.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// Longest reply that is read.
const LONGEST_REPLY: usize = 256 * 1024;
/// How many clients with a CA bundle of their own are kept ready.
const MOST_CLIENTS: usize = 64;

/// The guarded HTTP client. Cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    policy: Arc<Policy>,
    lookup: Arc<dyn Lookup>,
    /// By the bundle's digest: certificates are a client's own.
    clients: Mutex<HashMap<Option<[u8; 32]>, reqwest::Client>>,
}

impl Outbound {
    /// A client that keeps to this policy.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::with_lookup(policy, Arc::new(SystemLookup))
    }

    /// The same with another source of addresses.
    #[must_use]
    pub fn with_lookup(policy: Policy, lookup: Arc<dyn Lookup>) -> Self {
        Self(Arc::new(Inner { policy: Arc::new(policy), lookup, clients: Mutex::default() }))
    }

    /// Whether a request to this address would be sent, as far as that can be told without looking its name up.
    ///
    /// # Errors
    /// [`OutboundError::Refused`] with the reason.
    pub fn vet(&self, url: &Url) -> Result<(), OutboundError> {
        self.0.policy.vet(url)
    }

    /// Sends a request. `ca` holds certificates that are trusted along with those of the system.
    ///
    /// # Errors
    /// If the address is refused, nothing answers there in time, its certificate is not trusted or its reply is too long. Whatever
    /// status the reply has, it is a reply.
    pub async fn send(&self, request: Request, ca: Option<&CaBundle>) -> Result<Reply, OutboundError> {
        self.vet(request.url())?;
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let client = self.client(ca)?;
        let failed = |error: reqwest::Error| OutboundError::of(&host, &error);
        let mut response = client.execute(request.build(TIMEOUT)).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LONGEST_REPLY {
                return Err(OutboundError::TooLong { host, longest: LONGEST_REPLY });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply::new(response.status(), response.headers().clone(), body))
    }

    /// A client for those who read streams that last: with all that guards [`send`](Self::send) but [`vet`](Self::vet), which is theirs to
    /// call, and without a limit to time and size, which they set for each request. A connection that dies in silence is noticed.
    ///
    /// # Errors
    /// [`OutboundError::NoClient`].
    pub fn streaming(&self, ca: Option<&CaBundle>) -> Result<reqwest::Client, OutboundError> {
        let client = self
            .builder(ca)
            .tcp_keepalive(KEEPALIVE)
            .tcp_keepalive_interval(KEEPALIVE / 3)
            .tcp_keepalive_retries(3)
            .http2_keep_alive_interval(KEEPALIVE)
            .http2_keep_alive_timeout(KEEPALIVE)
            .http2_keep_alive_while_idle(true);
        client.build().map_err(|error| OutboundError::NoClient { cause: error::deepest(&error) })
    }

    /// What an error of a [`streaming`](Self::streaming) client means.
    #[must_use]
    pub fn explain(host: &str, error: &reqwest::Error) -> OutboundError {
        OutboundError::of(host, error)
    }

    fn client(&self, ca: Option<&CaBundle>) -> Result<reqwest::Client, OutboundError> {
        let key = ca.map(CaBundle::digest);
        let mut clients = self.0.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = self.build(ca)?;
        if clients.len() >= MOST_CLIENTS
            && let Some(any) = clients.keys().find(|key| key.is_some()).copied()
        {
            clients.remove(&any);
        }
        clients.insert(key, client.clone());
        Ok(client)
    }

    fn build(&self, ca: Option<&CaBundle>) -> Result<reqwest::Client, OutboundError> {
        let client = self.builder(ca).timeout(TIMEOUT).build();
        client.map_err(|error| OutboundError::NoClient { cause: error::deepest(&error) })
    }

    fn builder(&self, ca: Option<&CaBundle>) -> reqwest::ClientBuilder {
        install_cryptography();
        reqwest::Client::builder()
            .user_agent(concat!("alm-build-service/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Guard { policy: Arc::clone(&self.0.policy), lookup: Arc::clone(&self.0.lookup) }))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .no_gzip()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(4)
            .pool_idle_timeout(Duration::from_secs(30))
            .tls_certs_merge(ca.into_iter().flat_map(CaBundle::certificates))
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outbound").field(&self.0.policy).finish()
    }
}

/// Does nothing where somebody has installed it already.
fn install_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests;
