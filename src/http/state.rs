//! What the routes work with.

use std::{fmt, sync::Arc};

use alm_domain::IdSource;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use super::{Authenticate, HttpConfig, Readiness, TrustedDocuments, probes::AlwaysReady};

/// Everything that the transport is given: the schema, who may enter, limits, and the application's own routes.
pub struct HttpState<E> {
    pub(super) executor: E,
    pub(super) auth: Arc<dyn Authenticate>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) config: Arc<HttpConfig>,
    pub(super) shutdown: CancellationToken,
    pub(super) readiness: Arc<dyn Readiness>,
    pub(super) documents: TrustedDocuments,
    pub(super) metrics: Option<PrometheusHandle>,
    pub(super) extra: Router,
}

impl<E> HttpState<E> {
    /// A transport for this schema. When `shutdown` is cancelled, open websockets are closed with 1001 and readiness ends.
    pub fn new(
        executor: E,
        auth: Arc<dyn Authenticate>,
        ids: Arc<dyn IdSource>,
        config: Arc<HttpConfig>,
        shutdown: CancellationToken,
    ) -> Self {
        let readiness = Arc::new(AlwaysReady);
        let documents = TrustedDocuments::default();
        Self { executor, auth, ids, config, shutdown, readiness, documents, metrics: None, extra: Router::new() }
    }

    /// Asks this for `/readyz`. Without it the server is ready until it shuts down.
    #[must_use]
    pub fn readiness(mut self, readiness: Arc<dyn Readiness>) -> Self {
        self.readiness = readiness;
        self
    }

    /// Knows these documents by their hashes.
    #[must_use]
    pub fn documents(mut self, documents: TrustedDocuments) -> Self {
        self.documents = documents;
        self
    }

    /// Serves these figures at `/metrics`.
    #[must_use]
    pub fn metrics(mut self, handle: PrometheusHandle) -> Self {
        self.metrics = Some(handle);
        self
    }

    /// Adds routes of the application. They stand behind the same checks of Host and Origin and get the same headers; who
    /// asks is told by [`super::RequirePrincipal`], which each of them has to take.
    #[must_use]
    pub fn extra(mut self, routes: Router) -> Self {
        self.extra = self.extra.merge(routes);
        self
    }
}

impl<E> fmt::Debug for HttpState<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpState").field("config", &self.config).finish_non_exhaustive()
    }
}
