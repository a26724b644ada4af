//! Pipelines of Tekton, from signing in to their end.

use serde_json::{Value, json};

use super::stage::{BUILDS, Stage, done};

/// A pipeline of these tasks, one after another, as the setting takes it.
pub(super) fn pipeline(tasks: &[(&str, &str)]) -> Value {
    let mut before: Option<&str> = None;
    let tasks: Vec<Value> = tasks
        .iter()
        .map(|(name, script)| {
            let after: Vec<&str> = before.replace(name).into_iter().collect();
            let step = json!({ "name": "work", "image": "example.test/image", "script": script });
            json!({ "name": name, "runAfter": after, "taskSpec": { "steps": [step] } })
        })
        .collect();
    json!(json!({ "tasks": tasks }).to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_of_tekton_is_started_watched_read_and_stopped() {
    let stage = Stage::set("TEKTON").await;
    let tasks = [("build", "echo line 1\nawait go"), ("ship", "echo line 2\nawait end\necho line 3")];
    let service = stage.service("web", &[("pipeline.definition", pipeline(&tasks))]).await;
    let build = stage.alice.start(&service, "the one").await;
    let watcher = stage.follow(&build);
    let planned = stage.build_until(&build, "its plan", |now| now["log"]["lineCount"] == 1).await;
    let keys: Vec<_> = planned["stages"].as_array().unwrap().iter().map(|stage| &stage["key"]).collect();
    assert_eq!(keys, ["build", "ship"]);
    stage.first.open_gate("go");
    stage.first.open_gate("end");
    let watched = watcher.complete().await;
    watched.log.assert_numbered(3);
    assert_eq!(watched.state.newest(), "SUCCEEDED");
    assert_eq!([watched.state.stage("build"), watched.state.stage("ship")], ["SUCCEEDED"; 2]);

    let hangs = stage.service("hangs", &[("pipeline.definition", pipeline(&[("work", "echo line 1\nhang")]))]).await;
    let build = stage.alice.start(&hangs, "the other").await;
    stage.build_until(&build, "its line", |now| now["log"]["lineCount"] == 1).await;
    stage.alice.cancel(&build).await.unwrap();
    let ended = stage.build_until(&build, "its end", |now| now["log"]["isComplete"] == true).await;
    assert_eq!(ended["status"], "CANCELLED", "{ended}");
    let runs = stage.first.objects("pipelineruns.tekton.dev", BUILDS);
    assert_eq!(runs.len(), 2, "each build is one run");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_of_tekton_that_failed_runs_again_and_the_others_do_not() {
    let stage = Stage::set("TEKTON").await;
    let step = |script: &str| json!({ "steps": [{ "name": "work", "image": "example.test/image", "script": script }] });
    let commit = "7f2f46e1b97df36b2b82d1b1d87c81b8b3d21601";
    let mut fetch =
        step(&format!("echo fetched\nwrite /workspace/in/app the source\nresult CHAINS-GIT_COMMIT {commit}"));
    fetch["results"] = json!([{ "name": "CHAINS-GIT_COMMIT" }]);
    let mut test = step("show testing | /workspace/in/app\nexit $(params.code)");
    test["params"] = json!([{ "name": "code" }]);
    let used = json!([{ "name": "in", "workspace": "source" }]);
    let definition = json!({
        "params": [{ "name": "code", "default": "1" }], "workspaces": [{ "name": "source" }],
        "tasks": [
            { "name": "fetch", "taskSpec": fetch, "workspaces": used },
            { "name": "test", "taskSpec": test, "workspaces": used, "runAfter": ["fetch"],
              "params": [{ "name": "code", "value": "$(params.code)" }] },
        ],
    });
    let own = [("pipeline.definition", json!(definition.to_string())), ("workspaces", json!(["source=volume:1Gi"]))];
    let service = stage.service("web", &own).await;
    let build = stage.alice.start(&service, "the one").await;
    let ended = stage.build_until(&build, "its end", |now| now["log"]["isComplete"] == true).await;
    assert_eq!(ended["status"], "FAILED", "{ended}");
    let input = json!({
        "buildId": build, "start": { "failedOnly": true }, "idempotencyKey": "again",
        "parameters": [{ "name": "code", "value": { "string": "0" } }],
    });
    let again = done(&stage.alice, "rerunBuild", "build { id }", input).await["build"]["id"].clone();
    let again = again.as_str().unwrap();
    let ended = stage.build_until(again, "its end", |now| now["log"]["isComplete"] == true).await;
    assert_eq!(ended["log"]["lineCount"], 1, "what was fetched is tested: {ended}");
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    assert_eq!(
        ended["stages"],
        json!([
            { "key": "fetch", "status": "SUCCEEDED", "statusReasonCode": "REUSED" },
            { "key": "test", "status": "SUCCEEDED", "statusReasonCode": null },
        ])
    );
}
