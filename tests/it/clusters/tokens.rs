//! A cluster gives no refresh tokens: what happens when one ends in the middle of a build.

use serde_json::{Value, json};

use super::stage::{BUILDS, CLIENT, Stage};

const DEGRADED: &str = "query($id: ID!) { build(by: { id: $id }) { status degradedSince degradedReasonCode } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_in_the_middle_of_a_build_degrades_it_until_its_person_connects_again() {
    for kind in ["OPENSHIFT", "TEKTON"] {
        let stage = Stage::set(kind).await;
        let script = "echo line 1\nawait go\necho line 2\nawait end\necho line 3";
        let service = match kind {
            "OPENSHIFT" => stage.service("web", &[("strategy", json!("Docker")), ("dockerfile", json!(script))]).await,
            _ => stage.service("web", &[("pipeline.definition", super::tekton::pipeline(&[("work", script)]))]).await,
        };
        let build = stage.alice.start(&service, "the one").await;
        let watcher = stage.follow(&build);
        stage.build_until(&build, "the first line", |now| now["log"]["lineCount"] == 1).await;

        stage.first.expire_tokens_of(CLIENT);
        stage.first.faults().cut_streams();
        stage.first.open_gate("go");
        let degraded = stage.build_until(&build, "nobody may look", |now| now["degradedSince"].is_string()).await;
        assert_eq!(degraded["status"], "RUNNING", "{kind}: {degraded}");
        let why = stage.alice.ask(DEGRADED, json!({ "id": build })).await["build"]["degradedReasonCode"].clone();
        assert_eq!(why, "CREDENTIAL", "{kind}");
        assert_eq!(connection(&stage).await["status"], "REVOKED", "{kind}");
        // What is asked of the engine meanwhile is kept, or waits for the account, and no start is lost.
        let second = stage.alice.start(&service, "the second").await;
        let held = stage.alice.build(&second).await.unwrap();
        assert_eq!(held["status"], "WAITING_FOR_CREDENTIAL", "{kind}: {held}");

        stage.connect(&stage.builds, "alice").await;
        stage.first.open_gate("end");
        let watched = watcher.complete().await;
        watched.log.assert_numbered(3);
        assert_eq!(watched.state.newest(), "SUCCEEDED", "{kind}");
        assert!(!watched.state.states.iter().any(|state| state == "FAILED" || state == "ERRORED"), "{kind}");
        assert!(stage.alice.build(&build).await.unwrap()["degradedSince"].is_null(), "{kind}");
        let watched = stage.follow(&second).complete().await;
        assert_eq!(watched.state.newest(), "SUCCEEDED", "{kind}");
        let runs = match kind {
            "OPENSHIFT" => stage.first.objects("builds.build.openshift.io", BUILDS),
            _ => stage.first.objects("pipelineruns.tekton.dev", BUILDS),
        };
        assert_eq!(runs.len(), 2, "{kind}");
    }
}

async fn connection(stage: &Stage) -> Value {
    let query = "query($id: ID!) { environment(by: { id: $id }) { connection { status } } }";
    stage.alice.ask(query, json!({ "id": stage.builds })).await["environment"]["connection"].clone()
}
