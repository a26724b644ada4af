//! Builds are kept for ever, or as long as their build service says.

use alm_domain::Principal;
use serde_json::json;

use crate::support::{TestApp, within};

const PIPELINE: &str = "run: mkdir out && echo kept > out/file\nartifacts: [out/file]\n";

async fn numbers(app: &TestApp, service: &str) -> Vec<u64> {
    let query = "query($id: ID!) { node(id: $id) { ... on BuildService { builds { nodes { number } } } } }";
    let found = app.graphql(query, json!({ "id": service })).await;
    let builds = found["node"]["builds"]["nodes"].as_array().unwrap().clone();
    builds.iter().map(|build| build["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn what_is_kept_no_longer_goes_whole_and_subscribers_are_told() {
    let app = TestApp::local().await;
    let service = app.pipeline("web", PIPELINE).await;
    let mut builds = Vec::new();
    for _ in 0..3 {
        let build = app.start_build(&service).await;
        builds.push(app.follow(&build).await);
    }
    let artifact = format!("/builds/{}/artifacts/out/file", builds[0].id());
    assert_eq!(app.get(&artifact).await.text(), "kept\n");
    assert_eq!(app.app().remove_expired().await.unwrap(), 0, "without a limit nothing goes");

    let wrong =
        json!({"serviceId": service, "configuration": [{"key": "retention.max_builds", "value": {"plain": 0}}]});
    let refused = app.mutate("updateBuildService", "userErrors { path message }", wrong).await;
    assert_eq!(refused["userErrors"][0]["path"], json!(["configuration", "retention.max_builds"]), "{refused}");
    let right =
        json!({"serviceId": service, "configuration": [{"key": "retention.max_builds", "value": {"plain": 1}}]});
    app.done("updateBuildService", "service { id }", right).await;

    let project = app
        .graphql("query($id: ID!) { node(id: $id) { ... on BuildService { project { id } } } }", json!({"id": service}))
        .await;
    let mut events = app.project_updates(project["node"]["project"]["id"].as_str().unwrap(), None).await;
    events.until(|event| event["__typename"] == "ProjectSnapshot").await;
    // A build goes only when its provider has been told that it is over, which is soon after it is.
    within(async {
        let mut removed = 0;
        while removed < 2 {
            removed += app.app().remove_expired().await.unwrap();
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(numbers(&app, &service).await, [3]);
    // The newer of the two went first.
    for gone in builds[..2].iter().rev() {
        let told =
            events.until(|event| event["__typename"] == "EntityRemoved" && event["removedId"] == gone.id()).await;
        assert_eq!(told["removedType"], "Build");
        assert!(app.app().store().heads(&Principal::single_user(), gone.key()).await.unwrap().is_none());
    }
    let reply = app.get(&artifact).await;
    assert!(reply.text().contains("NOT_FOUND"), "{}", reply.text());
}
