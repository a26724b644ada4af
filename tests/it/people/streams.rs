//! Live streams of people with different rights.

use alm::{
    app::Timing,
    graphql::{Api, Limits, Live, Told},
};
use alm_build_spi::conformance::fake::Script;
use alm_domain::{Principal, ProjectRole};
use async_graphql::{Request, Variables};
use futures::{StreamExt, stream::BoxStream};
use serde_json::{Value, json};

use crate::support::{TestApp, within};

fn subscribe(api: &Api, who: &Principal, document: &str, variables: Value) -> BoxStream<'static, Value> {
    let request = Request::new(document).variables(Variables::from_json(variables)).data(who.clone());
    let told = api.subscribe(request, None).map(|told| match told {
        Told::Response(response) => serde_json::to_value(response).unwrap(),
        Told::Shared(payload) => serde_json::from_slice(payload.as_bytes()).unwrap(),
        Told::Refused(error) => json!({ "errors": [serde_json::to_value(error).unwrap()] }),
    });
    told.boxed()
}

/// The stream as a whole, of one that only heartbeats keep awake, until it ends or an error comes.
async fn refused(stream: &mut BoxStream<'static, Value>) -> Value {
    within(async {
        while let Some(told) = stream.next().await {
            if told["errors"].is_array() {
                return told["errors"][0]["extensions"]["code"].clone();
            }
        }
        Value::Null
    })
    .await
}

const SHARED: &str = "subscription($id: ID!) { buildUpdates(buildId: $id) { __typename
    ... on BuildChanged { build { status } } } }";
const OWN: &str = "subscription($id: ID!) { buildUpdates(buildId: $id) { __typename
    ... on BuildSnapshot { build { ...B } } ... on BuildChanged { build { ...B } } ... on StagesChanged { build { ...B } } } }
    fragment B on Build { status project { viewerRole } actions { action allowed reasonCode } }";
/// Nothing of this can be shared: it has two roots.
const ALONE: &str =
    "subscription($id: ID!) { a: buildUpdates(buildId: $id) { __typename } b: buildLog(buildId: $id) { __typename } }";

#[tokio::test]
async fn on_one_stream_each_is_told_his_own_and_strangers_nothing() {
    let app = TestApp::fake(Script::new().stage("a").wait().line("x").succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let api = Api::new(app.app().clone(), Limits::default(), Timing::default());
    let viewer = app.member("viewer", false, "web", ProjectRole::Viewer).await;
    let developer = app.member("dev", false, "web", ProjectRole::Developer).await;
    let stranger = app.person("stranger", false).await;
    for document in [SHARED, OWN, ALONE] {
        let mut stream = subscribe(&api, &stranger, document, json!({"id": build.id()}));
        assert_eq!(refused(&mut stream).await, "NOT_FOUND");
    }
    let mut streams = [(&viewer, "VIEWER"), (&developer, "DEVELOPER")]
        .map(|(who, role)| (subscribe(&api, who, OWN, json!({"id": build.id()})), role));
    for (stream, _) in &mut streams {
        within(stream.next()).await.unwrap();
    }
    app.engine.release(build.key());
    for (stream, role) in &mut streams {
        let mut told = 0;
        while let Some(response) = within(stream.next()).await {
            let build = &response["data"]["buildUpdates"]["build"];
            let Some(actions) = build["actions"].as_array() else { continue };
            assert_eq!(build["project"]["viewerRole"], *role, "{response}");
            let cancel = actions.iter().find(|action| action["action"] == "CANCEL_BUILD").unwrap();
            assert_eq!(cancel["reasonCode"] == "NOT_PERMITTED", *role == "VIEWER", "{response}");
            told += 1;
        }
        assert!(told > 0);
    }
}

#[tokio::test]
async fn of_a_provider_each_is_told_as_much_as_he_sees_of_its_builds() {
    let app = TestApp::fake(Script::new().stage("a").wait().succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let api = Api::new(app.app().clone(), Limits::default(), Timing::default());
    let viewer = app.member("viewer", false, "web", ProjectRole::Viewer).await;
    let stranger = app.person("stranger", false).await;
    let document = "subscription { providerUpdates { __typename
        ... on ProviderSnapshot { providers { ...P } } ... on ProviderChanged { provider { ...P } } } }
        fragment P on Provider { displayName health { runningBuilds } services(first: 1) { totalCount } }";
    let mut streams =
        [(&viewer, 1), (&stranger, 0)].map(|(who, seen)| (subscribe(&api, who, document, json!({})), seen));
    for (stream, seen) in &mut streams {
        let first = within(stream.next()).await.unwrap()["data"]["providerUpdates"]["providers"][0].clone();
        assert_eq!(
            (&first["health"]["runningBuilds"], &first["services"]["totalCount"]),
            (&json!(*seen), &json!(*seen))
        );
    }
    // The end of the build is nothing to the stranger, who is told the next that concerns everybody.
    app.engine.release(build.key());
    app.follow(&build).await;
    let input = json!({"providerId": app.provider, "displayName": "The engine"});
    app.done("updateProvider", "provider { id }", input).await;
    for (stream, seen) in &mut streams {
        loop {
            let told = within(stream.next()).await.unwrap()["data"]["providerUpdates"]["provider"].clone();
            assert!(*seen == 1 || told["displayName"] == "The engine", "{told}");
            if told["displayName"] == "The engine" && told["health"]["runningBuilds"] == 0 {
                break;
            }
        }
    }
}

