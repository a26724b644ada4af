//! Builds that a cluster starts by itself, or somebody there: they appear, and are followed like all others.

use std::{collections::BTreeSet, time::Duration};

use alm_build_spi::conformance::fake::Script;
use alm_cluster_sim::{Cluster, Fault, Role, Seen};
use alm_domain::{Clock, Grant, GrantStatus, Principal, ProjectRole, SystemClock, Timestamp, UserId};
use alm_store::TokenChange;
use chrono::TimeDelta;
use reqwest::Client;
use serde_json::{Value, json};

use super::stage::{BUILDS, settings};
use crate::{
    recovery::support::eventually,
    support::{Accounts, BuildView, Setup, TestApp},
};

const SCRIPT: &str = "echo line 1\nawait go\necho line 2";
const BUILD: &str = "id number status ref queuedAt degradedSince degradedReasonCode warnings { code message }
    trigger { kind actor { __typename ... on SystemActor { component } } }";

/// A server in this process, a cluster, and a build service in front of it. The people's accounts at the cluster are called `alice` (of
/// whoever asks in these stories, who owns the project) and so on.
struct Stage {
    app: TestApp,
    cluster: Cluster,
    accounts: Accounts,
    kind: &'static str,
    provider: String,
    project: String,
    environment: String,
}

impl Stage {
    async fn set(kind: &'static str) -> Self {
        let cluster = Cluster::start().await;
        cluster.project(BUILDS, "alice");
        let accounts = Accounts::default();
        let (hold, recheck) = (Duration::from_secs(3_600), Duration::from_millis(200));
        let setup = Setup::fake(Script::new()).finding(Duration::from_millis(100)).holding(hold, recheck);
        let app = setup.accounts(&accounts).start().await;
        let input = json!({ "slug": "cluster", "displayName": "The cluster", "kind": kind, "endpoint": cluster.url() });
        let made = app.done("registerProvider", "provider { id }", input).await;
        let provider = made["provider"]["id"].as_str().unwrap().to_owned();
        let project = app.project("shop").await;
        let input = json!({
            "projectId": project, "displayName": "builds", "role": "BUILD", "namespace": BUILDS,
            "endpoint": { "url": cluster.url(), "name": "builds" },
        });
        let added = app.done("addEnvironment", "environment { id }", input).await;
        let environment = added["environment"]["id"].as_str().unwrap().to_owned();
        let stage = Self { app, cluster, accounts, kind, provider, project, environment };
        stage.connect(me(), "alice").await;
        stage
    }

    /// This person's account at the cluster is connected; its token.
    async fn connect(&self, user: UserId, account: &str) -> String {
        let system = Principal::system("story");
        let grant = Grant { status: GrantStatus::Connected, ..Grant::none(self.environment.parse().unwrap(), user) };
        self.app.app().store().write_grant(&system, grant, TokenChange::Keep, None, None).await.unwrap();
        let token = self.cluster.token(account);
        self.accounts.connect(user, "builds", &token);
        self.app.app().connections_changed(user);
        token
    }

    /// Somebody else of the project, whose account has this role on the cluster.
    async fn colleague(&self, login: &str, here: ProjectRole, there: Role) -> UserId {
        let person = self.app.member(login, false, "shop", here).await.user().unwrap();
        self.cluster.grant(login, BUILDS, there);
        self.connect(person, login).await;
        person
    }

    /// A build service, whose builds do this.
    async fn service(&self, slug: &str, script: &str) -> String {
        let own = match self.kind {
            "OPENSHIFT" => vec![
                ("strategy", json!("Docker")),
                ("dockerfile", json!(script)),
                ("secrets.mount", json!("/run/alm")),
                ("run.policy", json!("Parallel")),
            ],
            _ => {
                let step = json!({ "name": "work", "image": "example.test/image", "script": script });
                let tasks = json!([{ "name": "work", "taskSpec": { "steps": [step] } }]);
                self.cluster.put("pipelines.tekton.dev", BUILDS, slug, json!({ "spec": { "tasks": tasks } }));
                vec![("pipeline", json!(slug))]
            }
        };
        self.service_with(slug, &own).await
    }

