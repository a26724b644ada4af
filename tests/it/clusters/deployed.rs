//! What a pipeline of Jenkins deploys, by its own words.

use serde_json::{Value, json};

use super::stage::{Stage, done};
use crate::ui::{pages_and_browser, tell_as};

const STAGING: &str = "shop-staging";

/// The pipeline has names of its own for environments. The second of them is on the second cluster, and the third is none of the project's.
const SCRIPT: &str = "stage Build
echo line 1
stage Rollout to Stage
environment shop-staging Stage web 1.0.3 http://web-staging.example.test
stage Approve
input Go Go on?
stage Rollout to Live
environment shop-live Live web 1.0.3 http://web.example.test
stage Rollout to Elsewhere
environment shop-elsewhere Elsewhere web 1.0.3 javascript:alert(1)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_pipeline_says_that_it_deployed_is_a_deployment_there() {
    let stage = Stage::set("OPENSHIFT").await;
    stage.first.project(STAGING, "alice");
    let input = json!({
        "projectId": stage.project, "displayName": "Staging", "role": "TARGET", "namespace": STAGING,
        "endpoint": { "url": stage.first.url(), "name": "staging" },
    });
    let staging = done(&stage.alice, "addEnvironment", "environment { id }", input).await["environment"]["id"].clone();
    stage.connect(staging.as_str().unwrap(), "alice").await;
    let ship = stage.service("ship", &[("jenkinsfile", json!(SCRIPT))]).await;
    let build = stage.alice.start(&ship, "the one").await;
    let watcher = stage.follow(&build);
    let asks = |now: &Value| now["approvals"][0]["status"] == "PENDING";
    let waiting = stage.build_until(&build, "the question", asks).await;
    stage.alice.approve(waiting["approvals"][0]["id"].as_str().unwrap()).await.unwrap();
    assert_eq!(watcher.complete().await.state.newest(), "SUCCEEDED");

    let query = "query($id: ID!) { environment(by: { id: $id }) { current { status url build { id } } } }";
    for (environment, url) in
        [(&staging, "http://web-staging.example.test"), (&json!(stage.live), "http://web.example.test")]
    {
        let there = stage.alice.ask(query, json!({ "id": environment })).await["environment"]["current"].clone();
        assert_eq!(there, json!([{ "status": "ACTIVE", "url": url, "build": { "id": build } }]));
    }
    let query = "query($id: ID!) { build(by: { id: $id }) {
        stages { id name environment startedAt finishedAt duration pausedFor } warnings { code message }
        outputs { name value stageId }
    } }";
    let told = stage.alice.ask(query, json!({ "id": build })).await["build"].clone();
    let stages = told["stages"].as_array().unwrap();
    let environments: Vec<_> = stages.iter().map(|stage| &stage["environment"]).collect();
    assert_eq!(
        environments,
        [&json!(null), &json!("staging"), &json!(null), &json!("live"), &json!("Elsewhere (shop-elsewhere)")]
    );
    let [warning] = told["warnings"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!(warning["code"], "NOT_AN_ENVIRONMENT");
    assert!(warning["message"].as_str().unwrap().contains("Elsewhere (shop-elsewhere)"), "{warning}");
    let of_staging: Vec<_> =
        told["outputs"].as_array().unwrap().iter().filter(|output| output["stageId"] == stages[1]["id"]).collect();
    assert_eq!(of_staging.iter().map(|output| &output["name"]).collect::<Vec<_>>(), ["web", "web address"]);
    assert_eq!(of_staging[0]["value"], "1.0.3");
    // What it has waited is no work, and both together are all of its time.
    let (worked, waited) = (stages[2]["duration"].as_i64().unwrap(), stages[2]["pausedFor"].as_i64().unwrap());
    let time = |key: &str| stages[2][key].as_str().unwrap().parse::<alm_domain::Timestamp>().unwrap();
    assert_eq!(worked + waited, (time("finishedAt") - time("startedAt")).num_milliseconds());
    assert!(waited >= 1 && stages[0]["pausedFor"] == 0, "{told}");
    if pages_and_browser() {
        tell_as("deployed", &stage.world, &stage.alice.token, &[]).await;
    }
}
