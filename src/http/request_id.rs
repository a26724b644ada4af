//! A name for each request.

use std::{fmt, sync::Arc};

use alm_domain::IdSource;
use axum::{
    extract::{Request, State},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

/// Names one request in the log, in the reply's `x-request-id` and in the data of the GraphQL request. Each operation on a
/// websocket has one of its own. Never taken from the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    pub(super) fn generate(ids: &dyn IdSource) -> Self {
        Self(format!("req_{}", ids.next_uuid().as_simple()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives the request its id and writes one line about it. The query string is left out: it may hold literals of a document.
pub(super) async fn name_request(State(ids): State<Arc<dyn IdSource>>, mut request: Request, next: Next) -> Response {
    let id = RequestId::generate(&*ids);
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = request.uri().path());
    let header = HeaderValue::from_str(id.as_str());
    request.extensions_mut().insert(id);
    async move {
        let mut response = next.run(request).await;
        tracing::debug!(status = response.status().as_u16(), "replied");
        if let Ok(header) = header {
            response.headers_mut().insert("x-request-id", header);
        }
        response
    }
    .instrument(span)
    .await
}
