//! GraphiQL, served by ourselves.

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use super::assets::{bundled, file};
use crate::http::{Code, Refusal};

/// What `make graphiql` has built. Empty where it has not been run: the program compiles and works without it.
#[derive(RustEmbed)]
#[folder = "graphiql/dist"]
#[allow_missing = true]
struct Bundle;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>GraphiQL is not built</title>\
    <h1>GraphiQL is not part of this program</h1>\
    <p>It was compiled before GraphiQL was bundled. Run <code>make graphiql</code> (needs Node.js and npm), then build and \
    start the server again.</p><p><a href=\"/\">Back to the start page</a></p></html>";

/// The page, or how to get it.
pub(in crate::http) async fn graphiql(headers: HeaderMap) -> Response {
    match bundled::<Bundle>(&headers, "index.html") {
        Some(page) => page,
        None => (StatusCode::NOT_FOUND, file(&headers, "index.html", "missing", NOT_BUILT.as_bytes().into()))
            .into_response(),
    }
}

/// What the page needs.
pub(in crate::http) async fn graphiql_asset(headers: HeaderMap, Path(name): Path<String>) -> Response {
    bundled::<Bundle>(&headers, &name)
        .unwrap_or_else(|| Refusal::new(Code::NotFound, "there is nothing at this address").into_response())
}
