//! The user interface, served by ourselves.

use std::borrow::Cow;

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use rust_embed::RustEmbed;

use super::{
    assets::{bundled, file, lasting},
    preload,
};
use crate::http::{Code, Refusal};

/// What `make ui` has built. Empty where it has not been run: the program compiles and works without it.
#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Bundle;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>The pages are not built</title>\
    <h1>The pages are not part of this program</h1>\
    <p>It was compiled before they were bundled. Run <code>make ui</code> (needs npm), then build and start the server \
    again.</p><p><a href=\"/start\">Back to the start page</a></p></html>";

/// The manifest of the documents that the pages send, if they are part of this program.
pub(in crate::http) fn bundled_documents() -> Option<Cow<'static, [u8]>> {
    Bundle::get("documents.json").map(|file| file.data)
}

/// Where people begin: the user interface where it is part of this program, else the start page. What stands behind the `#` stays.
pub(in crate::http) async fn home() -> Redirect {
    Redirect::to(if Bundle::get("index.html").is_some() { "/ui" } else { "/start" })
}

/// The first page.
pub(in crate::http) async fn ui(headers: HeaderMap) -> Response {
    page(&headers, "")
}

/// What the pages need; and the same page for each address that names a screen, which it finds by itself.
pub(in crate::http) async fn ui_asset(headers: HeaderMap, Path(name): Path<String>) -> Response {
    if let Some(asset) = lasting::<Bundle>(&headers, &name).or_else(|| bundled::<Bundle>(&headers, &name)) {
        return asset;
    }
    let is_file = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if is_file {
        Refusal::new(Code::NotFound, "there is nothing at this address").into_response()
    } else {
        page(&headers, &name)
    }
}

/// The page, with what the screen at this address needs besides.
fn page(headers: &HeaderMap, address: &str) -> Response {
    let Some(mut page) = bundled::<Bundle>(headers, "index.html") else {
        return (StatusCode::NOT_FOUND, file(headers, "index.html", "missing", NOT_BUILT.as_bytes().into()))
            .into_response();
    };
    if let Some(link) = Bundle::get("preload.json").and_then(|screens| preload::link(&screens.data, address)) {
        page.headers_mut().insert(header::LINK, link);
    }
    page
}
