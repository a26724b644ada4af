//! No stage, one stage, many at once, stages inside stages.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_plain_build_is_a_pipeline_of_no_stages() {
    let app = TestApp::local().await;
    let service = app.pipeline("plain", "run: echo hello from $ALM_BUILD_NUMBER\n").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.0["shape"].as_str()), ("SUCCEEDED", Some("PLAIN")));
    assert!(build.stages().is_empty());
    assert_eq!(build.0["commit"]["title"], "A change");
    assert_eq!(build.0["log"]["isComplete"], true);
    assert!(app.log(&build).await.contains("hello from 1"));
}

#[tokio::test]
async fn a_pipeline_of_one_stage() {
    let app = TestApp::local().await;
    let service = app.pipeline("one", "stages:\n  only:\n    name: The only one\n    run: echo done\n").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.stages()), ("SUCCEEDED", vec!["only SUCCEEDED".to_owned()]));
    let stage = build.stage("only");
    assert_eq!((&stage["name"], &stage["kind"]), (&json!("The only one"), &json!("WORK")));
    assert_eq!(stage["attempts"].as_array().unwrap().len(), 1);
    assert!(stage["startedAt"].is_string() && stage["finishedAt"].is_string());
    assert!(stage["logRange"]["fromSeq"].as_u64() <= stage["logRange"]["toSeq"].as_u64());
}

#[tokio::test]
async fn parallel_stages_run_at_the_same_time() {
    let app = TestApp::local().await;
    let folder = tempfile::tempdir().unwrap();
    let meet = folder.path().display();
    // Each waits for the other one's file: only together can they end.
    let wait = |own: &str, other: &str| {
        format!("  {own}:\n    run: touch {meet}/{own}; while [ ! -e {meet}/{other} ]; do sleep 0.05; done\n")
    };
    let pipeline =
        format!("stages:\n{}{}  after:\n    needs: [a, b]\n    run: echo both\n", wait("a", "b"), wait("b", "a"));
    let service = app.pipeline("parallel", &pipeline).await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!(build.stages(), ["a SUCCEEDED", "b SUCCEEDED", "after SUCCEEDED"]);
    assert_eq!(build.stage("after")["dependsOn"], json!([{"key": "a"}, {"key": "b"}]));
}

#[tokio::test]
async fn stages_inside_stages() {
    let app = TestApp::local().await;
    let pipeline = "
stages:
  tests:
    parallel:
      unit: {run: echo unit}
      system:
        stages:
          prepare: {run: echo prepare}
          run: {run: echo run}
  report: {needs: tests, run: echo report}
";
    let service = app.pipeline("nested", pipeline).await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!(build.status(), "SUCCEEDED");
    let kind = |key| build.stage(key)["kind"].as_str().unwrap().to_owned();
    assert_eq!([kind("tests"), kind("tests/system"), kind("tests/unit")], ["PARALLEL", "SEQUENCE", "WORK"]);
    assert_eq!(build.stage("tests/system/run")["parent"]["key"], "tests/system");
    assert_eq!(build.stage("tests/system/run")["dependsOn"], json!([{"key": "tests/system/prepare"}]));
    assert!(build.each("stages").all(|stage| stage["status"] == "SUCCEEDED"), "{:?}", build.stages());
}

#[tokio::test]
async fn stages_are_planned_before_they_start() {
    let app = TestApp::local().await;
    let pipeline = "
stages:
  ask: {input: Go on?}
  later: {needs: ask, run: echo later}
";
    let service = app.pipeline("planned", pipeline).await;
    let build = app.start_build(&service).await;
    let build = app.follow_until(&build, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
    assert_eq!(build.stages(), ["ask WAITING_FOR_APPROVAL", "later PLANNED"]);
    app.cancel(&build).await;
    assert_eq!(app.follow(&build).await.status(), "CANCELLED");
}
