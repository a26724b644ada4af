//! Real issuers (npm `oidc-provider`), each with a small cluster beside it; see `tests/node/issuer.mjs`.

use std::{path::Path, process::Stdio};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};
use url::Url;

use super::within;

/// A running issuer; ends when it is dropped.
pub(crate) struct Issuer {
    /// Its address, which is its name as well.
    pub(crate) address: String,
    /// Address of the cluster that takes its tokens.
    pub(crate) cluster: String,
    /// Id and secret of its OAuth client.
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Where it is given commands behind its back.
    pub(crate) control: String,
    http: Client,
    _process: Child,
    // Closed with this; then the issuer ends, even if it was not killed.
    _stdin: ChildStdin,
    _stdout: Lines<BufReader<ChildStdout>>,
}

/// Where an authorization ended.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub(crate) code: String,
    pub(crate) state: String,
    pub(crate) iss: String,
    /// Why there is no code.
    pub(crate) error: String,
}

impl Issuer {
    /// Starts an issuer with these options on top of those of the script. `None`, with a word why, where Node.js or the packages are
    /// missing; with `ALM_REQUIRE_NODE=1` that is a failure.
    pub(crate) async fn start(options: Value) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
        let missing = if folder.join("node_modules/oidc-provider").is_dir() {
            let mut node = Command::new("node");
            node.arg("issuer.mjs").arg(options.to_string()).current_dir(folder);
            node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
            match node.spawn() {
                Ok(process) => return Some(Self::ready(process).await),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => "there is no `node` on the path",
                Err(error) => panic!("{error}"),
            }
        } else {
            "run `npm ci` in tests/node first"
        };
        assert!(!std::env::var("ALM_REQUIRE_NODE").is_ok_and(|value| value == "1"), "Node.js is required: {missing}");
        println!("SKIPPED: {missing}");
        None
    }

    /// Gives refresh tokens, each to be used once; access tokens last for an hour.
    pub(crate) async fn with_refresh() -> Option<Self> {
        Self::start(json!({ "name": "steady" })).await
    }

    /// Gives no refresh tokens; access tokens last for 30 seconds.
    pub(crate) async fn without_refresh() -> Option<Self> {
        Self::start(json!({ "name": "fleeting", "refresh": false, "accessSeconds": 30 })).await
    }

    async fn ready(mut process: Child) -> Self {
        let stdin = process.stdin.take().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = within(stdout.next_line()).await.unwrap().expect("the issuer ended at once");
        let said: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            address: text("issuer"),
            cluster: text("cluster"),
            client_id: text("clientId"),
            client_secret: text("clientSecret"),
            control: text("control"),
            http: Client::builder().no_proxy().build().unwrap(),
            _process: process,
            _stdin: stdin,
            _stdout: stdout,
        }
    }

    /// Gives a command behind its back; see `tests/node/issuer/control.mjs`.
    pub(crate) async fn command(&self, name: &str, input: Value) -> Value {
        let reply = within(self.http.post(format!("{}/{name}", self.control)).json(&input).send()).await.unwrap();
        assert!(reply.status().is_success(), "{name}: {}", reply.status());
        reply.json().await.unwrap()
    }

    /// Lets authorizations of its client end at this address too: makes a new client, with this id, for it.
    pub(crate) async fn add_client(&self, id: &str, redirect: &str) {
        let client = json!({ "client_id": id, "client_secret": self.client_secret, "redirect_uris": [redirect] });
        self.command("clients", client).await;
    }

    /// Makes a public client, with this id, whose authorizations end at this address.
    pub(crate) async fn add_public_client(&self, id: &str, redirect: &str) {
        let client = json!({
            "client_id": id, "token_endpoint_auth_method": "none", "redirect_uris": [redirect],
            "grant_types": ["authorization_code"],
        });
        self.command("clients", client).await;
    }

    /// Walks an authorization on the issuer's pages, as this user, who agrees.
    pub(crate) async fn approve(&self, url: &str, user: &str) -> Callback {
        let ended = self.command("approve", json!({ "url": url, "user": user })).await;
        Callback::of(ended["location"].as_str().unwrap_or_else(|| panic!("the authorization did not end: {ended}")))
    }

    /// The same, but the user says no.
    pub(crate) async fn deny(&self, url: &str, user: &str) -> Callback {
        let ended = self.command("approve", json!({ "url": url, "user": user, "deny": true })).await;
        Callback::of(ended["location"].as_str().unwrap_or_else(|| panic!("the authorization did not end: {ended}")))
    }

    /// An opaque token of a user who has signed in elsewhere.
    pub(crate) async fn token(&self, user: &str) -> String {
        self.command("grant", json!({ "user": user })).await["token"].as_str().unwrap().to_owned()
    }

    /// A JWT with these claims, signed by the issuer, for `seconds`.
    pub(crate) async fn jwt(&self, claims: Value, seconds: u64) -> String {
        let signed = self.command("sign", json!({ "claims": claims, "seconds": seconds })).await;
        signed["token"].as_str().unwrap().to_owned()
    }

    /// How often it was asked for this: `token`, `authorize`, `userinfo`, `revoke`, `jwks`, `whoami`, `cluster`, `delete`.
    pub(crate) async fn count(&self, what: &str) -> u64 {
        self.command("counters", json!({})).await[what].as_u64().unwrap_or(0)
    }
}

impl Callback {
    fn of(location: &str) -> Self {
        let url = Url::parse(location).unwrap();
        let value = |name: &str| {
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        Self { code: value("code"), state: value("state"), iss: value("iss"), error: value("error") }
    }
}
