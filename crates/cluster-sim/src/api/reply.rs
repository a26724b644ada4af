//! Answers, before they are written.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::{
    Response,
    body::Frame,
    header::{HeaderName, HeaderValue},
};
use serde_json::Value;

use super::status::Failure;
use crate::server::Body;

/// An answer.
pub(crate) type Reply = Response<Body>;

fn full(code: u16, kind: Option<&str>, body: impl Into<Bytes>, headers: &[(&str, &str)]) -> Reply {
    let mut reply = Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync());
    *reply.status_mut() = hyper::StatusCode::from_u16(code).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let kind = kind.map(|kind| ("content-type", kind));
    for (name, value) in headers.iter().copied().chain(kind) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            reply.headers_mut().append(name, value);
        }
    }
    reply
}

pub(crate) fn json(code: u16, body: &Value) -> Reply {
    full(code, Some("application/json"), body.to_string(), &[("cache-control", "no-store")])
}

pub(crate) fn text(code: u16, body: &str, headers: &[(&str, &str)]) -> Reply {
    full(code, Some("text/plain; charset=utf-8"), body.to_owned(), headers)
}

pub(crate) fn bytes(code: u16, body: Vec<u8>, headers: &[(&str, &str)]) -> Reply {
    full(code, None, body, headers)
}

pub(crate) fn html(body: &str) -> Reply {
    full(200, Some("text/html; charset=utf-8"), body.to_owned(), &[])
}

pub(crate) fn empty(code: u16, headers: &[(&str, &str)]) -> Reply {
    full(code, None, Bytes::new(), headers)
}

pub(crate) fn redirect(to: &str, headers: &[(&str, &str)]) -> Reply {
    let headers: Vec<_> = headers.iter().copied().chain([("location", to)]).collect();
    full(302, None, Bytes::new(), &headers)
}

/// A redirection with a page for people.
pub(crate) fn found(to: &str) -> Reply {
    let body = format!("<a href=\"{}\">Found</a>.\n\n", to.replace('&', "&amp;"));
    full(302, Some("text/html; charset=utf-8"), body, &[("location", to)])
}

pub(crate) fn failure(failure: &Failure) -> Reply {
    let mut reply = json(failure.code, &failure.body());
    if let Some(seconds) = failure.retry_after {
        reply.headers_mut().insert("retry-after", HeaderValue::from(seconds));
    }
    reply
}

/// An answer that goes on.
pub(crate) fn stream(kind: &str, parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Reply {
    let mut reply = Response::new(StreamBody::new(parts.map_ok(Frame::data)).boxed_unsync());
    if let Ok(kind) = HeaderValue::try_from(kind) {
        reply.headers_mut().insert("content-type", kind);
    }
    reply
}

/// The same answer, which breaks off in the middle of what it says first.
pub(crate) fn broken(reply: Reply) -> Reply {
    let (parts, body) = reply.into_parts();
    let mut said = body.into_data_stream();
    let rest = async_stream::stream! {
        if let Some(Ok(first)) = said.next().await {
            yield Ok(first.slice(..first.len() / 2));
            // What was yielded is sent before the connection breaks.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        yield Err(io::Error::other("broken on purpose"));
    };
    Response::from_parts(parts, StreamBody::new(rest.map_ok(Frame::data)).boxed_unsync())
}
