//! Stories of the simulator: that builds are carried out, and that troubles can be made. What it answers is held to recordings
//! in `contract.rs`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod client;

use std::time::Duration;

use alm_cluster_sim::Cluster;
use client::{Client, PATIENCE};
use serde_json::json;

const BUILDS: &str = "builds.build.openshift.io";
const HOME: &str = "/apis/build.openshift.io/v1/namespaces/demo";

async fn start(client: &Client, config: &str) -> String {
    let path = format!("{HOME}/buildconfigs/{config}/instantiate");
    let request = json!({"kind": "BuildRequest", "apiVersion": "build.openshift.io/v1", "metadata": {"name": config}});
    let (status, build) = client.json("POST", &path, Some(request)).await;
    assert_eq!(status, 201, "{build}");
    build["metadata"]["name"].as_str().unwrap().to_owned()
}

async fn config(client: &Client, name: &str, strategy: serde_json::Value, source: serde_json::Value) {
    let object = json!({"kind": "BuildConfig", "apiVersion": "build.openshift.io/v1", "metadata": {"name": name},
        "spec": {"strategy": strategy, "source": source}});
    let (status, made) = client.json("POST", &format!("{HOME}/buildconfigs"), Some(object)).await;
    assert_eq!(status, 201, "{made}");
}

async fn demo() -> (Cluster, Client) {
    let cluster = Cluster::start().await;
    cluster.project("demo", "alice");
    let alice = Client::new(&cluster, "alice");
    (cluster, alice)
}

#[tokio::test]
async fn a_docker_build_runs_in_a_pod_and_its_log_is_followed() {
    let (cluster, alice) = demo().await;
    let script = "[git-clone] echo cloned\necho one\nawait go\necho two $WHO";
    let strategy = json!({"dockerStrategy": {"env": [{"name": "WHO", "value": "world"}]}});
    config(&alice, "app", strategy, json!({"dockerfile": script})).await;
    let build = start(&alice, "app").await;
    let is_running = |build: &serde_json::Value| build["status"]["phase"] == "Running";
    cluster.until(BUILDS, "demo", &build, PATIENCE, is_running).await.unwrap();
    let following = alice.send("GET", &format!("{HOME}/builds/{build}/log?follow=true"), None).await.unwrap();
    cluster.open_gate("go");
    assert_eq!(following.text().await.unwrap(), "cloned\none\ntwo world\n");
    let ended = cluster.until(BUILDS, "demo", &build, PATIENCE, |b| b["status"]["phase"] == "Complete").await.unwrap();
    assert_eq!(ended["status"]["conditions"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_cancelled_build_ends_as_cancelled() {
    let (cluster, alice) = demo().await;
    config(&alice, "app", json!({"dockerStrategy": {}}), json!({"dockerfile": "hang"})).await;
    let build = start(&alice, "app").await;
    let second = start(&alice, "app").await;
    let (status, answer) =
        alice.json("PATCH", &format!("{HOME}/builds/{second}"), Some(json!({"status": {"cancelled": true}}))).await;
    assert_eq!((status, &answer["status"]["phase"]), (200, &json!("New")), "the answer has the old phase");
    let is_cancelled = |build: &serde_json::Value| build["status"]["phase"] == "Cancelled";
    cluster.until(BUILDS, "demo", &second, PATIENCE, is_cancelled).await.unwrap();
    alice.json("PATCH", &format!("{HOME}/builds/{build}"), Some(json!({"status": {"cancelled": true}}))).await;
    let ended = cluster.until(BUILDS, "demo", &build, PATIENCE, is_cancelled).await.unwrap();
    assert_eq!(ended["status"]["reason"], "CancelledBuild");
}

#[tokio::test]
async fn a_pipeline_runs_in_jenkins_and_asks() {
    let (cluster, alice) = demo().await;
    let jenkinsfile = "stage Build\necho made\nstage Ship\ninput Proceed1 Ship it? | WHERE=test\necho shipped";
    config(&alice, "pipe", json!({"jenkinsPipelineStrategy": {"jenkinsfile": jenkinsfile}}), json!({})).await;
    let build = start(&alice, "pipe").await;
    let pending = "openshift.io/jenkins-pending-input-actions-json";
    let asks = |build: &serde_json::Value| {
        build["metadata"]["annotations"][pending].as_str().is_some_and(|text| text.contains("Proceed1"))
    };
    let asking = cluster.until(BUILDS, "demo", &build, PATIENCE, asks).await.unwrap();
    let uri = asking["metadata"]["annotations"]["openshift.io/jenkins-build-uri"].as_str().unwrap();
    let log = alice.send("GET", &format!("{uri}logText/progressiveText?start=0"), None).await.unwrap();
    assert_eq!(log.headers()["x-more-data"], "true");
    let size: usize = log.headers()["x-text-size"].to_str().unwrap().parse().unwrap();
    assert_eq!(log.text().await.unwrap().len(), size);
    cluster.idle_jenkins(true);
    let idled = alice.send("POST", &format!("{uri}input/Proceed1/proceedEmpty"), None).await.unwrap();
    assert_eq!(idled.status(), 503);
    cluster.idle_jenkins(false);
    let taken = alice.send("POST", &format!("{uri}input/Proceed1/proceedEmpty"), None).await.unwrap();
    assert_eq!(taken.status(), 200);
    let is_complete = |build: &serde_json::Value| build["status"]["phase"] == "Complete";
    let ended = cluster.until(BUILDS, "demo", &build, PATIENCE, is_complete).await.unwrap();
    let status = ended["metadata"]["annotations"]["openshift.io/jenkins-status-json"].as_str().unwrap();
    let status: serde_json::Value = serde_json::from_str(status).unwrap();
    assert_eq!(status["status"], "SUCCESS");
    assert_eq!(status["stages"][1]["name"], "Ship");
    let (_, log) = alice.text(&format!("{uri}consoleText")).await;
    assert!(log.contains("WHERE=test") && log.contains("shipped"), "{log}");
}

#[tokio::test]
async fn troubles_come_and_go() {
    let (cluster, alice) = demo().await;
    let whoami = "/apis/user.openshift.io/v1/users/~";
    cluster.faults().refuse();
    let refused = loop {
        // The switch takes effect a moment later.
        match alice.send("GET", whoami, None).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(refused.is_connect() || refused.is_request(), "{refused:?}");
    cluster.faults().heal();
    while alice.send("GET", whoami, None).await.is_err() {
        tokio::task::yield_now().await;
    }
    cluster.faults().too_many_requests(Duration::from_secs(7));
    let answer = alice.send("GET", whoami, None).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    cluster.faults().server_error();
    assert_eq!(alice.json("GET", whoami, None).await.0, 500);
    let before = cluster.requests().len();
    cluster.faults().hang();
    let (hung, ()) = tokio::join!(alice.send("GET", whoami, None), async {
        while cluster.requests().len() == before {
            tokio::task::yield_now().await;
        }
        cluster.faults().heal();
    });
    assert!(hung.is_err(), "a request that hung is closed without an answer");
    let mut watch = alice.send("GET", &format!("{HOME}/builds?watch=true&resourceVersion=500"), None).await.unwrap();
    cluster.faults().cut_streams();
    let line = watch.chunk().await.unwrap().unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&line).is_err(), "half a line");
    assert!(watch.chunk().await.is_err(), "and then the connection breaks");
    assert_eq!(alice.json("GET", whoami, None).await.0, 200);
    cluster.expire(alice.token());
    assert_eq!(alice.json("GET", whoami, None).await.0, 401);
}
