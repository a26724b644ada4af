//! Builds that are run again.

use alm_build_spi::conformance::fake::Script;
use serde_json::json;

use crate::support::TestApp;

/// Fails in `test` until the file is there; `build` says when it ran.
fn pipeline(marker: &str) -> String {
    format!(
        "
stages:
  build: {{run: 'date +%N > stamp; echo built', artifacts: [stamp]}}
  test: {{needs: build, run: 'test -e {marker}; cat stamp'}}
  report: {{needs: test, run: echo reported}}
"
    )
}

#[tokio::test]
async fn again_from_the_beginning_from_a_stage_and_what_failed() {
    let app = TestApp::local().await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("fixed");
    let service = app.pipeline("again", &pipeline(marker.to_str().unwrap())).await;
    let first = app.start_build(&service).await;
    let first = app.follow(&first).await;
    assert_eq!(first.stages(), ["build SUCCEEDED", "test FAILED", "report SKIPPED"]);
    assert!(first.allows("RERUN_BUILD"));

    std::fs::write(&marker, "").unwrap();
    let failed = app.rerun(&first, json!({"failedOnly": true})).await;
    let failed = app.follow(&failed).await;
    assert_eq!(failed.stages(), ["build SUCCEEDED", "test SUCCEEDED", "report SUCCEEDED"]);
    assert_eq!(failed.stage("build")["statusReasonCode"], "REUSED");
    assert_eq!(failed.0["rerunOf"]["id"], first.id());
    assert!(!app.log(&failed).await.contains("built"), "what succeeded is not run again");

    let stage = first.stage("test")["id"].clone();
    let from_stage = app.rerun(&first, json!({ "stageId": stage })).await;
    let from_stage = app.follow(&from_stage).await;
    assert_eq!((from_stage.status(), &from_stage.stage("build")["statusReasonCode"]), ("SUCCEEDED", &json!("REUSED")));

    let whole = app.rerun(&first, json!({"beginning": true})).await;
    let whole = app.follow(&whole).await;
    assert_eq!((whole.status(), &whole.stage("build")["statusReasonCode"]), ("SUCCEEDED", &json!(null)));
    assert!(app.log(&whole).await.contains("built"));
    assert_eq!(whole.0["commit"], first.0["commit"]);
    assert_eq!(whole.0["number"], 4);
}

#[tokio::test]
async fn a_repetition_of_which_nobody_knows_the_commit_says_what_it_is_of() {
    let script = Script::new().stage("build").line("built").close("build");
    let app = TestApp::fake(script.commit(None)).await;
    let service = app.service("shop").await;
    let first = app.start_build(&service).await;
    let first = app.follow(&first).await;
    assert_eq!((first.status(), first.each("warnings").count()), ("SUCCEEDED", 0));
    let again = app.rerun(&first, json!({"beginning": true})).await;
    let again = app.follow(&again).await;
    let warnings: Vec<_> = again.each("warnings").collect();
    assert_eq!((warnings.len(), &warnings[0]["code"]), (1, &json!("COMMIT_UNKNOWN")));
    assert!(warnings[0]["message"].as_str().unwrap().contains("which commit #1 was built of is not known"));
}

#[tokio::test]
async fn nothing_to_repeat_is_said_so() {
    let app = TestApp::local().await;
    let service = app.pipeline("good", "stages:\n  a: {run: echo a}\n").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    let input = json!({"buildId": build.id(), "start": {"failedOnly": true}});
    let payload = app.mutate("rerunBuild", "build { id }", input).await;
    assert_eq!((&payload["build"], &payload["userErrors"][0]["code"]), (&json!(null), &json!("WRONG_STATE")));
    let input = json!({"buildId": build.id(), "start": {"beginning": false}});
    let payload = app.mutate("rerunBuild", "build { id }", input).await;
    assert_eq!(payload["userErrors"][0]["path"], json!(["start", "beginning"]));
}
