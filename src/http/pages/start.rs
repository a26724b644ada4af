//! The start page.

use axum::{
    extract::Path,
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use super::assets::file;
use crate::http::{Code, Refusal};

const FILES: [(&str, &str); 5] = [
    ("start.html", include_str!("start.html")),
    ("start.js", include_str!("start.js")),
    ("start.css", include_str!("start.css")),
    ("callback.html", include_str!("callback.html")),
    ("callback.js", include_str!("callback.js")),
];

/// What this is, how to sign in, and where to go on.
pub(in crate::http) async fn start(headers: HeaderMap) -> Response {
    named(&headers, "start.html")
}

/// Where an OAuth server sends people back to. The page takes code and state out of the address, and completes the connection with
/// the bearer of this tab.
pub(in crate::http) async fn callback(headers: HeaderMap) -> Response {
    named(&headers, "callback.html")
}

/// What the start page needs.
pub(in crate::http) async fn start_asset(headers: HeaderMap, Path(name): Path<String>) -> Response {
    named(&headers, &name)
}

fn named(headers: &HeaderMap, name: &str) -> Response {
    match FILES.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => file(headers, name, concat!("start-", env!("CARGO_PKG_VERSION")), text.as_bytes().into()),
        None => Refusal::new(Code::NotFound, "there is nothing at this address").into_response(),
    }
}
