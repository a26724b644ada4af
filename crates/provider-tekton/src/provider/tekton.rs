//! The provider itself.

use std::{fmt, sync::Arc};

use alm_build_spi::{Access, Finding, ProviderDescriptor, ProviderError};
use alm_domain::{Clock, Settings};
use alm_kubernetes::{Cluster, Configured, Session, Way};
use serde_json::Value;
use url::Url;

/// Builds by Tekton, on a cluster. Keeps nothing: what has to survive is on the cluster.
pub struct TektonProvider {
    pub(super) inner: Arc<Inner>,
}

/// What the provider's streams share.
pub(super) struct Inner {
    pub(super) descriptor: ProviderDescriptor,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) configured: Configured<Cluster>,
}

impl TektonProvider {
    /// A provider for the cluster whose API is there. Settings that do not fit are told by
    /// [`probe`](alm_build_spi::BuildProvider::probe), and refuse every call; they do not keep it from being opened.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where the address is none.
    pub fn open(
        endpoint: Option<&str>,
        settings: &Settings,
        way: Arc<dyn Way>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, ProviderError> {
        let configured = Configured::open(endpoint, settings, way, cluster)?;
        Ok(Arc::new(Self { inner: Arc::new(Inner { descriptor: crate::descriptor(), clock, configured }) }))
    }
}

fn cluster(settings: &Settings, base: &Url, way: &Arc<dyn Way>) -> Result<Cluster, Vec<Finding>> {
    let ca = settings.get("cluster.ca").and_then(Value::as_str);
    let place = if ca.is_some() { vec!["settings", "cluster.ca"] } else { vec!["endpoint"] };
    Cluster::open(Arc::clone(way), base.clone(), ca).map_err(|why| vec![Finding::new(place, why)])
}

impl Inner {
    /// A session under this token.
    pub(super) fn session(&self, access: &Access) -> Result<Session, ProviderError> {
        self.configured.usable()?.session(access)
    }
}

impl fmt::Debug for TektonProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TektonProvider({:?})", self.inner.configured)
    }
}
