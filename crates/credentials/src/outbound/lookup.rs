//! From names to addresses, checked on the way.

use std::{fmt, net::IpAddr, sync::Arc};

use futures::future::BoxFuture;
use reqwest::dns::{Name, Resolve, Resolving};

use super::Policy;

/// Knows the addresses of names.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses that a name has now.
    fn lookup(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>>;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        Box::pin(
            async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect()) },
        )
    }
}

/// A name has an address that may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Denied(pub(super) String);

/// Gives the connector no other addresses than those that were checked; so there is no second look-up that could answer
/// otherwise.
pub(super) struct Guard {
    pub(super) policy: Arc<Policy>,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        let addresses = self.lookup.lookup(name.as_str());
        Box::pin(async move {
            let addresses = addresses.await?;
            // One bad address among good ones is a bad name: which one is taken would be chance.
            for address in &addresses {
                policy.check(name.as_str(), *address).map_err(Denied)?;
            }
            if addresses.is_empty() {
                return Err("the name has no address".into());
            }
            let addresses: reqwest::dns::Addrs = Box::new(addresses.into_iter().map(|address| (address, 0).into()));
            Ok(addresses)
        })
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
