//! Verdicts on projects.

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::TestApp;

/// Short names and verdicts of the projects with this verdict; of all of them without one.
async fn listed(app: &TestApp, health: Value) -> Vec<(Value, Value)> {
    let query = "query($health: HealthState) { projects(first: 10, orderBy: NAME, health: $health) { nodes { slug health { state } } } }";
    let reply = app.graphql(query, json!({ "health": health })).await;
    let nodes = reply["projects"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| (node["slug"].clone(), node["health"]["state"].clone())).collect()
}

#[tokio::test]
async fn a_list_of_projects_with_a_verdict_holds_those_that_show_it_and_a_reason_names_the_build() {
    let app = TestApp::fake(Script::new().line("tried").fail("no luck")).await;
    let failing = app.service("failing").await;
    app.project("idle").await;
    let build = app.start_build(&failing).await;
    assert_eq!(app.follow(&build).await.status(), "FAILED");
    let all = listed(&app, Value::Null).await;
    assert_eq!(all.len(), 2);
    for state in ["HEALTHY", "DEGRADED", "FAILING", "UNKNOWN"] {
        let shown: Vec<_> = all.iter().filter(|(_, health)| health == state).cloned().collect();
        assert_eq!(listed(&app, state.into()).await, shown, "{state}");
    }
    let query = "{ projects(first: 1, health: FAILING) { nodes { health { reasons { code subject { id } } } } } }";
    let reply = app.graphql(query, json!({})).await;
    let reasons = &reply["projects"]["nodes"][0]["health"]["reasons"];
    assert_eq!(reasons, &json!([{ "code": "LAST_BUILD_FAILED", "subject": { "id": build.id() } }]));
}
