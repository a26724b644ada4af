//! Health, readiness and metrics.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{Code, HttpState, Refusal, RequirePrincipal};
use crate::graphql::Live;

/// Whether the application can do its work.
#[async_trait]
pub trait Readiness: Send + Sync + std::fmt::Debug {
    /// `Ok` if requests can be served; otherwise what is missing, in words that hold no secret: the reply is open to all.
    async fn ready(&self) -> Result<(), String>;
}

/// Ready as long as the server is not shutting down.
#[derive(Debug)]
pub(super) struct AlwaysReady;

#[async_trait]
impl Readiness for AlwaysReady {
    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The process answers.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// Whether to send requests here.
pub(super) async fn readiness<E: Live>(State(state): State<Arc<HttpState<E>>>) -> Response {
    if state.shutdown.is_cancelled() {
        return Refusal::new(Code::Unavailable, "the server is shutting down").into_response();
    }
    match tokio::time::timeout(state.config.request_timeout, state.readiness.ready()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(missing)) => Refusal::new(Code::Unavailable, missing).into_response(),
        Err(_) => Refusal::new(Code::Unavailable, "the check of readiness took too long").into_response(),
    }
}

/// Figures in the text format of Prometheus.
pub(super) async fn metrics<E: Live>(State(state): State<Arc<HttpState<E>>>, _: RequirePrincipal) -> Response {
    match &state.metrics {
        Some(handle) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
        }
        None => Refusal::new(Code::NotFound, "this server records no metrics").into_response(),
    }
}
