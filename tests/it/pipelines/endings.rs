//! Failing, cancelled, timed-out and retried pipelines.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_failing_stage_fails_the_build_and_what_needs_it_is_skipped() {
    let app = TestApp::local().await;
    let pipeline = "
stages:
  build: {run: echo built}
  test: {needs: build, run: echo 2 tests failed; exit 3}
  deploy: {needs: test, run: echo never}
";
    let service = app.pipeline("failing", pipeline).await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.why()), ("FAILED", "COMMAND_FAILED"));
    assert_eq!(build.stages(), ["build SUCCEEDED", "test FAILED", "deploy SKIPPED"]);
    let failure = &build.0["failure"];
    assert_eq!(failure["stage"]["key"], "test");
    assert!(failure["excerpt"].as_array().unwrap().iter().any(|line| line["text"] == "2 tests failed"), "{failure}");
    assert!(!app.log(&build).await.contains("never"));
}

#[tokio::test]
async fn a_cancelled_build_ends_with_all_that_it_runs() {
    let app = TestApp::local().await;
    // Deaf to TERM, and in a session of its own.
    let pipeline = "stages:\n  deaf:\n    run: trap '' TERM; echo begun; setsid sleep 600 & sleep 600\n";
    let service = app.pipeline("cancelled", pipeline).await;
    let build = app.start_build(&service).await;
    let mut log = app.build_log(&build, None).await;
    log.until(|event| event["lines"].as_array().is_some_and(|lines| lines.iter().any(|l| l["text"] == "begun"))).await;
    assert!(app.build(build.id()).await.allows("CANCEL_BUILD"));
    app.cancel(&build).await;
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.why()), ("CANCELLED", "CANCELLED_BY_USER"));
    assert_eq!(build.stages(), ["deaf CANCELLED"]);

    let again = app.mutate("cancelBuild", "build { status }", json!({"buildId": build.id()})).await;
    assert_eq!(again["build"]["status"], "CANCELLED");
    assert_eq!(again["userErrors"][0]["code"], "WRONG_STATE");
    assert!(!build.allows("CANCEL_BUILD"));
}

#[tokio::test]
async fn a_stage_that_takes_too_long_is_ended_and_says_so() {
    let app = TestApp::local().await;
    let service = app.pipeline("slow", "stages:\n  slow: {timeout: 1s, run: sleep 600}\n").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!(build.stages(), ["slow FAILED"]);
    assert_eq!(build.stage("slow")["statusReasonCode"], "TIMED_OUT");
    assert_eq!((build.status(), build.why()), ("FAILED", "TIMED_OUT"));
}

#[tokio::test]
async fn a_retried_stage_has_an_attempt_for_each_try() {
    let app = TestApp::local().await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("tried").display().to_string();
    let pipeline = format!(
        "stages:\n  flaky:\n    retry: 2\n    run: |\n      echo trying\n      [ -e {marker} ] || {{ touch {marker}; exit 1; }}\n"
    );
    let service = app.pipeline("retried", &pipeline).await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!(build.status(), "SUCCEEDED");
    let attempts = build.stage("flaky")["attempts"].as_array().unwrap();
    let told: Vec<_> = attempts.iter().map(|a| (a["number"].clone(), a["status"].clone())).collect();
    assert_eq!(told, [(json!(1), json!("FAILED")), (json!(2), json!("SUCCEEDED"))]);
    let (first, second) = (&attempts[0]["logRange"], &attempts[1]["logRange"]);
    assert!(first["toSeq"].as_u64() < second["fromSeq"].as_u64(), "each attempt has lines of its own: {attempts:?}");
}
