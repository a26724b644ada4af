//! Files that are part of the program.

use std::{borrow::Cow, fmt::Write};

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use crate::http::{compression::takes_brotli, conditional::Tag};

/// Scripts of our own only; styles may stand in the page, because the editor in GraphiQL writes them there.
macro_rules! policy {
    ($elsewhere:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data:; font-src 'self' data:; connect-src 'self'",
            $elsewhere,
            "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    };
}

/// The policy of a page that connects to this origin too.
pub(super) fn policy(origin: &str) -> String {
    format!(policy!(" {}"), origin)
}

/// A file as a reply; `tag` tells its content from any other of the name. Its address may name another version tomorrow, so a browser asks again each time; with the tag of
/// what it has it gets an empty answer.
pub(super) fn file(asked: &HeaderMap, name: &str, tag: &str, content: Cow<'static, [u8]>) -> Response {
    let tag = Tag::of(&[name, tag]);
    let mut response = tag.not_modified(asked).unwrap_or_else(|| {
        let mut response = content.into_response();
        tag.put(response.headers_mut());
        response
    });
    describe(response.headers_mut(), name, "no-cache");
    response
}

fn describe(headers: &mut HeaderMap, name: &str, caching: &'static str) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy!("")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
}

/// A file of a bundle; `None` where it has none of this name.
pub(super) fn bundled<B: RustEmbed>(asked: &HeaderMap, name: &str) -> Option<Response> {
    let content = B::get(name)?;
    let mut tag = String::with_capacity(16);
    for byte in content.metadata.sha256_hash().iter().take(8) {
        write!(tag, "{byte:02x}").ok()?;
    }
    Some(file(asked, name, &tag, content.data))
}

/// A script or a style of a bundle that names these after their contents: a browser keeps it, and never asks again. Compressed once
/// for all, where the bundle has that beside it. `None` for all other files.
pub(super) fn lasting<B: RustEmbed>(asked: &HeaderMap, name: &str) -> Option<Response> {
    if !name.ends_with(".js") && !name.ends_with(".css") {
        return None;
    }
    let packed = if takes_brotli(asked) { B::get(&format!("{name}.br")) } else { None };
    let is_packed = packed.is_some();
    let mut response = packed.or_else(|| B::get(name))?.data.into_response();
    let headers = response.headers_mut();
    describe(headers, name, "public, max-age=31536000, immutable");
    if is_packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Some(response)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "ttf" => "font/ttf",
        "woff2" => "font/woff2",
        "graphql" | "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
