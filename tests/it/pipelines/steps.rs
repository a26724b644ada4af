//! What plain builds are made of.

use alm_build_spi::conformance::fake::Script;
use alm_domain::{Observation, Step, Timestamp};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Setup, TestApp, on_each_database, within};

fn at(second: i64) -> Option<Timestamp> {
    Some(Timestamp::UNIX_EPOCH + TimeDelta::seconds(second))
}

fn step(name: &str, from: i64, to: Option<i64>) -> Step {
    let finished_at = to.and_then(at);
    Step { name: name.to_owned(), group: Some("Build".to_owned()), started_at: at(from), finished_at, exit_code: None }
}

fn shown(name: &str, from: &str, to: Option<&str>) -> Value {
    let at = |second: &str| format!("1970-01-01T00:00:{second}.000Z");
    json!({ "name": name, "group": "Build", "startedAt": at(from), "finishedAt": to.map(at), "exitCode": null })
}

#[tokio::test]
async fn steps_are_told_live_each_time_as_a_whole_and_a_repetition_is_no_news() {
    on_each_database(|setup: Setup| async move {
        let first = Observation::Steps(vec![step("pull", 1, Some(2)), step("build", 2, None)]);
        let second = Observation::Steps(vec![
            step("pull", 1, Some(2)),
            Step { exit_code: Some(1), ..step("build", 2, Some(9)) },
            step("push", 9, None),
        ]);
        let script = Script::new().observe(first.clone()).wait().observe(first).wait().observe(second).wait();
        let app = setup.scripted(script.fail("the registry is full")).start().await;
        let service = app.service("web").await;
        let build = app.start_build(&service).await;
        let mut updates = app.build_updates(&build, None).await;
        let told = |wanted: Value| move |event: &Value| event["build"]["steps"] == wanted;
        let two = json!([shown("pull", "01", Some("02")), shown("build", "02", None)]);
        let begun = updates.until(told(two.clone())).await;
        assert_eq!(begun["build"]["stages"], json!([]), "it stays a pipeline of no stages: {begun}");
        within(app.engine.held(build.key())).await;
        let before = app.build(build.id()).await;

        app.engine.release(build.key());
        within(app.engine.held(build.key())).await;
        let again = app.build(build.id()).await;
        assert_eq!((&again.0["steps"], &again.0["revision"]), (&two, &before.0["revision"]), "the same is no news");

        app.engine.release(build.key());
        let mut failed = shown("build", "02", Some("09"));
        failed["exitCode"] = json!(1);
        let three = json!([shown("pull", "01", Some("02")), failed, shown("push", "09", None)]);
        let now = updates.until(told(three)).await;
        assert!(now["build"]["revision"].as_u64() > before.0["revision"].as_u64(), "{now}");

        app.engine.release(build.key());
        let build = app.follow(&build).await;
        assert_eq!((build.status(), build.0["shape"].as_str()), ("FAILED", Some("PLAIN")));
        let ended: Vec<_> = build.each("steps").map(|step| step["finishedAt"].is_string()).collect();
        assert_eq!(ended, [true; 3], "nothing is at work in a build that has ended");
    })
    .await;
}

#[tokio::test]
async fn of_too_many_steps_the_first_are_kept_and_that_is_said() {
    let steps = (0..5_000).map(|n| step(&format!("step {n}"), n, Some(n + 1))).collect();
    let app = TestApp::fake(Script::new().observe(Observation::Steps(steps))).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    let names: Vec<_> = build.each("steps").map(|step| step["name"].clone()).collect();
    assert_eq!((names.len(), &names[199]), (200, &json!("step 199")));
    let warned: Vec<_> = build.each("warnings").map(|warning| warning["code"].clone()).collect();
    assert_eq!(warned, ["TOO_MANY_STEPS"]);
}
