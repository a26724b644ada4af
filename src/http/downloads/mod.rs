//! Downloads: logs and artifacts of builds.

mod artifact;
mod log;
mod range;

use std::str::FromStr;

use alm_domain::{BuildId, IdError};
use axum::{
    Router,
    http::{HeaderMap, HeaderValue, header},
    routing::get,
};

use super::{Code, Refusal};
use crate::app::{App, AppError};

/// The routes under `/builds/`. Each lets in only who has a principal.
pub fn routes(app: App) -> Router {
    Router::new()
        .route("/builds/{build}/log", get(log::download))
        .route("/builds/{build}/artifacts/{*path}", get(artifact::download))
        .with_state(app)
}

/// A browser may keep a download for its user, but asks each time whether it is the same still, and whether it may be seen still.
fn kept_by_its_reader(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
}

fn parse<T: FromStr<Err = IdError>>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|error: IdError| Refusal::new(Code::BadRequest, error.to_string()))
}

fn no_build(id: BuildId) -> Refusal {
    Refusal::new(Code::NotFound, format!("there is no build {id}, or it is not visible to you"))
}

/// A use case's error as a reply that is no GraphQL.
fn refusal(error: &AppError) -> Refusal {
    use alm_build_spi::ProviderError;
    match error {
        AppError::NotFound(problem) => Refusal::new(Code::NotFound, &problem.message),
        AppError::Provider(ProviderError::NotFound(message)) => Refusal::new(Code::NotFound, message),
        AppError::Invalid(_) => Refusal::new(Code::BadRequest, error.to_string()),
        AppError::NotSupported(message) => Refusal::new(Code::NotFound, message),
        AppError::Provider(ProviderError::Unavailable { .. })
        | AppError::Store(alm_store::StoreError::Unavailable(_)) => {
            Refusal::new(Code::Unavailable, "the provider or the database cannot be reached: try again in a moment")
        }
        error => {
            tracing::error!(error = error as &dyn std::error::Error, "a download failed");
            Refusal::new(Code::Internal, "the service failed: quote the request id when you report this")
        }
    }
}
