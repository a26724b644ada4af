//! The token of a cluster lives for a day: by the clock, what is said before its end, at its end, and after it was made again.

use std::{sync::Arc, time::Duration};

use alm_build_spi::conformance::fake::Script;
use alm_cluster_sim::{Cluster, OauthClient};
use alm_domain::{Clock, ManualClock, SystemClock};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    browser::{PASSWORD, consent},
    stage::{BUILDS, CLIENT, settings},
};
use crate::support::{BuildView, Setup, TestApp};

const DAY: Duration = Duration::from_secs(86_400);
const CONNECTION: &str = "id status statusReason account expiresAt renewsItself";

/// A server in this process, whose clock moves when it is told to, and a cluster whose clock moves with it.
struct Stage {
    app: TestApp,
    cluster: Cluster,
    clock: Arc<ManualClock>,
    begun: alm_domain::Timestamp,
    environment: String,
    service: String,
}

impl Stage {
    async fn set(kind: &str, own: &[(&str, Value)]) -> Self {
        let cluster = Cluster::start().await;
        cluster.project(BUILDS, "alice");
        cluster.password("alice", PASSWORD);
        let begun = SystemClock.now();
        let clock = Arc::new(ManualClock::at(begun));
        let app = Setup::fake(Script::new()).connecting().clock(clock.clone()).start().await;
        cluster.oauth_client(OauthClient {
            id: CLIENT.to_owned(),
            secret: "secret of a day".to_owned(),
            redirect: format!("{}oauth/callback", app.base()),
            life: DAY,
            prompt: true,
        });
        let input = json!({ "origin": cluster.url(), "clientId": CLIENT, "clientSecret": "secret of a day", "scopes": ["user:full"] });
        app.done("registerOAuthClient", "client { id }", input).await;
        let input = json!({ "slug": "cluster", "displayName": "The cluster", "kind": kind, "endpoint": cluster.url() });
        let provider = app.done("registerProvider", "provider { id }", input).await["provider"]["id"].clone();
        let project = app.project("shop").await;
        let input = json!({
            "projectId": project, "displayName": "builds", "role": "BUILD", "namespace": BUILDS,
            "endpoint": { "url": cluster.url(), "name": "builds" },
        });
        let added = app.done("addEnvironment", "environment { id }", input).await;
        let environment = added["environment"]["id"].as_str().unwrap().to_owned();
        let mut stage = Self { app, cluster, clock, begun, environment, service: String::new() };
        stage.connect().await;
        let own: Vec<_> = own.iter().cloned().chain([("namespace", json!(BUILDS))]).collect();
        let input = json!({
            "projectId": project, "providerId": provider, "slug": "web", "displayName": "web",
            "repository": { "url": "https://git.example.test/shop/app.git", "ref": "main" }, "configuration": settings(&own),
        });
        let made = stage.app.done("createBuildService", "service { id }", input).await;
        stage.service = made["service"]["id"].as_str().unwrap().to_owned();
        stage
    }

    /// Connects the account by way of the cluster's own pages, and gives the connection.
    async fn connect(&self) -> Value {
        let input = json!({ "environmentId": self.environment, "returnTo": "/" });
        let begun = self.app.done("startOAuthConnection", "authorizationUrl", input).await;
        let home = self.app.base();
        let callback = consent(begun["authorizationUrl"].as_str().unwrap(), "alice", &home).await;
        let input = json!({ "code": callback.code, "state": callback.state });
        let made = self.app.done("completeOAuthConnection", &format!("connection {{ {CONNECTION} }}"), input).await;
        made["connection"].clone()
    }

    /// Lets time pass, here and at the cluster.
    fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
        self.cluster.skew(self.clock.now() - self.begun);
    }

    /// Whether, and why, nobody looks after a build.
    async fn degraded(&self, build: &BuildView) -> Value {
        let query = "query($id: ID!) { build(by: { id: $id }) { degradedSince degradedReasonCode } }";
        self.app.graphql(query, json!({ "id": build.id() })).await["build"].clone()
    }

    /// The connection, once it is told to be so.
    async fn told(&self, status: &str) -> Value {
        let query = format!(
            "subscription {{ viewerUpdates {{ ... on ViewerSnapshot {{ viewer {{ connections {{ {CONNECTION} }} }} }}
            ... on ConnectionChanged {{ connection {{ {CONNECTION} }} }} }} }}"
        );
        let of = |event: &Value| {
            let listed = event["viewer"]["connections"].as_array().into_iter().flatten();
            listed.chain([&event["connection"]]).find(|connection| connection["status"] == status).cloned()
        };
        let mut events = self.app.subscribe(&query, json!({})).await;
        of(&events.until(|event| of(event).is_some()).await).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_day_is_told_to_end_and_has_ended_by_the_clock_and_its_builds_go_on_after_connecting_again() {
    let script = "echo line 1\nawait go\necho line 2";
    for (kind, own) in [
        ("OPENSHIFT", vec![("strategy", json!("Docker")), ("dockerfile", json!(script))]),
        ("TEKTON", vec![("pipeline.definition", super::tekton::pipeline(&[("work", script)]))]),
    ] {
        let stage = Stage::set(kind, &own).await;
        let connected = stage.told("CONNECTED").await;
        let day = (stage.begun + DAY).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        assert_eq!((&connected["expiresAt"], &connected["renewsItself"]), (&json!(day), &json!(false)), "{kind}");
        let build = stage.app.start_build(&stage.service).await;
        stage.app.build_log(&build, None).await.until(|event| event["lines"][0]["text"] == "line 1").await;
        // A quarter of an hour before the end.
        stage.pass(TimeDelta::hours(24) - TimeDelta::minutes(15));
        stage.told("EXPIRING").await;
        assert!(stage.degraded(&build).await["degradedSince"].is_null(), "{kind}");

        stage.pass(TimeDelta::minutes(16));
        let requests = stage.cluster.requests().len();
        let ended = stage.told("EXPIRED").await;
        assert!(ended["statusReason"].as_str().unwrap().contains("connect the account again"), "{kind}: {ended}");
        let degraded = stage.app.follow_until(&build, |now| now["degradedSince"].is_string()).await;
        assert_eq!(degraded.status(), "RUNNING", "{kind}");
        assert_eq!(stage.degraded(&build).await["degradedReasonCode"], "CREDENTIAL", "{kind}");
        let second = stage.app.mutate("startBuild", "build { id }", json!({ "serviceId": stage.service })).await;
        assert_eq!(second["userErrors"][0]["code"], "CREDENTIAL_NEEDED", "{kind}: {second}");
        let second = stage.app.build(second["build"]["id"].as_str().unwrap()).await;
        assert_eq!(second.status(), "WAITING_FOR_CREDENTIAL", "{kind}");
        stage.cluster.open_gate("go");
        let asked = stage.cluster.requests().split_off(requests);
        assert!(asked.iter().all(|seen| seen.user.is_none()), "{kind}: nobody is taken for alice: {asked:?}");

        assert_eq!(stage.connect().await["id"], connected["id"], "{kind}");
        for build in [&build, &second] {
            assert_eq!(stage.app.follow(build).await.status(), "SUCCEEDED", "{kind}");
            assert_eq!(stage.app.log(build).await.lines().count(), 2, "{kind}");
        }
        assert!(stage.degraded(&build).await["degradedSince"].is_null(), "{kind}");
    }
}
