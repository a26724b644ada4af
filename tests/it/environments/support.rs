//! An environment whose OAuth server is a real issuer.

use std::sync::Arc;

use alm::app::App;
use alm_domain::{Clock, EnvironmentId, ManualClock, Principal, SystemClock, UserId};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Callback, Issuer, Setup, TestApp};

pub(super) const GRANT: &str =
    "id revision status statusReason account scopes connectedAt expiresAt renewsItself checkedAt
    environment { id name }";

/// A server, an issuer, and an environment at the issuer's cluster.
pub(super) struct World {
    pub(super) app: TestApp,
    pub(super) issuer: Issuer,
    pub(super) project: String,
    pub(super) environment: String,
}

impl World {
    /// A target environment at the issuer's cluster, with its OAuth client registered by the administrator.
    pub(super) async fn of(setup: Setup, issuer: Issuer) -> Self {
        let app = setup.start().await;
        let project = app.project("shop").await;
        let mut world = Self { app, issuer, project, environment: String::new() };
        world.register().await;
        world.environment = world.add("staging").await;
        world
    }

    /// The same, where it is the cluster that leads to its issuer, as OpenShift does. Gives the id of the client too.
    pub(super) async fn led_by_the_cluster(setup: Setup, issuer: Issuer) -> (Self, String) {
        let app = setup.start().await;
        let project = app.project("shop").await;
        let mut world = Self { app, issuer, project, environment: String::new() };
        let input = json!({
            "origin": world.issuer.cluster, "clientId": "shop", "clientSecret": world.issuer.client_secret,
            "scopes": ["openid"], "tokenHosts": [world.issuer.address.trim_start_matches("http://")],
        });
        let client = world.app.done("registerOAuthClient", "client { id }", input).await["client"]["id"].clone();
        let client = client.as_str().unwrap().to_owned();
        // A server that does not say its name has an address of its own to send people back to; the issuer knows no other.
        world.issuer.add_client("shop", &format!("{}oauth/callback/{client}", world.app.base())).await;
        world.environment = world.add("staging").await;
        (world, client)
    }

    /// Registers the issuer's client for its cluster: the issuer sends people back to this server.
    async fn register(&self) {
        let redirect = format!("{}oauth/callback", self.app.base());
        self.issuer.add_client("shop", &redirect).await;
        let input = json!({
            "origin": self.issuer.cluster, "clientId": "shop", "clientSecret": self.issuer.client_secret,
            "scopes": ["openid", "offline_access"], "issuer": self.issuer.address,
            "tokenHosts": [self.issuer.address.trim_start_matches("http://").trim_end_matches('/')],
        });
        self.app.done("registerOAuthClient", "client { id hasSecret }", input).await;
    }

    pub(super) async fn add(&self, name: &str) -> String {
        let input = json!({
            "projectId": self.project, "displayName": name, "role": "TARGET",
            "endpoint": {"url": self.issuer.cluster, "name": name},
        });
        let payload = self.app.done("addEnvironment", "environment { id }", input).await;
        payload["environment"]["id"].as_str().unwrap().to_owned()
    }

    /// Begins to connect, and gives where to sign in.
    pub(super) async fn begin(&self) -> String {
        let input = json!({"environmentId": self.environment, "returnTo": "/projects/shop"});
        let payload = self.app.done("startOAuthConnection", "authorizationUrl", input).await;
        payload["authorizationUrl"].as_str().unwrap().to_owned()
    }

    /// Signs in over there as this user.
    pub(super) async fn sign_in(&self, user: &str) -> Callback {
        self.issuer.approve(&self.begin().await, user).await
    }

    /// Brings the answer home.
    pub(super) async fn bring(&self, answer: &Callback) -> Value {
        self.app.mutate("completeOAuthConnection", &format!("returnTo connection {{ {GRANT} }}"), input(answer)).await
    }

    /// Connects an account, and gives the grant.
    pub(super) async fn connect(&self, user: &str) -> Value {
        let answer = self.sign_in(user).await;
        let payload = self.bring(&answer).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        payload["connection"].clone()
    }

    /// The caller's grant as it stands.
    pub(super) async fn grant(&self) -> Value {
        let query = format!("query($id: ID!) {{ environment(by: {{id: $id}}) {{ connection {{ {GRANT} }} }} }}");
        self.app.graphql(&query, json!({"id": self.environment})).await["environment"]["connection"].clone()
    }

    pub(super) async fn disconnect(&self, grant: &Value) -> Value {
        let input = json!({"connectionId": grant["id"]});
        self.app.done("disconnectOAuthConnection", &format!("leftBehind connection {{ {GRANT} }}"), input).await
    }

    pub(super) fn inner(&self) -> &App {
        self.app.app()
    }

    pub(super) fn environment_id(&self) -> EnvironmentId {
        self.environment.parse().unwrap()
    }

    /// The environment itself, for what programs of ours ask.
    pub(super) async fn domain(&self) -> alm_domain::Environment {
        let system = Principal::system("story");
        self.inner().store().environments(&system, &[self.environment_id()]).await.unwrap().pop().unwrap()
    }

    /// Who calls in these stories.
    pub(super) fn me() -> UserId {
        Principal::single_user().user().unwrap()
    }

    /// Waits until the grant is told to be in this state.
    pub(super) async fn until(&self, status: &str) -> Value {
        let query = format!(
            "subscription {{ viewerUpdates {{ __typename
            ... on ViewerSnapshot {{ viewer {{ connections {{ {GRANT} }} }} }}
            ... on ConnectionChanged {{ connection {{ {GRANT} }} }} }} }}"
        );
        let mut events = self.app.subscribe(&query, json!({})).await;
        let is = |event: &Value| {
            let listed = event["viewer"]["connections"].as_array().into_iter().flatten();
            listed.chain([&event["connection"]]).any(|grant| grant["status"] == status)
        };
        events.until(is).await;
        self.grant().await
    }
}

/// An answer as the page passes it on.
pub(super) fn input(answer: &Callback) -> Value {
    json!({"code": answer.code, "state": answer.state, "iss": answer.iss})
}

/// A clock that only moves when it is told to.
pub(super) fn still() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(SystemClock.now()))
}

pub(super) fn seconds(n: i64) -> TimeDelta {
    TimeDelta::seconds(n)
}