#[tokio::test]
async fn whoever_is_taken_out_of_a_project_hears_no_more_of_it() {
    let app = crate::support::Setup::fake(Script::new().stage("a").wait())
        .heartbeat(std::time::Duration::from_millis(50))
        .start()
        .await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let timing = Timing { heartbeat: std::time::Duration::from_millis(50), ..Timing::default() };
    let api = Api::new(app.app().clone(), Limits::default(), timing);
    let project = app.app().store().project_by_slug(&Principal::single_user(), "web").await.unwrap().unwrap();
    let stays = app.member("stays", false, "web", ProjectRole::Viewer).await;
    let leaves = app.member("leaves", false, "web", ProjectRole::Viewer).await;
    let sinks = app.member("sinks", false, "web", ProjectRole::Developer).await;
    let ids = json!({"id": build.id()});
    let project_of = json!({"id": project.id.to_string()});
    let of_project = "subscription($id: ID!) { projectUpdates(projectId: $id) { __typename } }";
    let mut left = vec![
        subscribe(&api, &leaves, SHARED, ids.clone()),
        subscribe(&api, &leaves, OWN, ids.clone()),
        subscribe(&api, &leaves, ALONE, ids.clone()),
        subscribe(&api, &leaves, of_project, project_of.clone()),
        subscribe(&api, &leaves, "subscription($id: ID!) { buildLog(buildId: $id) { __typename } }", ids.clone()),
        // Whoever may less than those with whom he shared is no longer told with them.
        subscribe(&api, &sinks, SHARED, ids.clone()),
    ];
    let mut kept = subscribe(&api, &stays, SHARED, ids);
    for stream in left.iter_mut().chain([&mut kept]) {
        assert!(within(stream.next()).await.unwrap()["errors"].is_null());
    }
    let admin = json!({"projectId": project.id.to_string(), "userId": leaves.user().unwrap().to_string()});
    app.done("removeMember", "member { role }", admin).await;
    let less =
        json!({"projectId": project.id.to_string(), "userId": sinks.user().unwrap().to_string(), "role": "VIEWER"});
    app.done("changeMember", "member { role }", less).await;
    for stream in &mut left {
        assert_eq!(refused(stream).await, "NOT_FOUND");
    }
    assert!(within(kept.next()).await.unwrap()["errors"].is_null(), "the others hear on");
}
