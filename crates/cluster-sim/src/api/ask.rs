//! A request, read.

use std::collections::BTreeMap;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{Request, body::Incoming};
use url::form_urlencoded;

/// What an API server reads of a request.
const LIMIT: usize = 3 * 1024 * 1024;
/// What is read here to say so: a client hears nothing before it has sent everything.
const MOST: usize = 16 * LIMIT;

/// A request, read whole.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Decoded.
    pub(crate) path: String,
    /// As it was sent.
    pub(crate) uri: String,
    query: Vec<(String, String)>,
    headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Ask {
    /// Nothing when the request breaks off, or is larger than anybody sends.
    pub(crate) async fn read(request: Request<Incoming>) -> Option<Self> {
        let (head, body) = request.into_parts();
        let query = head.uri.query().unwrap_or_default();
        let uri = head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        Some(Self {
            method: head.method.to_string(),
            path: decode(head.uri.path()),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            uri,
            headers: head.headers,
            body: Limited::new(body, MOST).collect().await.ok()?.to_bytes(),
        })
    }

    /// Whether it is more than an API server reads.
    pub(crate) fn is_too_large(&self) -> bool {
        self.body.len() > LIMIT
    }

    pub(crate) fn query(&self, name: &str) -> Option<String> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| ["true", "1", ""].contains(&value.as_str()))
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.query(name)?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The media type of the body.
    pub(crate) fn media(&self) -> &str {
        self.header("content-type").and_then(|kind| kind.split(';').next()).unwrap_or_default().trim()
    }

    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

fn decode(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = path.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, escaped) {
            (b'%', Some(meant)) => {
                decoded.push(meant);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
