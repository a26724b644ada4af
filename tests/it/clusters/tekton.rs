//! Pipelines of Tekton, from signing in to their end.

use serde_json::{Value, json};

use super::stage::{BUILDS, Stage};

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
