//! `buildUpdates`.

use std::collections::HashMap;

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::{BuildView, Setup, TestApp, on_each_database, within};

/// What a client knows of a build: fed with events, it must always know it as it was at some moment, never an earlier one.
#[derive(Default)]
struct Known {
    revisions: HashMap<String, u64>,
    stages: HashMap<String, Value>,
    build: Value,
}

impl Known {
    fn learn(&mut self, event: &Value) {
        let stages = match event["__typename"].as_str().unwrap() {
            "BuildSnapshot" => event["build"]["stages"].as_array().unwrap().clone(),
            "StagesChanged" => event["stages"].as_array().unwrap().clone(),
            "BuildChanged" => Vec::new(),
            _ => return,
        };
        self.see(&event["build"]);
        self.build = event["build"].clone();
        for stage in stages {
            self.see(&stage);
            self.stages.insert(stage["key"].as_str().unwrap().to_owned(), stage["status"].clone());
        }
    }

    /// Revisions only grow.
    fn see(&mut self, entity: &Value) {
        let (id, revision) = (entity["id"].as_str().unwrap().to_owned(), entity["revision"].as_u64().unwrap());
        let before = self.revisions.insert(id, revision).unwrap_or_default();
        assert!(revision >= before, "back from {before}: {entity}");
    }
}

/// Compares what a client knows with what the engine says of its own run.
fn assert_knows(known: &Known, app: &TestApp, build: &BuildView) {
    let truth = app.engine.snapshot(build.key()).unwrap();
    assert_eq!(known.build["status"], truth.run.status.to_string(), "{}", known.build);
    let stages: HashMap<_, _> =
        truth.stages.iter().map(|stage| (stage.key.to_string(), json!(stage.status.to_string()))).collect();
    assert_eq!(known.stages, stages);
}

fn script() -> Script {
    Script::new().stage("a").line("one").wait().stage("b").ask("go", "Go on?").stage("c").wait().succeed()
}

#[tokio::test]
async fn a_snapshot_comes_first_and_then_what_changes_to_the_end() {
    let app = TestApp::fake(script()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    let mut updates = app.build_updates(&build, None).await;
    let mut known = Known::default();
    let first = updates.next().await.unwrap();
    assert_eq!((&first["__typename"], &first["reset"]), (&json!("BuildSnapshot"), &json!(false)));
    known.learn(&first);
    app.engine.release(build.key());
    while known.build["status"] != "WAITING_FOR_APPROVAL" {
        known.learn(&updates.next().await.unwrap());
    }
    assert_knows(&known, &app, &build);
    app.decide(&build, "APPROVE", json!([])).await;
    app.engine.release(build.key());
    let events = updates.all().await;
    let mut known = Known::default();
    events.iter().for_each(|event| known.learn(event));
    assert_knows(&known, &app, &build);
    assert_eq!(events.last().unwrap()["reason"], "COMPLETE");
}

#[tokio::test]
async fn a_reader_that_is_cut_off_at_every_event_knows_all_in_the_end_and_never_goes_back() {
    on_each_database(|setup: Setup| async move {
        let app = setup.scripted(script()).start().await;
        let service = app.service("web").await;
        let build = app.start_build(&service).await;
        let (mut known, mut cursor): (Known, Option<String>) = Default::default();
        let mut snapshots = 0;
        let mut asked = false;
        // Released before they are reached: what waits is passed as soon as it is come to.
        app.engine.release(build.key());
        app.engine.release(build.key());
        loop {
            let mut updates = app.build_updates(&build, cursor.as_deref()).await;
            let event = updates.next().await.unwrap();
            snapshots += u32::from(event["__typename"] == "BuildSnapshot");
            known.learn(&event);
            cursor = updates.cursor.clone();
            if event["__typename"] == "StreamEnded" {
                break;
            }
            if !asked && event["build"]["status"] == "WAITING_FOR_APPROVAL" {
                asked = true;
                app.decide(&build, "APPROVE", json!([])).await;
            }
        }
        assert_eq!(snapshots, 1, "who resumes is not told everything again");
        assert_knows(&known, &app, &build);
    })
    .await;
}

#[tokio::test]
async fn a_cursor_from_the_future_begins_anew_and_says_so() {
    let app = TestApp::fake(Script::new().stage("a").wait()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let key = build.key().as_uuid();
    let future = alm_domain::Cursor::at(alm_domain::CursorKind::BuildEvents, key, 10_000).encode();
    let mut updates = app.build_updates(&build, Some(&future)).await;
    let first = updates.next().await.unwrap();
    assert_eq!((&first["__typename"], &first["reset"]), (&json!("BuildSnapshot"), &json!(true)));
}
