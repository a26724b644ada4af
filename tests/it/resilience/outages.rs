//! The engine is away, loses its answers, or forgets.

use alm_build_spi::conformance::fake::Script;

use crate::support::{Setup, TestApp, on_each_database, within};

#[tokio::test]
async fn an_outage_is_noted_on_the_build_and_never_fails_it() {
    on_each_database(|setup: Setup| async move {
        let app = setup.scripted(Script::new().stage("a").line("one").wait().line("two")).start().await;
        let service = app.service("web").await;
        let build = app.start_build(&service).await;
        app.follow_until(&build, |build| build["status"] == "RUNNING").await;
        for _ in 0..3 {
            app.engine.outage(true);
            let degraded = app.follow_until(&build, |build| build["degradedSince"].is_string()).await;
            assert_eq!(degraded.status(), "RUNNING", "an engine that is away is no failed build");
            assert!(degraded.0["degradedReason"].as_str().unwrap().contains("switched off"), "{:?}", degraded.0);
            app.engine.outage(false);
            // The engine says something, so that there is news.
            app.engine.say(build.key(), "still here");
            app.follow_until(&build, |build| build["id"].is_string() && build["degradedSince"].is_null()).await;
        }
        app.engine.release(build.key());
        let build = app.follow(&build).await;
        assert_eq!((build.status(), build.0["degradedSince"].is_null()), ("SUCCEEDED", true));
        assert_eq!(app.log(&build).await, "one\nstill here\nstill here\nstill here\ntwo\n");
    })
    .await;
}

#[tokio::test]
async fn an_outage_without_news_is_over_when_the_engine_answers_again() {
    let app = TestApp::fake(Script::new().stage("a").line("one").wait()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |build| build["status"] == "RUNNING").await;
    app.engine.outage(true);
    app.follow_until(&build, |build| build["degradedSince"].is_string()).await;
    app.engine.outage(false);
    app.follow_until(&build, |build| build["id"].is_string() && build["degradedSince"].is_null()).await;
    assert_eq!(app.build(build.id()).await.status(), "RUNNING");
}

#[tokio::test]
async fn a_start_whose_answers_are_lost_makes_one_run() {
    let app = TestApp::fake(Script::new().stage("a").line("one").wait()).await;
    let service = app.service("web").await;
    app.engine.lose_answers(4);
    let build = app.start_build(&service).await;
    app.engine.release(build.key());
    let build = app.follow(&build).await;
    assert_eq!(build.status(), "SUCCEEDED");
    assert_eq!(app.engine.runs_of(build.key()), 1);
    assert!(app.engine.start_calls(build.key()) >= 5, "the answers were lost: {}", app.engine.start_calls(build.key()));
    assert_eq!(app.log(&build).await, "one\n");
}

#[tokio::test]
async fn a_run_that_the_engine_has_forgotten_is_lost_and_says_so() {
    let app = TestApp::fake(Script::new().stage("a").line("one").wait()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |build| build["status"] == "RUNNING").await;
    app.engine.forget_run(build.key());
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.why()), ("ERRORED", "LOST"));
    assert_eq!(build.stages(), ["a ERRORED"], "nothing is left running");
    assert_eq!(app.log(&build).await, "one\n", "what was told is kept");
    assert_eq!(build.0["log"]["isComplete"], true);
}

#[tokio::test]
async fn a_run_whose_machine_is_gone_is_interrupted() {
    let app = TestApp::fake(Script::new().stage("a").wait()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    app.engine.lose_run(build.key());
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.why()), ("ERRORED", "INTERRUPTED"));
}

#[tokio::test]
async fn a_run_that_cannot_be_released_at_once_is_released_later_and_its_build_left_as_it_is() {
    let app = TestApp::fake(Script::new().stage("a").line("one").wait()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |build| build["status"] == "RUNNING").await;
    app.engine.hold_releases(3);
    app.engine.release(build.key());
    let ended = app.follow(&build).await;
    within(async {
        while !app.engine.was_released(build.key()) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    let after = app.build(build.id()).await;
    assert_eq!(after.0["degradedSince"], serde_json::Value::Null);
    assert_eq!(after.0["revision"], ended.0["revision"], "nothing was written about it");
}
