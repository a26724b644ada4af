//! A simulator, and somebody who sends it what was recorded.

use std::collections::BTreeMap;

use alm_cluster_sim::{Cluster, Options};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{compare::Answer, recording::Recording};

/// A verifier, and its challenge.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The secret of every OAuth client.
pub(crate) const CLIENT_SECRET: &str = "what-only-clients-know";

/// How a client says who it is.
pub(crate) fn basic(client: &str, secret: &str) -> String {
    STANDARD.encode(format!("{client}:{secret}"))
}

/// A simulator with users, and what stands for the placeholders.
pub(crate) struct Rig {
    pub(crate) cluster: Cluster,
    http: reqwest::Client,
    pub(crate) values: BTreeMap<&'static str, String>,
}

impl Rig {
    pub(crate) async fn new(options: Options) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let cluster = Cluster::with(options).await;
        let values = BTreeMap::from([
            ("<ALICE_TOKEN>", cluster.token("alice")),
            ("<BOB_TOKEN>", cluster.token("bob")),
            ("<ADMIN_TOKEN>", cluster.token("admin")),
            ("<STATE>", "some-state".to_owned()),
            ("<CODE_CHALLENGE_S256>", CHALLENGE.to_owned()),
            ("<CODE_VERIFIER>", VERIFIER.to_owned()),
            ("<CLIENT_SECRET>", CLIENT_SECRET.to_owned()),
            ("<BASIC>", basic("build-service", CLIENT_SECRET)),
            ("<BASIC_ALICE>", "YWxpY2U6YWxpY2Vwdw==".to_owned()),
        ]);
        Self { cluster, http, values }
    }

    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.insert(name, value.into());
    }

    pub(crate) fn fill(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    fn unfill(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(value.as_str(), name))
    }

    pub(crate) async fn send(&self, recording: &Recording) -> Answer {
        let address = format!("{}{}", self.cluster.url(), self.fill(&recording.path));
        let mut request = self.http.request(recording.method.parse().unwrap(), address);
        let authorization = match (recording.who.as_str(), &recording.authorization) {
            ("admin", None) => Some("Bearer <ADMIN_TOKEN>".to_owned()),
            (_, given) => given.clone(),
        };
        if let Some(authorization) = authorization {
            request = request.header("authorization", self.fill(&authorization));
        }
        for (name, value) in
            [("accept", &recording.accept), ("content-type", &recording.media), ("x-csrf-token", &recording.csrf)]
        {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        if recording.cookie {
            request = request.header("cookie", self.fill("csrf=x; ssn=<SESSION>"));
        }
        match &recording.body {
            Value::Null => {}
            Value::String(text) => request = request.body(self.fill(text)),
            other => request = request.body(self.fill(&other.to_string())),
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let location = answer.headers().get("location").map(|to| self.unfill(to.to_str().unwrap()));
        let text = answer.text().await.unwrap();
        let body = match &recording.answer {
            Value::Null if text.is_empty() => Value::Null,
            // A watch is many values, and some JSON is labelled as text: both stay texts.
            Value::String(_) if text.starts_with("{\"object\"") => as_watch(&text),
            Value::String(_) => Value::String(self.unfill(&text)),
            _ => serde_json::from_str(&text).unwrap_or_else(|_| Value::String(self.unfill(&text))),
        };
        Answer { status, location, body }
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let address = format!("{}{path}", self.cluster.url());
        let request = self.http.post(address).form(fields).header("cookie", self.fill("ssn=<SESSION>"));
        request.send().await.unwrap()
    }

    /// A session at the OAuth server, as the login form gives it.
    pub(crate) async fn sign_in(&mut self, user: &str, password: &str) {
        let answer = self.form("/login", &[("username", user), ("password", password), ("then", "/")]).await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        self.set("<SESSION>", cookie.split(';').next().unwrap().trim_start_matches("ssn="));
    }

    /// A new code for a client, with or without a challenge.
    pub(crate) async fn code(&mut self, client: &str, scope: &str, challenge: bool) {
        let mut address = format!(
            "{}/oauth/authorize?client_id={client}&redirect_uri=http%3A%2F%2F127.0.0.1%3A18080%2Fcallback&response_type=code&scope={scope}&state=s",
            self.cluster.url()
        );
        if challenge {
            address.push_str(&format!("&code_challenge={CHALLENGE}&code_challenge_method=S256"));
        }
        let answer = self.http.get(address).header("cookie", self.fill("ssn=<SESSION>")).send().await.unwrap();
        let to = answer.headers()["location"].to_str().unwrap().to_owned();
        let code = to.split("code=").nth(1).unwrap().split('&').next().unwrap().replace("%7E", "~");
        self.set("<AUTH_CODE>", code);
    }
}

/// Events with their type first, as the comparison knows them by.
fn as_watch(text: &str) -> Value {
    let lines = text.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        format!("{{\"type\":{},\"object\":{}}}", event["type"], event["object"])
    });
    Value::String(lines.collect::<Vec<_>>().join("\n"))
}
