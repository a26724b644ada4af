//! The pages, where the engine is a cluster that knows people by their own accounts.

use alm_cluster_sim::Role;
use serde_json::json;

use super::{
    browser::PASSWORD,
    stage::{BUILDS, Stage, done},
};
use crate::{
    recovery::support::Api,
    ui::{pages_and_browser, tell_as},
};

const CONFIGS: &str = "buildconfigs.build.openshift.io";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_waits_for_the_account_of_whoever_gave_it_which_is_connected_in_place() {
    if !pages_and_browser() {
        return;
    }
    let stage = Stage::set("OPENSHIFT").await;
    stage.first.password("bob", PASSWORD);
    stage.first.grant("bob", BUILDS, Role::Edit);
    let bob = Api::new(stage.alice.address.clone(), stage.first.token("bob"));
    let me = bob.ask("{ viewer { user { id } } }", json!({})).await["viewer"]["user"]["id"].clone();
    let member = json!({ "projectId": stage.project, "userId": me, "role": "DEVELOPER" });
    done(&stage.alice, "addMember", "member { role }", member).await;
    let script = "stage Build\necho line 1\nstage Deploy\ninput Go Deploy it? | where=stage\necho line 2";
    let ship = stage.service("ship", &[("jenkinsfile", json!(script))]).await;
    let build = stage.alice.start(&ship, "the one").await;
    let asks = |now: &serde_json::Value| now["approvals"][0]["status"] == "PENDING";
    stage.build_until(&build, "the question", asks).await;
    tell_as("answer", &stage.world, &stage.alice.token, &[&bob.token, PASSWORD, stage.first.url()]).await;
    // Jenkins was answered once, by Bob himself.
    let answers: Vec<_> = stage.first.requests().into_iter().filter(|seen| seen.path.contains("inputSubmit")).collect();
    assert_eq!(answers.iter().map(|seen| seen.user.as_deref()).collect::<Vec<_>>(), [Some("bob")]);
}

/// A plain build: a pipeline of one task with these steps.
fn steps(all: &[(&str, &str)]) -> serde_json::Value {
    let step = |(name, script): &(&str, &str)| json!({ "name": name, "image": "example.test/image", "script": script });
    let all: Vec<_> = all.iter().map(step).collect();
    json!(json!({ "tasks": [{ "name": "only", "taskSpec": { "steps": all } }] }).to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_the_steps_of_a_plain_build() {
    if !pages_and_browser() {
        return;
    }
    let stage = Stage::set("TEKTON").await;
    let endless = [("fetch-the-source", "sleep 300"), ("compile", "echo compiling\nhang")];
    let failing =
        [("fetch-the-source", "sleep 400"), ("compile", "sleep 1100"), ("unit-tests", "exit 3"), ("push", "")];
    for (slug, all) in [("endless", &endless[..]), ("failing", &failing[..])] {
        let service = stage.service(slug, &[("pipeline.definition", steps(all))]).await;
        stage.alice.start(&service, slug).await;
    }
    tell_as("steps", &stage.world, &stage.alice.token, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_what_a_cluster_has_of_the_configuration_and_what_is_left_there() {
    if !pages_and_browser() {
        return;
    }
    let stage = Stage::set("OPENSHIFT").await;
    let there = json!({ "spec": {
        "runPolicy": "Parallel", "source": { "git": { "uri": "https://git.example.test/shop/app.git", "ref": "main" } },
        "strategy": { "type": "Docker", "dockerStrategy": { "env": [{ "name": "A", "value": "1" }] } },
    } });
    stage.first.put(CONFIGS, BUILDS, "theirs", there);
    stage.service("theirs", &[("build_config", json!("theirs"))]).await;
    for slug in ["web", "gone"] {
        stage.service(slug, &[("jenkinsfile", json!("echo line 1"))]).await;
    }
    let change = json!({ "spec": { "runPolicy": "Parallel", "source": { "git": { "ref": "develop" } } } });
    stage.first.patch(CONFIGS, BUILDS, "shop-web", &change);
    tell_as("configuration", &stage.world, &stage.alice.token, &[]).await;
    let spec = stage.first.object(CONFIGS, BUILDS, "shop-web").unwrap()["spec"].clone();
    assert_eq!((&spec["runPolicy"], &spec["source"]["git"]["ref"]), (&json!("Serial"), &json!("main")));
    assert!(stage.first.object(CONFIGS, BUILDS, "shop-gone").is_some(), "Alice has no account there any more");
}
