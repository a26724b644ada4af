//! How streams end, and what they say in silence.

use std::time::Duration;

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use super::lines;
use crate::support::{Events, Setup, TestApp, within};

#[tokio::test]
async fn a_silent_stream_says_that_it_lives_and_its_cursor_still_holds() {
    let script = Script::new().stage("a").line("one").wait().line("two");
    let app = Setup::fake(script).heartbeat(Duration::from_millis(100)).start().await;
    let project = app.project("shop").await;
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let is_beat = |event: &Value| event["__typename"] == "Heartbeat";
    let mut updates = app.build_updates(&build, None).await;
    updates.until(is_beat).await;
    let mut log = app.build_log(&build, None).await;
    log.until(|event| event["lastSeq"] == 1).await;
    let beat = log.until(is_beat).await;
    let mut projects = app.project_updates(&project, None).await;
    projects.until(is_beat).await;

    drop(log);
    app.engine.release(build.key());
    let rest = app.build_log(&build, beat["cursor"].as_str()).await.all().await;
    assert_eq!(rest.iter().flat_map(lines).collect::<Vec<_>>(), [(2, "two".to_owned())]);
}

async fn reason_of(events: Events) -> Value {
    events.all().await.last().unwrap()["reason"].clone()
}

#[tokio::test]
async fn streams_of_a_build_that_is_over_end_complete_also_for_who_comes_late() {
    let app = TestApp::fake(Script::new().stage("a").line("one").succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    for _ in 0..2 {
        assert_eq!(reason_of(app.build_updates(&build, None).await).await, "COMPLETE");
        assert_eq!(reason_of(app.build_log(&build, None).await).await, "COMPLETE");
    }
    let events = app.build_updates(&build, None).await.all().await;
    let end = events.last().unwrap()["cursor"].as_str();
    let again = app.build_updates(&build, end).await.all().await;
    assert_eq!(again.len(), 1, "nothing but the end: {again:?}");
}

#[tokio::test]
async fn streams_of_a_server_that_goes_down_say_so_and_can_be_resumed_at_the_next() {
    let mut app = TestApp::fake(Script::new().stage("a").lines(5).wait().lines(5)).await;
    let project = app.project("shop").await;
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    let build = app.start_build(&service).await;
    let mut log = app.build_log(&build, None).await;
    log.until(|event| event["lastSeq"] == 5).await;
    let mut updates = app.build_updates(&build, None).await;
    updates.next().await.unwrap();
    let mut projects = app.project_updates(&project, None).await;
    projects.next().await.unwrap();

    app.stop().await;
    let ends = [log.all().await, updates.all().await, projects.all().await].map(|all| all.last().unwrap().clone());
    for end in &ends {
        assert_eq!((&end["__typename"], &end["reason"]), (&json!("StreamEnded"), &json!("SHUTDOWN")), "{end}");
    }
    app.open().await;
    let rest = app.build_log(&build, ends[0]["cursor"].as_str()).await;
    app.engine.release(build.key());
    let told: Vec<_> = rest.all().await.iter().flat_map(lines).map(|line| line.0).collect();
    assert_eq!(told, [6, 7, 8, 9, 10]);
    let first = app.build_updates(&build, ends[1]["cursor"].as_str()).await.all().await;
    assert_ne!(first[0]["__typename"], "BuildSnapshot", "resumed, not begun anew");
    assert_eq!(first.last().unwrap()["reason"], "COMPLETE");
}
