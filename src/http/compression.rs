//! Replies are compressed where that is worth it, for clients that take it.

use axum::{
    Router,
    http::{header, response::Response},
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

/// Compresses the replies of these routes by gzip, but for event streams, which must not wait in a compressor, and for files
/// that builds left behind, most of which are compressed already.
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
    routes.layer(gzip).layer(axum::middleware::map_response(tagged))
}

async fn tagged<B>(mut response: Response<B>) -> Response<B> {
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        conditional::now_compressed(response.headers_mut());
    }
    response
}
