//! `projectUpdates`.

use std::collections::{BTreeMap, HashMap};

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::{Setup, TestApp, on_each_database};

/// What a client knows of a project's builds, and how often it was told that each began.
#[derive(Default)]
struct Known {
    added: BTreeMap<String, u32>,
    builds: HashMap<String, (u64, String)>,
}

impl Known {
    fn learn(&mut self, event: &Value) {
        let build = match event["__typename"].as_str().unwrap() {
            "BuildAdded" => {
                let node = &event["edge"]["node"];
                *self.added.entry(node["id"].as_str().unwrap().to_owned()).or_default() += 1;
                node
            }
            "BuildChanged" => &event["build"],
            _ => return,
        };
        let (revision, status) = (build["revision"].as_u64().unwrap(), build["status"].as_str().unwrap().to_owned());
        let before = self.builds.insert(build["id"].as_str().unwrap().to_owned(), (revision, status));
        assert!(before.is_none_or(|(before, _)| before <= revision), "back: {event}");
    }

    fn all_succeeded(&self, count: usize) -> bool {
        self.builds.len() == count && self.builds.values().all(|(_, status)| status == "SUCCEEDED")
    }
}

#[tokio::test]
async fn a_snapshot_comes_first_and_then_builds_and_build_services() {
    let app = TestApp::fake(Script::new().stage("a").succeed()).await;
    let project = app.project("shop").await;
    let mut updates = app.project_updates(&project, None).await;
    let first = updates.next().await.unwrap();
    assert_eq!((&first["__typename"], &first["project"]["id"]), (&json!("ProjectSnapshot"), &json!(project)));
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    updates.until(|event| event["__typename"] == "BuildServiceChanged" && event["service"]["id"] == service).await;
    let build = app.start_build(&service).await;
    updates.until(|event| event["__typename"] == "BuildAdded" && event["edge"]["node"]["id"] == build.id()).await;
    app.follow(&build).await;
    app.done("updateProject", "project { id }", json!({"projectId": project, "displayName": "Anew"})).await;
    updates.until(|event| event["project"]["displayName"] == "Anew").await;
    app.done("removeBuildService", "removedServiceId", json!({"serviceId": service})).await;
    let removed = updates.until(|event| event["__typename"] == "EntityRemoved").await;
    assert_eq!((&removed["removedId"], &removed["removedType"]), (&json!(service), &json!("BuildService")));
}

#[tokio::test]
async fn a_reader_that_is_cut_off_at_every_event_is_told_of_each_build_once() {
    on_each_database(|setup: Setup| async move {
        const BUILDS: usize = 12;
        let app = setup.scripted(Script::new().stage("a").line("x").stage("b").succeed()).start().await;
        let project = app.project("shop").await;
        let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
        let mut updates = app.project_updates(&project, None).await;
        let mut known = Known::default();
        known.learn(&updates.next().await.unwrap());
        let mut cursor = updates.cursor.clone();
        drop(updates);
        let mut started = Vec::new();
        while !known.all_succeeded(BUILDS) {
            if started.len() < BUILDS {
                started.push(app.start_build(&service).await.id().to_owned());
            }
            let mut updates = app.project_updates(&project, cursor.as_deref()).await;
            known.learn(&updates.next().await.unwrap());
            cursor = updates.cursor.clone();
        }
        // The oracle: what was started, and nothing else, each once.
        started.sort();
        assert_eq!(known.added.keys().cloned().collect::<Vec<_>>(), started);
        assert!(known.added.values().all(|times| *times == 1), "{:?}", known.added);
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_was_away_is_told_of_each_build_once_even_if_it_is_cut_off_again() {
    const BUILDS: usize = 8;
    let app = TestApp::fake(Script::new().stage("a").succeed()).await;
    let project = app.project("shop").await;
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    let mut updates = app.project_updates(&project, None).await;
    updates.next().await.unwrap();
    let mut cursor = updates.cursor.clone();
    drop(updates);
    let mut started = Vec::new();
    for _ in 0..BUILDS {
        let build = app.start_build(&service).await;
        app.follow(&build).await;
        started.push(build.id().to_owned());
    }
    let mut known = Known::default();
    while !known.all_succeeded(BUILDS) {
        let mut updates = app.project_updates(&project, cursor.as_deref()).await;
        known.learn(&updates.next().await.unwrap());
        cursor = updates.cursor.clone();
    }
    started.sort();
    assert_eq!(known.added.into_iter().collect::<Vec<_>>(), started.into_iter().map(|b| (b, 1)).collect::<Vec<_>>());
}