    async fn service_with(&self, slug: &str, own: &[(&str, Value)]) -> String {
        let own: Vec<_> = own.iter().cloned().chain([("namespace", json!(BUILDS))]).collect();
        let input = json!({
            "projectId": self.project, "providerId": self.provider, "slug": slug, "displayName": slug,
            "repository": { "url": "https://git.example.test/shop/app.git", "ref": "main" }, "configuration": settings(&own),
        });
        let made = self.app.done("createBuildService", "service { id }", input).await;
        made["service"]["id"].as_str().unwrap().to_owned()
    }

    const fn runs(&self) -> &'static str {
        match self.kind.as_bytes() {
            b"OPENSHIFT" => "builds.build.openshift.io",
            _ => "pipelineruns.tekton.dev",
        }
    }

    /// What `oc start-build` and `tkn pipeline start` do, for somebody there.
    async fn run_there(&self, slug: &str) {
        let home = format!("{}/apis", self.cluster.url());
        let (path, body) = match self.kind {
            "OPENSHIFT" => {
                let name = self.config(slug);
                let body = json!({
                    "apiVersion": "build.openshift.io/v1", "kind": "BuildRequest", "metadata": { "name": name },
                    "triggeredBy": [{ "message": "Manually triggered" }],
                });
                (format!("build.openshift.io/v1/namespaces/{BUILDS}/buildconfigs/{name}/instantiate"), body)
            }
            _ => {
                let body = json!({
                    "apiVersion": "tekton.dev/v1", "kind": "PipelineRun",
                    "metadata": { "generateName": format!("{slug}-") }, "spec": { "pipelineRef": { "name": slug } },
                });
                (format!("tekton.dev/v1/namespaces/{BUILDS}/pipelineruns"), body)
            }
        };
        self.cluster.grant("dave", BUILDS, Role::Edit);
        let asked = client().post(format!("{home}/{path}")).bearer_auth(self.cluster.token("dave")).json(&body);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }

    /// The BuildConfig of a build service.
    fn config(&self, slug: &str) -> String {
        let made = self.cluster.objects("buildconfigs.build.openshift.io", BUILDS);
        let names = made.iter().map(|config| config["metadata"]["name"].as_str().unwrap());
        names.filter(|name| name.ends_with(slug)).max_by_key(|name| name.len()).unwrap().to_owned()
    }

    /// The builds of a build service, oldest first.
    async fn builds(&self, service: &str) -> Vec<Value> {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on BuildService {{ builds(first: 50) {{ nodes {{ {BUILD} }} }} }} }} }}"
        );
        let told = self.app.graphql(&query, json!({ "id": service })).await["node"]["builds"]["nodes"].clone();
        let mut builds = told.as_array().unwrap().clone();
        builds.reverse();
        builds
    }

    /// The only build of a build service, once it is there.
    async fn only_build(&self, service: &str) -> BuildView {
        let found = eventually("the build", async || self.builds(service).await.pop()).await;
        assert_eq!(self.builds(service).await.len(), 1);
        BuildView(found)
    }

    async fn now(&self, build: &BuildView) -> Value {
        let query = format!("query($id: ID!) {{ build(by: {{ id: $id }}) {{ {BUILD} }} }}");
        self.app.graphql(&query, json!({ "id": build.id() })).await["build"].clone()
    }

    /// The build's first lines have come.
    async fn first_line(&self, build: &BuildView) {
        self.app.build_log(build, None).await.until(|event| event["lines"][0]["text"] == "line 1").await;
    }

    /// Waits until the server has looked through the runs of this kind so many times more.
    async fn looked(&self, times: usize) {
        let looks = || self.cluster.requests().iter().filter(|seen| self.is_look(seen)).count();
        let before = looks();
        eventually("the looks", async || (looks() >= before + times).then_some(())).await;
    }

    /// Whether it is a look at the runs of a build service, which no follower of a build takes.
    fn is_look(&self, seen: &Seen) -> bool {
        let list = match self.kind {
            "OPENSHIFT" => seen.path.contains("/builds?") && seen.path.contains("buildconfig"),
            _ => seen.path.contains("/pipelineruns?") && seen.path.contains("limit="),
        };
        list && seen.method == "GET" && !seen.path.contains("watch=")
    }

    /// Whose accounts these looks were taken with since then.
    fn readers(&self, since: usize) -> BTreeSet<String> {
        let asked = self.cluster.requests().split_off(since).into_iter();
        asked.filter(|seen| self.is_look(seen)).filter_map(|seen| seen.user).collect()
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn me() -> UserId {
    Principal::single_user().user().unwrap()
}

fn log(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.rsplit_once("line ").map_or(line, |(_, number)| number)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_started_on_a_cluster_appears_live_and_is_followed_without_secrets() {
    for kind in ["OPENSHIFT", "TEKTON"] {
        let stage = Stage::set(kind).await;
        let web = stage.service("web", SCRIPT).await;
        let secret = json!({ "serviceId": web, "secret": { "name": "NPM", "value": "canary-of-no-external-build" } });
        stage.app.done("setSecret", "service { id }", secret).await;
        let mut told = stage.app.project_updates(&stage.project, None).await;
        told.until(|event| event["__typename"] == "ProjectSnapshot").await;
        let asked = stage.cluster.requests().len();
        stage.run_there("web").await;
        let added = told.until(|event| event["__typename"] == "BuildAdded").await;
        let build = stage.only_build(&web).await;
        assert_eq!(added["edge"]["node"]["id"], build.id(), "{kind}");
        let trigger = json!({ "kind": "EXTERNAL", "actor": { "__typename": "SystemActor", "component": "cluster" } });
        assert_eq!(
            (&build.0["trigger"], &build.0["number"], &build.0["ref"]),
            (&trigger, &json!(1), &json!(null)),
            "{kind}"
        );
        stage.first_line(&build).await;
        stage.cluster.open_gate("go");
        let ended = stage.app.follow(&build).await;
        assert_eq!(ended.status(), "SUCCEEDED", "{kind}: {ended:?}");
        assert_eq!(log(&stage.app.log(&build).await), ["1", "2"], "{kind}");
        assert_eq!(ended.0["warnings"], json!([]), "{kind}");
        // It was only read, and nothing was made for it.
        stage.looked(3).await;
        let ours = |seen: &&Seen| seen.user.as_deref() == Some("alice");
        let asked: Vec<_> = stage.cluster.requests().split_off(asked);
        let done: Vec<_> = asked.iter().filter(ours).filter(|seen| seen.method != "GET").collect();
        assert!(done.iter().all(|seen| seen.path.contains("selfsubject")), "{kind}: {done:?}");
        let given = stage.cluster.objects("secrets", BUILDS).iter().any(|kept| kept.to_string().contains("alm-build"));
        assert!(!given, "{kind}: no secrets were made for it");

        // Once, and our own builds are not taken for others.
        let own = stage.app.start_build(&web).await;
        stage.app.follow(&own).await;
        let again = stage.app.rerun(&build, json!({ "beginning": true })).await;
        stage.app.follow(&again).await;
        stage.looked(3).await;
        let kinds: Vec<_> = stage.builds(&web).await.iter().map(|build| build["trigger"]["kind"].clone()).collect();
        assert_eq!(kinds, ["EXTERNAL", "MANUAL", "RERUN"], "{kind}");
        assert_eq!(stage.cluster.objects(stage.runs(), BUILDS).len(), 3, "{kind}");

        // Both trails of it.
        let query = "query($id: ID!) { auditEvents(projectId: $id, filter: { verbPrefix: \"build.import\" }) {
            nodes { subjectId actor { ... on SystemActor { component } } } } }";
        let trail = stage.app.graphql(query, json!({ "id": stage.project })).await["auditEvents"]["nodes"].clone();
        assert_eq!(trail, json!([{ "subjectId": build.id(), "actor": { "component": "cluster" } }]), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_a_webhook_starts_holds_up_ones_own_and_both_are_seen() {
    let stage = Stage::set("OPENSHIFT").await;
    let own = [("strategy", json!("Docker")), ("dockerfile", json!(SCRIPT)), ("run.policy", json!("Serial"))];
    let web = stage.service_with("web", &own).await;
    let config = stage.config("web");
    let hook = json!({ "spec": { "triggers": [{ "type": "Generic", "generic": { "secret": "s3cret" } }] } });
    stage.cluster.patch("buildconfigs.build.openshift.io", BUILDS, &config, &hook);
    let home = format!("{}/apis/build.openshift.io/v1/namespaces/{BUILDS}", stage.cluster.url());
    let url = format!("{home}/buildconfigs/{config}/webhooks/s3cret/generic");
    assert_eq!(client().post(url).send().await.unwrap().status(), 200);
    let first = stage.only_build(&web).await;
    stage.first_line(&first).await;
    let mine = stage.app.start_build(&web).await;
    let waiting = stage.app.follow_until(&mine, |now| now["statusReasonCode"] == "WAITING_FOR_SLOT").await;
    assert!(waiting.reason().contains("Serial"), "{waiting:?}");
    assert_eq!(stage.now(&first).await["status"], "RUNNING", "what it waits for is there to be seen");
    stage.cluster.open_gate("go");
    for build in [&first, &mine] {
        assert_eq!(stage.app.follow(build).await.status(), "SUCCEEDED");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_over_before_the_build_service_was_made_stays_on_the_cluster() {
    let stage = Stage::set("OPENSHIFT").await;
    let web = stage.service("web", SCRIPT).await;
    let made = stage.config("web");
    let mut object = stage.cluster.object("buildconfigs.build.openshift.io", BUILDS, &made).unwrap();
    // The same again, as people made it who have never heard of this service.
    object["metadata"] = json!({ "name": "old", "namespace": BUILDS });
    object["status"] = json!({ "lastVersion": 0 });
    stage.cluster.put("buildconfigs.build.openshift.io", BUILDS, "old", object);
    stage.cluster.skew(-TimeDelta::hours(3));
    stage.cluster.script(BUILDS, "old", "echo line 1");
    stage.run_there("old").await;
    let over = |build: &Value| build["status"]["phase"] == "Complete";
    let patience = crate::support::PATIENCE;
    stage.cluster.until(stage.runs(), BUILDS, "old-1", patience, over).await.expect("its end");
    stage.cluster.script(BUILDS, "old", SCRIPT);
    stage.run_there("old").await;
    stage.cluster.skew(TimeDelta::zero());
    let own = [("build_config", json!("old"))];
    let old = stage.service_with("adopted", &own).await;
    let running = stage.only_build(&old).await;
    stage.looked(3).await;
    assert_eq!(stage.builds(&old).await.len(), 1, "the one that runs, and none of those that were over");
    let queued: Timestamp = running.0["queuedAt"].as_str().unwrap().parse().unwrap();
    assert!(SystemClock.now() - queued > TimeDelta::hours(2), "it was asked for long ago: {queued}");
    stage.cluster.open_gate("go");
    assert_eq!(stage.app.follow(&running).await.status(), "SUCCEEDED");
    assert_eq!(stage.builds(&web).await, [] as [Value; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_read_with_the_account_of_a_member_who_may_build_and_stopped_with_that_of_whoever_asks() {
    for kind in ["OPENSHIFT", "TEKTON"] {
        let stage = Stage::set(kind).await;
        let web = stage.service("web", SCRIPT).await;
        stage.accounts.disconnect(me(), "builds");
        // A viewer's account is nobody's to read with, however much it may on the cluster.
        stage.colleague("victor", ProjectRole::Viewer, Role::Admin).await;
        let since = stage.cluster.requests().len();
        stage.run_there("web").await;
        stage.colleague("bob", ProjectRole::Developer, Role::Edit).await;
        let build = stage.only_build(&web).await;
        stage.first_line(&build).await;
        assert_eq!(stage.readers(since), BTreeSet::from(["bob".to_owned()]), "{kind}");

        stage.app.cancel(&build).await;
        let waits = |now: &Value| now["warnings"].as_array().unwrap().iter().any(|one| one["code"] == "CANCEL_WAITS");
        eventually("it waits for an account", async || Some(stage.now(&build).await).filter(waits)).await;
        let stops = || -> BTreeSet<Option<String>> {
            let asked = stage.cluster.requests().into_iter();
            asked.filter(|seen| seen.method == "PATCH").map(|seen| seen.user).collect()
        };
        assert_eq!(stops(), BTreeSet::new(), "{kind}: it is not stopped with another one's account");
        stage.connect(me(), "alice").await;
        assert_eq!(stage.app.follow(&build).await.status(), "CANCELLED", "{kind}");
        assert_eq!(stops(), BTreeSet::from([Some("alice".to_owned())]), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_an_account_ends_in_mid_build_it_waits_for_another_and_loses_nothing() {
    for kind in ["OPENSHIFT", "TEKTON"] {
        let stage = Stage::set(kind).await;
        let web = stage.service("web", SCRIPT).await;
        let alices = stage.connect(me(), "alice").await;
        stage.run_there("web").await;
        let build = stage.only_build(&web).await;
        stage.first_line(&build).await;
        stage.cluster.expire(&alices);
        stage.cluster.faults().cut_streams();
        let degraded = stage.app.follow_until(&build, |now| now["degradedSince"].is_string()).await;
        assert_eq!(degraded.status(), "RUNNING", "{kind}");
        let code = |now: &Value| now["degradedReasonCode"] == "CREDENTIAL";
        eventually("it says for what it waits", async || Some(stage.now(&build).await).filter(code)).await;
        // Whoever looks for runs may meet it beside whoever follows this one.
        let refused: BTreeSet<_> = stage.accounts.unauthorized().into_iter().collect();
        assert_eq!(refused, BTreeSet::from([(me(), "builds".to_owned())]), "{kind}: whose it was");
        stage.cluster.open_gate("go");
        let since = stage.cluster.requests().len();
        stage.colleague("bob", ProjectRole::Developer, Role::Edit).await;
        let ended = stage.app.follow(&build).await;
        assert_eq!(ended.status(), "SUCCEEDED", "{kind}: {ended:?}");
        assert_eq!(log(&stage.app.log(&build).await), ["1", "2"], "{kind}: each line once");
        assert!(stage.now(&build).await["degradedSince"].is_null(), "{kind}");
        stage.looked(1).await;
        assert_eq!(stage.readers(since), BTreeSet::from(["bob".to_owned()]), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_no_member_any_more_lends_no_account() {
    let stage = Stage::set("OPENSHIFT").await;
    let web = stage.service("web", SCRIPT).await;
    stage.accounts.disconnect(me(), "builds");
    let bob = stage.colleague("bob", ProjectRole::Developer, Role::Edit).await;
    stage.run_there("web").await;
    let build = stage.only_build(&web).await;
    stage.first_line(&build).await;
    let input = json!({ "projectId": stage.project, "userId": bob });
    stage.app.done("removeMember", "project { id }", input).await;
    let code = |now: &Value| now["degradedReasonCode"] == "CREDENTIAL";
    eventually("nobody reads it", async || Some(stage.now(&build).await).filter(code)).await;
    let since = stage.cluster.requests().len();
    stage.run_there("web").await;
    stage.cluster.open_gate("go");
    stage.connect(me(), "alice").await;
    assert_eq!(stage.app.follow(&build).await.status(), "SUCCEEDED");
    eventually("the other one", async || Some(stage.builds(&web).await).filter(|all| all.len() == 2)).await;
    let asked = stage.cluster.requests().split_off(since);
    assert!(asked.iter().all(|seen| seen.user.as_deref() != Some("bob")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_may_not_read_there_lets_others_go_first() {
    let stage = Stage::set("OPENSHIFT").await;
    let web = stage.service("web", SCRIPT).await;
    stage.colleague("bob", ProjectRole::Developer, Role::View).await;
    stage.run_there("web").await;
    let build = stage.only_build(&web).await;
    stage.first_line(&build).await;
    stage.cluster.revoke("alice", BUILDS);
    stage.cluster.faults().cut_streams();
    stage.run_there("web").await;
    let both = |all: &Vec<Value>| all.len() == 2;
    eventually("the other one", async || Some(stage.builds(&web).await).filter(both)).await;
    stage.cluster.open_gate("go");
    for build in stage.builds(&web).await {
        assert_eq!(stage.app.follow(&BuildView(build)).await.status(), "SUCCEEDED");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_often_the_server_dies_meanwhile_each_run_is_one_build() {
    for kind in ["OPENSHIFT", "TEKTON"] {
        let mut stage = Stage::set(kind).await;
        let web = stage.service("web", "echo line 1").await;
        for n in 0..6_u64 {
            stage.run_there("web").await;
            let own = stage.app.start_build(&web).await;
            stage.run_there("web").await;
            // In the midst of whatever it does: at each step of a round, over the six.
            let asked = stage.cluster.requests().len();
            eventually("some requests", async || {
                (stage.cluster.requests().len() as u64 >= asked as u64 + n * 2).then_some(())
            })
            .await;
            stage.app.crash();
            stage.app.open().await;
            assert_eq!(stage.app.follow(&own).await.status(), "SUCCEEDED", "{kind}");
        }
        let all =
            eventually("all of them", async || Some(stage.builds(&web).await).filter(|all| all.len() >= 18)).await;
        for build in all {
            assert_eq!(stage.app.follow(&BuildView(build)).await.status(), "SUCCEEDED", "{kind}");
        }
        stage.looked(3).await;
        let all = stage.builds(&web).await;
        let numbers: Vec<_> = all.iter().map(|build| build["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=18).collect::<Vec<_>>(), "{kind}");
        let external = all.iter().filter(|build| build["trigger"]["kind"] == "EXTERNAL").count();
        assert_eq!((external, stage.cluster.objects(stage.runs(), BUILDS).len()), (12, 18), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_away_or_forbids_it_is_looked_at_again_later() {
    for (kind, list) in [("OPENSHIFT", "/builds?"), ("TEKTON", "/pipelineruns?")] {
        let stage = Stage::set(kind).await;
        let web = stage.service("web", "echo line 1").await;
        stage.cluster.faults().trap(Fault::Error, "GET", list);
        stage.cluster.faults().sprung().await;
        stage.cluster.faults().heal();
        stage.cluster.revoke("alice", BUILDS);
        stage.run_there("web").await;
        let tries = || {
            let asked = stage.cluster.requests().into_iter();
            asked.filter(|seen| seen.user.as_deref() == Some("alice") && seen.method == "GET").count()
        };
        let before = tries();
        eventually("it is tried again", async || (tries() >= before + 2).then_some(())).await;
        assert_eq!(stage.builds(&web).await, [] as [Value; 0], "{kind}");
        stage.cluster.grant("alice", BUILDS, Role::Edit);
        let build = stage.only_build(&web).await;
        assert_eq!(stage.app.follow(&build).await.status(), "SUCCEEDED", "{kind}");
    }
}
