//! Rows of long lists are resolved by a shorter way; a client cannot tell.

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::TestApp;

const FIELDS: &str =
    "__typename id key name kind status statusReason position startedAt parent { id } finishedAt dependsOn { key }
    duration";

/// The stages of a build, of each of which this is selected.
async fn stages(app: &TestApp, build: &str, selection: &str) -> Value {
    let fragment = if selection == "...All" { format!("fragment All on Stage {{ {FIELDS} }}") } else { String::new() };
    let document = format!("query($id: ID!) {{ build(by: {{id: $id}}) {{ stages {{ {selection} }} }} }} {fragment}");
    app.graphql(&document, json!({ "id": build })).await["build"]["stages"].take()
}

#[tokio::test]
async fn rows_are_the_same_in_whatever_way_their_fields_are_selected() {
    let app = TestApp::fake(Script::new().stage("compile").lines(3).stage("test").fail("2 tests failed")).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    let plain = stages(&app, build.id(), FIELDS).await;
    assert_eq!(plain.as_array().unwrap().len(), 2, "{plain}");
    for row in plain.as_array().unwrap() {
        let keys: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.len(), 13, "{row}");
        assert!(row["id"].is_string() && row["dependsOn"].is_array() && row["__typename"] == "Stage", "{row}");
    }
    // In fragments, twice, and with what must be merged: the longer way.
    assert_eq!(stages(&app, build.id(), "...All").await, plain);
    assert_eq!(stages(&app, build.id(), &format!("id {FIELDS} dependsOn {{ key }}")).await, plain);
    assert_eq!(stages(&app, build.id(), &format!("{FIELDS} agent @include(if: false)")).await, plain);
    let merged = stages(&app, build.id(), "dependsOn { id } dependsOn { key }").await;
    assert!(merged[1]["dependsOn"][0]["id"].is_string() && merged[1]["dependsOn"][0]["key"] == "compile", "{merged}");
    let renamed = stages(&app, build.id(), "state: status is: __typename").await;
    assert_eq!(renamed, json!([{"state": "SUCCEEDED", "is": "Stage"}, {"state": "FAILED", "is": "Stage"}]));
}
