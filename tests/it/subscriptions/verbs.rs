//! What can be done with the stages of a build, as those who watch are told.

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::{TestApp, allowed, within};

const UPDATES: &str = "
    subscription($id: ID!) { buildUpdates(buildId: $id) {
        __typename
        ... on BuildSnapshot { build { stages { ...S } } }
        ... on StagesChanged { build { status } stages { ...S } }
    } }
    fragment S on Stage { key status revision actions { action allowed reason } }";

#[tokio::test]
async fn who_watches_a_build_end_is_told_that_it_can_be_run_again_from_each_of_its_stages() {
    let app = TestApp::fake(Script::new().stage("early").close("early").stage("late").wait()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let mut updates = app.subscribe(UPDATES, json!({ "id": build.id() })).await;
    let stage = |event: &Value, key: &str| {
        let lists = [&event["stages"], &event["build"]["stages"]].into_iter().filter_map(Value::as_array);
        lists.flatten().find(|stage| stage["key"] == key).cloned().unwrap_or_default()
    };
    let mut early = Value::Null;
    let mut is_told = |event: &Value| {
        let told = stage(event, "early");
        if told["status"] == "SUCCEEDED" {
            early = told;
        }
        early.is_object() && stage(event, "late")["status"] == "RUNNING"
    };
    while !is_told(&updates.next().await.unwrap()) {}
    assert!(!allowed(&early, "RERUN_FROM_STAGE"), "its build is not over: {early}");
    app.engine.release(build.key());
    let ended = updates.until(|event| event["build"]["status"] == "SUCCEEDED").await;
    for key in ["early", "late"] {
        let now = stage(&ended, key);
        assert!(allowed(&now, "RERUN_FROM_STAGE"), "{key}: {ended}");
        assert!(now["revision"].as_u64() > early["revision"].as_u64(), "a page keeps the newer of the two: {ended}");
    }
}
