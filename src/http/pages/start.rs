//! The start page.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::assets::file;
use crate::http::{Code, Refusal};

const FILES: [(&str, &str); 9] = [
    ("start.html", include_str!("start.html")),
    ("start.js", include_str!("start.js")),
    ("start.css", include_str!("start.css")),
    ("session.js", include_str!("session.js")),
    ("sign-in.js", include_str!("sign-in.js")),
    ("sign-in.html", include_str!("sign-in.html")),
    ("signed-in.js", include_str!("signed-in.js")),
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
    landing(&headers, "callback.html")
}

/// A page whose address holds a code: no cache may keep it.
pub(super) fn landing(headers: &HeaderMap, name: &str) -> Response {
    let mut response = named(headers, name);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the start page needs.
pub(in crate::http) async fn start_asset(headers: HeaderMap, Path(name): Path<String>) -> Response {
    named(&headers, &name)
}

fn named(headers: &HeaderMap, name: &str) -> Response {
    match FILES.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => file(headers, name, text, text.as_bytes().into()),
        None => Refusal::new(Code::NotFound, "there is nothing at this address").into_response(),
    }
}
