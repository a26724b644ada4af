//! Which address leads where.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, get},
};

use super::{
    Code, HttpState, Refusal, auth::Gate, compression::compressed, graphql, guard, headers, pages, probes, request_id,
};
use crate::graphql::Live;

/// All routes of the server: `/graphql` (HTTP and websocket), the pages, health, readiness, metrics, and the application's
/// own. Every one of them, and what is not found, stands behind the checks of Host and Origin.
pub fn router<E: Live>(mut state: HttpState<E>) -> Router {
    let extra = std::mem::take(&mut state.extra);
    let state = Arc::new(state);
    let assets = Router::new()
        .route("/", get(pages::home))
        .route("/start", get(pages::start))
        .route("/sign-in/ways", get(pages::ways_in))
        .route("/sign-in/callback", get(pages::signed_in))
        .route("/start/{file}", get(pages::start_asset))
        .route("/oauth/callback", get(pages::callback))
        .route("/oauth/callback/{client}", get(pages::callback))
        .route("/graphiql", get(pages::graphiql))
        .route("/graphiql/{*file}", get(pages::graphiql_asset))
        .route("/ui", get(pages::ui))
        .route("/ui/", get(pages::ui))
        .route("/ui/{*file}", get(pages::ui_asset));
    let routes = Router::new()
        .route("/graphql", any(graphql::handle::<E>))
        .route("/healthz", get(probes::health))
        .route("/readyz", get(probes::readiness::<E>))
        .route("/metrics", get(probes::metrics::<E>))
        .with_state(Arc::clone(&state))
        .merge(assets)
        .merge(extra)
        .fallback(|| async { Refusal::new(Code::NotFound, "there is nothing at this address") });
    compressed(routes)
        .layer(DefaultBodyLimit::max(state.config.max_body))
        .layer(Extension(Gate(Arc::clone(&state.auth))))
        .layer(middleware::from_fn_with_state(Arc::clone(&state.config), guard::check))
        .layer(middleware::from_fn(headers::secure))
        .layer(middleware::from_fn_with_state(Arc::clone(&state.ids), request_id::name_request))
}
