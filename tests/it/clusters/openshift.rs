//! From signing in to a version that runs on a second cluster.

use std::collections::BTreeSet;

use alm_cluster_sim::Role;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::stage::{BUILDS, LIVE, Stage, done};
use crate::recovery::support::eventually;

const BUILD_OBJECTS: &str = "builds.build.openshift.io";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_of_a_cluster_is_started_watched_and_read() {
    let stage = Stage::set("OPENSHIFT").await;
    let own = [("strategy", json!("Docker")), ("dockerfile", json!("echo line 1\nawait go\necho line 2\necho line 3"))];
    let web = stage.service("web", &own).await;
    let build = stage.alice.start(&web, "the one").await;
    let watcher = stage.follow(&build);
    let begun = |now: &Value| now["log"]["lineCount"] == 1 && now["status"] == "RUNNING";
    stage.build_until(&build, "the first line", begun).await;
    let fetched =
        |now: &Value| now["steps"][0]["name"] == "FetchGitSource" && now["steps"][0]["finishedAt"].is_string();
    stage.build_until(&build, "the first step", fetched).await;
    stage.first.open_gate("go");
    let watched = watcher.complete().await;
    watched.log.assert_numbered(3);
    // What a watcher who comes late is told of the states before is the newest one.
    assert_eq!(watched.state.newest(), "SUCCEEDED", "{watched:?}");
    let ended = stage.alice.build(&build).await.unwrap();
    let steps: Vec<_> = ended["steps"].as_array().unwrap().iter().map(|step| (&step["group"], &step["name"])).collect();
    let wanted = [("FetchInputs", "FetchGitSource"), ("Build", "DockerBuild"), ("PushImage", "PushDockerImage")]
        .map(|(a, b)| (json!(a), json!(b)));
    assert_eq!(steps, wanted.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());
    assert_eq!(ended["stages"], json!([]), "it is a pipeline of no stages");
    let made = stage.first.objects(BUILD_OBJECTS, BUILDS);
    assert_eq!(made.len(), 1, "{made:?}");
    let asked = stage.first.requests();
    assert!(asked.iter().filter(|seen| seen.path.contains(BUILDS)).all(|seen| seen.user.as_deref() == Some("alice")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_of_a_cluster_asks_and_goes_on_when_it_is_answered() {
    let stage = Stage::set("OPENSHIFT").await;
    let script = "stage Build\necho line 1\nstage Deploy\ninput Go Deploy it? | where=stage\necho line 2";
    let ship = stage.service("ship", &[("jenkinsfile", json!(script))]).await;
    let build = stage.alice.start(&ship, "the one").await;
    let watcher = stage.follow(&build);
    let asks =
        |now: &serde_json::Value| now["approvals"][0]["status"] == "PENDING" && now["status"] == "WAITING_FOR_APPROVAL";
    let waiting = stage.build_until(&build, "the question", asks).await;
    stage.alice.approve(waiting["approvals"][0]["id"].as_str().unwrap()).await.unwrap();
    let watched = watcher.complete().await;
    let own: Vec<_> = watched.log.said.iter().filter(|text| text.starts_with("line ")).collect();
    assert_eq!(own, ["line 1", "line 2"]);
    assert_eq!(watched.state.newest(), "SUCCEEDED");
    let ended = stage.alice.build(&build).await.unwrap();
    assert_eq!(ended["approvals"][0]["status"], "APPROVED");
    assert_eq!(ended["approvals"][0]["decisions"][0]["verdict"], "APPROVE");
    let stages: Vec<_> = ended["stages"].as_array().unwrap().iter().map(|stage| &stage["status"]).collect();
    assert_eq!(stages, ["SUCCEEDED", "SUCCEEDED"]);
    // Jenkins was answered once, by Alice herself.
    let answers: Vec<_> = stage.first.requests().into_iter().filter(|seen| seen.path.contains("inputSubmit")).collect();
    assert_eq!(answers.iter().map(|seen| seen.user.as_deref()).collect::<Vec<_>>(), [Some("alice")]);
    eventually("its secrets are gone", async || {
        let secrets = stage.first.objects("secrets", BUILDS);
        secrets.iter().all(|secret| !secret["data"]["secrettext"].is_string()).then_some(())
    })
    .await;
}

const STREAMS: &str = "imagestreams.image.openshift.io";
const DEPLOYMENTS: &str = "deployments.apps";
const DEPLOYMENT: &str = "id status statusReason build { number } carriedOutBy { id number }";

/// A deployment once it is settled.
async fn settled(stage: &Stage, deployment: &Value) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on Deployment {{ {DEPLOYMENT} }} }} }}");
    eventually("the deployment is settled", async || {
        let now = stage.alice.ask(&query, json!({ "id": deployment["id"] })).await["node"].clone();
        (!["WAITING_FOR_APPROVAL", "QUEUED", "RUNNING"].contains(&now["status"].as_str().unwrap())).then_some(now)
    })
    .await
}

