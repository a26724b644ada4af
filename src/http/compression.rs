//! Replies are compressed where that is worth it, for clients that take it.

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, header, response::Response},
    middleware::{map_request, map_response},
};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
};

use super::conditional;

/// A reply of less fits into one packet as it is: to compress it would take time on both ends and save none on the way.
const WORTH_IT: u64 = 1 << 10;

/// Compresses the replies of these routes by gzip, but for event streams, which must not wait in a compressor, for files that
/// builds left behind, most of which are compressed already, and for what comes compressed from its handler.
///
/// The length of a compressed reply tells something of what is in it to whoever chooses another part of it and sees the length
/// (BREACH). To do so, a foreign page would have to make the browser ask in the user's name. It cannot: no cookie signs anybody
/// in, and foreign origins are refused.
pub(super) fn compressed(routes: Router) -> Router {
    let worth_it = SizeAbove::new(WORTH_IT)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("application/octet-stream"));
    // Replies are made for one client and not kept: the fastest level has most of the gain.
    let gzip = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth_it);
    routes.layer(gzip).layer(map_response(tagged)).layer(map_request(wish))
}

/// Leaves of `Accept-Encoding` only what is said of gzip and brotli. A client that takes neither these nor the plain bytes gets the
/// plain bytes: that there is nothing for it would be said when a mutation has run already.
async fn wish(mut request: Request) -> Request {
    let wish = known_wish(request.headers());
    request.headers_mut().remove(header::ACCEPT_ENCODING);
    if let Some(wish) = wish {
        request.headers_mut().insert(header::ACCEPT_ENCODING, wish);
    }
    request
}

fn known_wish(headers: &HeaderMap) -> Option<HeaderValue> {
    let gzip = quality(headers, "gzip").or_else(|| quality(headers, "*")).map(|quality| format!("gzip;{quality}"));
    let brotli = quality(headers, "br").map(|quality| format!("br;{quality}"));
    let wishes: Vec<_> = [gzip, brotli].into_iter().flatten().collect();
    if wishes.is_empty() { None } else { HeaderValue::try_from(wishes.join(", ")).ok() }
}

/// Whether the client takes brotli, in which the files of the pages are at hand.
pub(super) fn takes_brotli(headers: &HeaderMap) -> bool {
    let number = |quality: &str| quality.strip_prefix("q=").and_then(|number| number.parse::<f32>().ok());
    quality(headers, "br").and_then(number).is_some_and(|quality| quality > 0.0)
}

/// What is said of this coding.
fn quality<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let items = values.flat_map(|value| value.split(',')).map(|item| item.split_once(';').unwrap_or((item, "q=1")));
    let mut of = items.filter(|(coding, _)| coding.trim().eq_ignore_ascii_case(name));
    of.next().map(|(_, quality)| quality.trim())
}

async fn tagged<B>(mut response: Response<B>) -> Response<B> {
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        conditional::now_compressed(response.headers_mut());
    }
    response
}
