//! The provider itself.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use alm_build_spi::{Access, Finding, ProviderDescriptor, ProviderError};
use alm_domain::{Clock, Settings};
use alm_kubernetes::{Cluster, Session, Way};
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
    base: Url,
    way: Arc<dyn Way>,
    state: RwLock<Arc<State>>,
}

/// What follows from the settings.
pub(super) struct State {
    pub(super) settings: Settings,
    cluster: Result<Cluster, Vec<Finding>>,
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
        let base = alm_kubernetes::endpoint(endpoint, &*way)?;
        let state = RwLock::new(Arc::new(State::of(settings, &base, &way)));
        Ok(Arc::new(Self { inner: Arc::new(Inner { descriptor: crate::descriptor(), clock, base, way, state }) }))
    }
}

impl State {
    fn of(settings: &Settings, base: &Url, way: &Arc<dyn Way>) -> Self {
        let ca = settings.get("cluster.ca").and_then(Value::as_str);
        let cluster = Cluster::open(Arc::clone(way), base.clone(), ca);
        let place = if ca.is_some() { vec!["settings", "cluster.ca"] } else { vec!["endpoint"] };
        Self { settings: settings.clone(), cluster: cluster.map_err(|why| vec![Finding::new(place, why)]) }
    }

    /// The cluster.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where the provider's settings do not fit.
    pub(super) fn cluster(&self) -> Result<&Cluster, ProviderError> {
        self.cluster.as_ref().map_err(|findings| ProviderError::Invalid(findings.clone()))
    }
}

impl Inner {
    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes changed settings over, if they fit.
    pub(super) fn configure(&self, settings: &Settings) -> Result<(), ProviderError> {
        if self.state().settings == *settings {
            return self.state().cluster().map(drop);
        }
        let state = State::of(settings, &self.base, &self.way);
        state.cluster()?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        Ok(())
    }

    /// A session under this token.
    pub(super) fn session(&self, access: &Access) -> Result<Session, ProviderError> {
        self.state().cluster()?.session(access)
    }
}

impl fmt::Debug for TektonProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TektonProvider({})", self.inner.base.host_str().unwrap_or_default())
    }
}
