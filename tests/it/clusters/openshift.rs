//! From signing in to a version that runs on a second cluster.

use serde_json::json;

use super::stage::{BUILDS, Stage};
use crate::recovery::support::eventually;

const BUILD_OBJECTS: &str = "builds.build.openshift.io";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_of_a_cluster_is_started_watched_and_read() {
    let stage = Stage::set("OPENSHIFT").await;
    let own = [("strategy", json!("Docker")), ("dockerfile", json!("echo line 1\nawait go\necho line 2\necho line 3"))];
    let web = stage.service("web", &own).await;
    let build = stage.alice.start(&web, "the one").await;
    let watcher = stage.follow(&build);
    stage.build_until(&build, "the first line", |now| now["log"]["lineCount"] == 1).await;
    stage.first.open_gate("go");
    let watched = watcher.complete().await;
    watched.log.assert_numbered(3);
    assert!(watched.state.states.ends_with(&["RUNNING".to_owned(), "SUCCEEDED".to_owned()]), "{watched:?}");
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
    let asks = |now: &serde_json::Value| now["approvals"][0]["status"] == "PENDING";
    let waiting = stage.build_until(&build, "the question", asks).await;
    assert_eq!(waiting["status"], "WAITING_FOR_APPROVAL", "{waiting}");
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
