//! A server in a process of its own, issuers and clusters, and people who connect their accounts.

use serde_json::{Value, json};

use crate::{
    recovery::support::{Api, World},
    support::{Callback, Issuer},
};

/// What the sign-in issuer calls this service.
const AUDIENCE: &str = "urn:alm";
const ERRORS: &str = "userErrors { code path message }";

/// The whole stage. Alice and Bob may do everything, so that what they cannot do is for no lack of rights.
pub(crate) struct Stage {
    pub(crate) world: World,
    /// Where people sign in.
    pub(crate) home: Issuer,
    /// Gives refresh tokens.
    pub(crate) steady: Issuer,
    /// Gives none, and tokens of 30 seconds.
    pub(crate) fleeting: Issuer,
    pub(crate) project: String,
}

impl Stage {
    /// `None` where there is no Node.js.
    pub(crate) async fn set(variables: &[(&str, &str)]) -> Option<Self> {
        let home = Issuer::start(json!({ "name": "home" })).await?;
        let (steady, fleeting) = (Issuer::with_refresh().await?, Issuer::without_refresh().await?);
        let mut world = World::new()
            .with("ALM_SIGN_IN_ISSUER", &home.address)
            .with("ALM_SIGN_IN_AUDIENCE", AUDIENCE)
            .with("ALM_SIGN_IN_ADMINS", "alice,bob")
            .with("ALM_SIGN_IN_KEEP_TOKEN", "true")
            .with("ALM_OUTBOUND_ALLOWED", "127.0.0.0/8");
        for (name, value) in variables {
            world = world.with(name, value);
        }
        world.start().await;
        let mut stage = Self { world, home, steady, fleeting, project: String::new() };
        let made =
            stage.done("createProject", "project { id }", json!({ "slug": "shop", "displayName": "The shop" })).await;
        stage.project = made["project"]["id"].as_str().unwrap().to_owned();
        for issuer in [&stage.steady, &stage.fleeting] {
            issuer.add_client("builds", &format!("{}/oauth/callback", stage.world.api().address)).await;
        }
        Some(stage)
    }

    /// A person, signed in for an hour.
    pub(crate) async fn person(&self, name: &str) -> Api {
        let claims = json!({ "sub": name, "preferred_username": name, "name": name });
        Api::new(self.world.api().address, self.home.jwt(claims, 3600).await)
    }

    /// An environment on the cluster beside an issuer, for which its client is registered.
    pub(crate) async fn environment(&self, name: &str, role: &str, issuer: &Issuer) -> String {
        let host = issuer.address.trim_start_matches("http://");
        let client = json!({
            "origin": issuer.cluster, "clientId": "builds", "clientSecret": issuer.client_secret,
            "scopes": ["openid", "offline_access"], "tokenHosts": [host],
        });
        self.done("registerOAuthClient", "client { id }", client).await;
        let input = json!({
            "projectId": self.project, "endpoint": { "url": issuer.cluster, "name": name }, "displayName": name, "role": role,
        });
        let added = self.done("addEnvironment", "environment { id }", input).await;
        added["environment"]["id"].as_str().unwrap_or_else(|| panic!("{added}")).to_owned()
    }

    /// A build service of the project, for a repository on the embedded provider.
    pub(crate) async fn service(&self, slug: &str, repository: &str) -> String {
        let providers = self.world.api().ask("{ providers(first: 1) { nodes { id } } }", json!({})).await;
        let input = json!({
            "projectId": self.project, "providerId": providers["providers"]["nodes"][0]["id"], "slug": slug, "displayName": slug,
            "repository": { "url": repository, "ref": "main" },
        });
        let made = self.done("createBuildService", "service { id }", input).await;
        made["service"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// A mutation of the administrator in which nothing may be wrong.
    pub(crate) async fn done(&self, name: &str, selection: &str, input: Value) -> Value {
        let payload = mutate(&self.world.api(), name, selection, input).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}: {payload}");
        payload
    }
}

/// The payload of a mutation.
pub(crate) async fn mutate(api: &Api, name: &str, selection: &str, input: Value) -> Value {
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query = format!("mutation($input: {kind}!) {{ done: {name}(input: $input) {{ {selection} {ERRORS} }} }}");
    api.ask(&query, json!({ "input": input })).await["done"].clone()
}

/// Begins to connect; where to sign in.
pub(crate) async fn begin(api: &Api, environment: &str) -> String {
    let input = json!({ "environmentId": environment, "returnTo": "/projects/shop" });
    let begun = mutate(api, "startOAuthConnection", "authorizationUrl connection { status }", input).await;
    begun["authorizationUrl"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned()
}

/// Completes with what the browser was sent back with.
pub(crate) async fn complete(api: &Api, callback: &Callback) -> Value {
    let input = json!({ "code": callback.code, "state": callback.state, "iss": callback.iss });
    mutate(api, "completeOAuthConnection", "returnTo connection { id status account renewsItself expiresAt }", input)
        .await
}

/// Connects an account of the same name, and gives the connection.
pub(crate) async fn connect(api: &Api, environment: &str, issuer: &Issuer, user: &str) -> Value {
    let callback = issuer.approve(&begin(api, environment).await, user).await;
    let payload = complete(api, &callback).await;
    assert_eq!(payload["connection"]["status"], "CONNECTED", "{payload}");
    payload["connection"].clone()
}
