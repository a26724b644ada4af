//! Who asks for the same shares an execution, and nothing that is not for him.

use std::time::Duration;

use alm::{
    app::Timing,
    graphql::{Api, Limits, Live, Told},
};
use alm_build_spi::conformance::fake::Script;
use alm_domain::{Principal, ProjectRole};
use async_graphql::{Request, Variables};
use futures::{StreamExt, future::join_all, stream::BoxStream};
use serde_json::{Value, json};

use crate::support::{Setup, TestApp, within};

const SUBSCRIBERS: usize = 40;

/// How many statements the database answers while this many watch a build of many stages.
async fn statements(subscribers: usize) -> u64 {
    let mut script = Script::new().stage("first").wait();
    for n in 0..30 {
        script = script.stage(&format!("stage-{n}")).line("something");
    }
    let app = TestApp::fake(script.succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let mut watching = Vec::new();
    for _ in 0..subscribers {
        let mut events = app.build_updates(&build, None).await;
        events.until(|event| event["__typename"] == "BuildSnapshot").await;
        watching.push(events);
    }
    let before = app.app().store().statements();
    app.engine.release(build.key());
    for events in join_all(watching.into_iter().map(crate::support::Events::all)).await {
        assert_eq!(events.last().unwrap()["reason"], "COMPLETE");
        assert_eq!(events.iter().rfind(|event| event["build"].is_object()).unwrap()["build"]["status"], "SUCCEEDED");
    }
    app.app().store().statements() - before
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_subscribers_cost_the_database_little_more_than_one() {
    let (one, many) = (statements(1).await, statements(SUBSCRIBERS).await);
    // Each of them alone would ask for the journal, the stages and the approvals at every event.
    assert!(many < one * 4 + 3 * SUBSCRIBERS as u64, "{one} for one, {many} for {SUBSCRIBERS}");
}

fn subscribe(api: &Api, who: &Principal, document: &str, variables: Value) -> BoxStream<'static, Value> {
    let request = Request::new(document).variables(Variables::from_json(variables)).data(who.clone());
    let told = api.subscribe(request, None).map(|told| match told {
        Told::Response(response) => serde_json::to_value(response).unwrap(),
        Told::Shared(payload) => serde_json::from_slice(payload.as_bytes()).unwrap(),
        Told::Refused(error) => json!({ "errors": [serde_json::to_value(error).unwrap()] }),
    });
    told.boxed()
}

#[tokio::test]
async fn what_depends_on_who_asks_is_told_to_each_his_own() {
    let app = TestApp::fake(Script::new().stage("a").wait().line("x").succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let api = Api::new(app.app().clone(), Limits::default(), Timing::default());
    let document = "subscription($id: ID!) { buildUpdates(buildId: $id) {
        ... on BuildSnapshot { build { ...B } } ... on BuildChanged { build { ...B } } ... on StagesChanged { build { ...B } } } }
        fragment B on Build { status service { provider { actions { action allowed } } } }";
    let mut streams = Vec::new();
    for (login, is_admin) in [("ada", true), ("ben", false), ("cem", false)] {
        let somebody = app.member(login, is_admin, "web", ProjectRole::Viewer).await;
        streams.push(subscribe(&api, &somebody, document, json!({"id": build.id()})));
    }
    for stream in &mut streams {
        within(stream.next()).await.unwrap();
    }
    app.engine.release(build.key());
    for (stream, may) in streams.iter_mut().zip([true, false, false]) {
        let mut told = 0;
        while let Some(response) = within(stream.next()).await {
            let event = &response["data"]["buildUpdates"];
            let Some(actions) = event["build"]["service"]["provider"]["actions"].as_array() else { continue };
            let update = actions.iter().find(|action| action["action"] == "EDIT").unwrap();
            assert_eq!(update["allowed"], may, "{response}");
            told += 1;
        }
        assert!(told > 0);
    }
}

#[tokio::test]
async fn when_the_subject_goes_its_subscribers_are_told_no_more() {
    let app = Setup::fake(Script::new()).heartbeat(Duration::from_millis(50)).start().await;
    let project = app.project("shop").await;
    let mut one = app.project_updates(&project, None).await;
    one.until(|event| event["__typename"] == "Heartbeat").await;
    let mut two = app.project_updates(&project, one.cursor.clone().as_deref()).await;
    two.until(|event| event["__typename"] == "Heartbeat").await;
    // The API has no way yet to take a project, or the right to see it, away: as if it had.
    let database = sqlx::SqlitePool::connect(app.database_url()).await.unwrap();
    let gone = sqlx::query("DELETE FROM projects").execute(&database).await.unwrap();
    assert_eq!(gone.rows_affected(), 1);
    for events in [&mut one, &mut two] {
        let refused = loop {
            match events.told().await {
                Some(Ok(_)) => {}
                Some(Err(errors)) => break errors[0].clone(),
                None => panic!("it ended without a word"),
            }
        };
        assert_eq!(refused["extensions"]["code"], "NOT_FOUND", "{refused}");
    }
}
