//! A project whose environment is at the cluster of the very issuer by which people sign in.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::accounts::mutate;
use crate::{
    recovery::support::{Api, World, eventually, repository},
    support::Issuer,
};

/// What the issuer calls this service, and what it calls the cluster.
pub(super) const US: &str = "urn:alm";
pub(super) const CLUSTER: &str = "urn:cluster";

const CONNECTION: &str = "id status statusReason account isOwnToken expiresAt renewsItself";

/// The whole stage. Everybody is an administrator, so that what they cannot do is for no lack of rights.
pub(super) struct Shop {
    pub(super) world: World,
    pub(super) home: Issuer,
    pub(super) project: String,
}

impl Shop {
    /// `None` where there is no Node.js.
    pub(super) async fn open() -> Option<Self> {
        Self::open_at(json!({ "name": "home" })).await
    }

    /// The same, with an issuer and a cluster of these options.
    pub(super) async fn open_at(options: Value) -> Option<Self> {
        let home = Issuer::start(options).await?;
        let mut world = World::new()
            .with("ALM_SIGN_IN_ISSUER", &home.address)
            .with("ALM_SIGN_IN_AUDIENCE", US)
            .with("ALM_SIGN_IN_ADMINS", "alice,bob")
            .with("ALM_SIGN_IN_KEEP_TOKEN", "true")
            .with("ALM_OUTBOUND_ALLOWED", "127.0.0.0/8");
        world.start().await;
        let mut shop = Self { world, home, project: String::new() };
        let input = json!({ "slug": "shop", "displayName": "The shop" });
        let made = done(&shop.world.api(), "createProject", "project { id }", input).await;
        shop.project = made["project"]["id"].as_str().unwrap().to_owned();
        Some(shop)
    }

    /// A person, signed in for so long with a token for these.
    pub(super) async fn person(&self, name: &str, seconds: u64, audiences: &[&str]) -> Api {
        // Two tokens of one second differ all the same.
        let jti = format!("{:?}", std::time::Instant::now());
        let claims = json!({ "sub": name, "preferred_username": name, "name": name, "aud": audiences, "jti": jti });
        Api::new(self.world.api().address, self.home.jwt(claims, seconds).await)
    }

    /// What the administrator allows at the cluster: the id of the client.
    pub(super) async fn allow(&self, allowed: Value) -> String {
        let mut input = json!({ "origin": self.home.cluster });
        input.as_object_mut().unwrap().extend(allowed.as_object().unwrap().clone());
        let made = done(&self.world.api(), "registerOAuthClient", "client { id }", input).await;
        made["client"]["id"].as_str().unwrap().to_owned()
    }

    /// The same, by a client that the issuer knows.
    pub(super) async fn allow_by_client(&self, allowed: Value) -> String {
        self.home.add_client("builds", &format!("{}/oauth/callback", self.world.api().address)).await;
        let host = self.home.address.trim_start_matches("http://");
        let mut input = json!({
            "clientId": "builds", "clientSecret": self.home.client_secret, "issuer": self.home.address,
            "tokenHosts": [host], "scopes": ["openid"],
        });
        input.as_object_mut().unwrap().extend(allowed.as_object().unwrap().clone());
        self.allow(input).await
    }

    /// The administrator thinks again.
    pub(super) async fn change(&self, client: &str, mut changes: Value) {
        changes["id"] = json!(client);
        done(&self.world.api(), "updateOAuthClient", "client { id }", changes).await;
    }

    /// Adds the cluster as `staging`; the payload.
    pub(super) async fn add(&self, who: &Api, mode: Value) -> Value {
        let mut input = json!({
            "projectId": self.project, "endpoint": { "url": self.home.cluster, "name": "staging" },
            "displayName": "Staging", "role": "TARGET",
        });
        if !mode.is_null() {
            input["tokenMode"] = mode;
        }
        let selection = format!("environment {{ id tokenMode connection {{ {CONNECTION} }} }}");
        mutate(who, "addEnvironment", &selection, input).await
    }

    /// A build service whose builds write the hash of the token that `staging` gives them to a file outside.
    pub(super) async fn service(&self) -> String {
        let folder = self.world.folder().join("web");
        let outside = self.world.outside("given");
        let pipeline = format!(
            "stages:\n  - name: build\n    run: echo built\n  - name: ship\n    environment: staging\n    run: |\n      \
             sha256sum < \"$ALM_TOKEN_STAGING_FILE\" >> {}\n      cat \"$ALM_TOKEN_STAGING_FILE\"\n",
            outside.display()
        );
        repository(&folder, &pipeline);
        let api = self.world.api();
        let providers = api.ask("{ providers(first: 1) { nodes { id } } }", json!({})).await;
        let input = json!({
            "projectId": self.project, "providerId": providers["providers"]["nodes"][0]["id"], "slug": "web",
            "displayName": "web", "repository": { "url": folder, "ref": "main" },
        });
        let made = done(&api, "createBuildService", "service { id }", input).await;
        made["service"]["id"].as_str().unwrap().to_owned()
    }

    /// The hashes of the tokens that stages were given.
    pub(super) fn given(&self) -> Vec<String> {
        let told = self.world.told("given");
        told.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
    }

    /// Whether the cluster was ever shown this token.
    pub(super) async fn was_shown(&self, token: &str) -> bool {
        self.home.command("shown", json!({})).await.as_array().unwrap().iter().any(|shown| shown == token)
    }
}

/// A mutation in which nothing may be wrong.
pub(super) async fn done(who: &Api, name: &str, selection: &str, input: Value) -> Value {
    let payload = mutate(who, name, selection, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{name}: {payload}");
    payload
}

pub(super) fn id(payload: &Value) -> String {
    payload["environment"]["id"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned()
}

/// What this person has in an environment.
pub(super) async fn connection(who: &Api, environment: &str) -> Value {
    let query = format!("query($id: ID!) {{ environment(by: {{id: $id}}) {{ connection {{ {CONNECTION} }} }} }}");
    who.ask(&query, json!({ "id": environment })).await["environment"]["connection"].clone()
}

/// The same, once it is so.
pub(super) async fn until(who: &Api, environment: &str, status: &str) -> Value {
    eventually(&format!("the connection is {status}"), async || {
        let connection = connection(who, environment).await;
        (connection["status"] == status).then_some(connection)
    })
    .await
}

/// What is said before a start, of the one environment.
pub(super) async fn check(who: &Api, service: &str) -> Value {
    let query = "query($id: ID!) { canStart(serviceId: $id) { environments { state blocks message } } }";
    who.ask(query, json!({ "id": service })).await["canStart"]["environments"][0].clone()
}

/// Starts a build: its id, and its state.
pub(super) async fn start(who: &Api, service: &str) -> (String, String) {
    let payload = mutate(who, "startBuild", "build { id status }", json!({ "serviceId": service })).await;
    let text = |field: &str| payload["build"][field].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned();
    (text("id"), text("status"))
}

/// Follows a build to its end: its state.
pub(super) async fn ended(who: &Api, build: &str) -> String {
    eventually("the build is over", async || {
        let state = who.build(build).await.ok()?;
        (state["log"]["isComplete"] == true).then(|| state["status"].as_str().unwrap().to_owned())
    })
    .await
}

pub(super) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
