//! `kill -9` of the server between the moment in which a cluster makes a run and the moment in which it is noted here.

use serde_json::json;

use super::stage::{BUILDS, Stage};
use crate::recovery::support::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_the_201_and_the_commit_leaves_one_build() {
    for (kind, resource, path) in [
        ("OPENSHIFT", "builds.build.openshift.io", "/instantiate"),
        ("TEKTON", "pipelineruns.tekton.dev", "/pipelineruns"),
    ] {
        let mut stage = Stage::set(kind).await;
        let script = "echo line 1\nawait go\necho line 2";
        let service = match kind {
            "OPENSHIFT" => stage.service("web", &[("strategy", json!("Docker")), ("dockerfile", json!(script))]).await,
            _ => stage.service("web", &[("pipeline.definition", super::tekton::pipeline(&[("work", script)]))]).await,
        };
        // The cluster does what it is asked for, and nobody hears of it.
        stage.first.faults().trap(alm_cluster_sim::Fault::Lose, "POST", path);
        let build = stage.alice.start(&service, "the one").await;
        eventually("the run", async || (!stage.first.objects(resource, BUILDS).is_empty()).then_some(())).await;
        stage.world.kill().await;
        stage.first.faults().heal();
        stage.world.start().await;
        stage.came_back();
        let watcher = stage.follow(&build);
        stage.build_until(&build, "its first line", |now| now["log"]["lineCount"] == 1).await;
        stage.first.open_gate("go");
        let watched = watcher.complete().await;
        watched.log.assert_numbered(2);
        assert_eq!(watched.state.newest(), "SUCCEEDED", "{kind}");
        assert_eq!(stage.first.objects(resource, BUILDS).len(), 1, "{kind}: one run");
    }
}
