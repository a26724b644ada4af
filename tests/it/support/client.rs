//! A client of the service, over HTTP.

use std::net::SocketAddr;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::server::TOKEN;

/// A client of the service, over HTTP.
#[derive(Clone)]
pub(super) struct Client(reqwest::Client);

/// A file that was downloaded.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Download {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    pub(super) fn new() -> Self {
        // Twice is no error worth a word: another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // What is sent is shown as it comes.
        Self(reqwest::Client::builder().no_proxy().no_gzip().build().unwrap())
    }

    /// The whole reply, errors included.
    pub(super) async fn post(
        &self,
        server: SocketAddr,
        query: &str,
        variables: Value,
    ) -> Result<Value, reqwest::Error> {
        let body = json!({"query": query, "variables": variables}).to_string();
        let request = self.0.post(format!("http://{server}/graphql")).bearer_auth(TOKEN);
        let reply = request.header("content-type", "application/json").body(body).send().await?;
        reply.json().await
    }

    pub(super) async fn get(&self, server: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Download {
        let mut request = self.0.get(format!("http://{server}{path}")).bearer_auth(TOKEN);
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let reply = request.send().await.unwrap();
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        Download { status, headers, body: reply.bytes().await.unwrap().to_vec() }
    }
}
