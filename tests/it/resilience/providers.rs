//! The provider is switched off, or its settings change, while builds run.

use alm_build_spi::conformance::fake::Script;
use serde_json::json;

use crate::support::{TestApp, within};

#[tokio::test]
async fn a_provider_that_is_switched_off_takes_no_new_builds_and_ends_the_running_ones_well() {
    let mut app = TestApp::fake(Script::new().stage("a").line("one").wait().line("two")).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let off = json!({"providerId": app.provider, "enabled": false});
    app.done("updateProvider", "provider { enabled }", off).await;
    let refused = app.mutate("startBuild", "build { id }", json!({"serviceId": service})).await;
    assert_eq!(refused["userErrors"][0]["code"], "WRONG_STATE");
    assert!(refused["userErrors"][0]["message"].as_str().unwrap().contains("switched off"), "{refused}");
    let query = "query($id: ID!) { node(id: $id) { ... on BuildService { actions { action allowed reasonCode } } } }";
    let actions = app.graphql(query, json!({"id": service})).await["node"]["actions"].clone();
    let start = json!({"action": "START_BUILD", "allowed": false, "reasonCode": "PROVIDER_DOWN"});
    assert!(actions.as_array().unwrap().contains(&start), "{actions}");
    // Also over a restart.
    app.crash();
    app.open().await;
    app.engine.release(build.key());
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.allows("RERUN_BUILD")), ("SUCCEEDED", false));
    let on = json!({"providerId": app.provider, "enabled": true});
    app.done("updateProvider", "provider { enabled }", on).await;
    assert!(app.build(build.id()).await.allows("RERUN_BUILD"));
}

#[tokio::test]
async fn changed_settings_reach_the_provider_at_work_and_its_builds_go_on() {
    let app = TestApp::fake(Script::new().stage("a").line("one").wait().line("two")).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let change = json!({"providerId": app.provider, "configuration": [{"key": "slots", "value": {"plain": 7}}]});
    app.done("updateProvider", "provider { id }", change).await;
    assert_eq!(app.engine.settings().get("slots"), Some(&json!(7)));
    let wrong = json!({"providerId": app.provider, "configuration": [{"key": "slots", "value": {"plain": 7000}}]});
    let wrong = app.mutate("updateProvider", "provider { id }", wrong).await;
    assert_eq!(wrong["userErrors"][0]["path"], json!(["configuration", "slots"]), "{wrong}");
    assert_eq!(app.engine.settings().get("slots"), Some(&json!(7)), "a refused change changes nothing");
    app.engine.release(build.key());
    assert_eq!(app.follow(&build).await.status(), "SUCCEEDED");
}

#[tokio::test]
async fn a_provider_in_use_cannot_be_removed() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let service = app.service("web").await;
    let remove = json!({"providerId": app.provider});
    let refused = app.mutate("removeProvider", "removedProviderId", remove.clone()).await;
    assert_eq!(refused["userErrors"][0]["code"], "IN_USE");
    let build = app.start_build(&service).await;
    app.follow(&build).await;
    app.done("removeBuildService", "removedServiceId", json!({"serviceId": service})).await;
    // Builds stay readable, and they are builds of this provider.
    let after = app.mutate("removeProvider", "removedProviderId", remove).await;
    assert_eq!(after["userErrors"][0]["code"], "IN_USE", "{after}");
    assert_eq!(app.build(build.id()).await.status(), "SUCCEEDED");
}
