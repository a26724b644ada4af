//! A small client, as stories use it.

use std::time::Duration;

use alm_cluster_sim::Cluster;
use serde_json::Value;

/// Long enough for anything that is not broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody with a token.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    pub(crate) fn new(cluster: &Cluster, user: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base: cluster.url().to_owned(), token: cluster.token(user) }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<reqwest::Response> {
        let address = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.http.request(method.parse().unwrap(), address).bearer_auth(&self.token);
        if let Some(body) = body {
            let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
            request = request.header("content-type", kind).body(body.to_string());
        }
        request.send().await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let answer = self.send(method, path, body).await.unwrap();
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    pub(crate) async fn text(&self, path: &str) -> (u16, String) {
        let answer = self.send("GET", path, None).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}