/// The image that the workload on the second cluster has.
fn live_image(stage: &Stage) -> String {
    let web = stage.second.object(DEPLOYMENTS, LIVE, "web").unwrap();
    web["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_built_on_one_cluster_promoted_to_another_and_taken_back() {
    let stage = Stage::set("OPENSHIFT").await;
    // The second cluster may fetch what an account of the first sees that may fetch images, and nothing else.
    let host = stage.first.expose_registry();
    stage.second.reaches(&stage.first);
    stage.first.grant("puller", BUILDS, Role::View);
    let config = json!({ "auths": { host: { "username": "unused", "password": stage.first.token("puller") } } });
    let data = json!({ ".dockerconfigjson": STANDARD.encode(config.to_string()) });
    let secret = json!({ "type": "kubernetes.io/dockerconfigjson", "data": data });
    stage.first.put("secrets", BUILDS, "for-others", secret);
    stage.first.put(STREAMS, BUILDS, "web", json!({ "spec": {}, "status": {} }));
    let workload = json!({ "metadata": { "generation": 1 }, "spec": { "replicas": 2, "template": {
        "metadata": { "labels": { "app": "web" } },
        "spec": { "containers": [{ "name": "web", "image": "registry.example.test/shop/web:old" }] } } } });
    stage.second.put(DEPLOYMENTS, LIVE, "web", workload);
    let own = [
        ("strategy", json!("Docker")),
        ("dockerfile", json!("echo line 1")),
        ("output.image", json!("web:latest")),
        ("deploy.workload", json!("deployment/web")),
        ("deploy.pull_secret", json!("for-others")),
    ];
    let web = stage.service("web", &own).await;
    let mut digests = Vec::new();
    for n in 1..=2 {
        let build = stage.alice.start(&web, &format!("build {n}")).await;
        let watched = stage.follow(&build).complete().await;
        assert_eq!(watched.state.newest(), "SUCCEEDED");
        let made = stage.first.objects(BUILD_OBJECTS, BUILDS);
        let built = made.iter().find(|made| made["metadata"]["name"].as_str().unwrap().ends_with(&format!("-{n}")));
        let digest = built.unwrap()["status"]["output"]["to"]["imageDigest"].as_str().unwrap().to_owned();

        let input = json!({ "buildId": build, "environmentId": stage.live, "idempotencyKey": format!("promote {n}") });
        let asked = done(&stage.alice, "promoteBuild", &format!("deployment {{ {DEPLOYMENT} }}"), input.clone()).await;
        let again = done(&stage.alice, "promoteBuild", "deployment { id }", input).await;
        assert_eq!(asked["deployment"]["id"], again["deployment"]["id"], "asked twice, done once");
        let carrier = asked["deployment"]["carriedOutBy"]["id"].as_str().unwrap().to_owned();
        let watched = stage.follow(&carrier).complete().await;
        assert_eq!(watched.state.newest(), "SUCCEEDED", "{watched:?}");
        let now = settled(&stage, &asked["deployment"]).await;
        assert_eq!((&now["status"], &now["build"]["number"]), (&json!("ACTIVE"), &json!(2 * n - 1)), "{now}");
        assert!(live_image(&stage).ends_with(&format!("@{digest}")), "{}", live_image(&stage));
        let fetched = stage.second.requests().iter().filter(|seen| seen.path.contains("/imagestreamimports")).count();
        assert!(fetched >= n, "each version was fetched");
        let stream = stage.second.object(STREAMS, LIVE, "web").unwrap();
        assert_eq!(stream["status"]["tags"][0]["items"][0]["image"], digest, "by its digest: {stream}");
        digests.push(digest);
    }
    assert_eq!(digests.iter().collect::<BTreeSet<_>>().len(), 2, "two versions");

    let query = "query($id: ID!) { environment(by: { id: $id }) { current { id } } }";
    let current = stage.alice.ask(query, json!({ "id": stage.live })).await["environment"]["current"][0].clone();
    let input = json!({ "deploymentId": current["id"], "reason": "it hurts" });
    let back = done(&stage.alice, "rollBackDeployment", &format!("deployment {{ {DEPLOYMENT} }}"), input).await;
    let now = settled(&stage, &back["deployment"]).await;
    assert_eq!((&now["status"], &now["build"]["number"]), (&json!("ACTIVE"), &json!(1)), "{now}");
    assert!(live_image(&stage).ends_with(&format!("@{}", digests[0])), "{}", live_image(&stage));
    // Each cluster was asked as the account that Alice has there.
    for (cluster, namespace, account) in [(&stage.first, BUILDS, "alice"), (&stage.second, LIVE, "alice.b")] {
        let asked = cluster.requests();
        let strangers: Vec<_> = asked
            .iter()
            .filter(|seen| seen.path.contains(namespace) && seen.user.as_deref() != Some(account))
            .collect();
        assert!(strangers.is_empty(), "{strangers:?}");
    }
}
