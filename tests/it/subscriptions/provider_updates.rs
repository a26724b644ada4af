//! Providers are told live: how they are, and how much they have to do.

use std::time::Duration;

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::{Events, Setup, TestApp, within};

const UPDATES: &str = "subscription ($after: String) { providerUpdates(after: $after) { __typename
  ... on StreamEvent { cursor at }
  ... on ProviderSnapshot { reset providers { ...Told } }
  ... on ProviderChanged { provider { ...Told } }
  ... on EntityRemoved { removedId removedType }
  ... on StreamEnded { reason } } }
fragment Told on Provider {
  id revision slug displayName enabled version
  health { state message checkedAt runningBuilds queuedBuilds } services(first: 1) { totalCount } }";

async fn updates(app: &TestApp, after: Option<&Value>) -> Events {
    app.subscribe(UPDATES, json!({ "after": after })).await
}

/// The provider as it is told next in a way that is wanted.
async fn told(events: &mut Events, wanted: impl Fn(&Value) -> bool) -> Value {
    let event = events.until(|event| event["provider"].is_object() && wanted(&event["provider"])).await;
    event["provider"].clone()
}

async fn renamed(app: &TestApp, name: &str) {
    app.done("updateProvider", "provider { id }", json!({ "providerId": app.provider, "displayName": name })).await;
}

#[tokio::test]
async fn what_providers_have_to_do_and_who_uses_them_is_told_live() {
    let app = TestApp::fake(Script::new().stage("a").wait().succeed()).await;
    let mut events = updates(&app, None).await;
    let first = events.next().await.unwrap();
    assert_eq!((&first["__typename"], &first["reset"]), (&json!("ProviderSnapshot"), &json!(false)));
    assert_eq!(first["providers"].as_array().unwrap().len(), 1);
    assert_eq!(first["providers"][0]["health"]["state"], "HEALTHY");

    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let busy = told(&mut events, |provider| provider["health"]["runningBuilds"] == 1).await;
    assert_eq!(busy["services"]["totalCount"], 1);
    app.engine.release(build.key());
    told(&mut events, |provider| provider["health"]["runningBuilds"] == 0).await;

    renamed(&app, "The engine").await;
    told(&mut events, |provider| provider["displayName"] == "The engine").await;
    let off = json!({ "providerId": app.provider, "enabled": false });
    app.done("updateProvider", "provider { id }", off).await;
    told(&mut events, |provider| provider["enabled"] == false).await;

    let second = json!({ "slug": "second", "displayName": "Second", "kind": "LOCAL", "configuration": [] });
    let second = app.done("registerProvider", "provider { id }", second).await["provider"]["id"].clone();
    told(&mut events, |provider| provider["id"] == second).await;
    app.done("removeProvider", "removedProviderId", json!({ "providerId": second })).await;
    let gone = events.until(|event| event["__typename"] == "EntityRemoved").await;
    assert_eq!((&gone["removedId"], &gone["removedType"]), (&second, &json!("Provider")));
}

#[tokio::test]
async fn an_engine_that_falls_ill_and_recovers_is_noticed_without_anybody_asking() {
    let app = Setup::fake(Script::new()).probing(Duration::from_millis(20)).start().await;
    let mut events = updates(&app, None).await;
    let first = events.next().await.unwrap()["providers"][0].clone();

    // Being asked again is no change, so that whoever edits a provider meanwhile is not refused.
    let later = told(&mut events, |provider| provider["health"]["checkedAt"] != first["health"]["checkedAt"]).await;
    assert_eq!(later["revision"], first["revision"]);
    let edit = json!({ "providerId": app.provider, "displayName": "Edited", "expectedRevision": first["revision"] });
    let edited =
        app.done("updateProvider", "provider { revision }", edit).await["provider"]["revision"].as_i64().unwrap();

    app.engine.outage(true);
    let ill = told(&mut events, |provider| provider["health"]["state"] == "FAILING").await;
    assert_eq!((&ill["health"]["message"], &ill["version"]), (&json!("switched off"), &Value::Null));
    assert_eq!(ill["revision"], edited + 1, "another verdict is a change");
    app.engine.outage(false);
    let well = told(&mut events, |provider| provider["health"]["state"] == "HEALTHY").await;
    assert_eq!((&well["health"]["message"], &well["revision"]), (&Value::Null, &json!(edited + 2)));

    // Who asks is told the same as who listens.
    let query = "{ providers { edges { node { health { state checkedAt } } } } }";
    let asked = app.graphql(query, json!({})).await["providers"]["edges"][0]["node"]["health"].clone();
    assert_eq!(asked["state"], "HEALTHY");
    assert!(asked["checkedAt"].as_str() >= well["health"]["checkedAt"].as_str());
}

#[tokio::test]
async fn whoever_resumes_has_missed_nothing_or_begins_anew() {
    let mut app = TestApp::fake(Script::new()).await;
    let mut events = updates(&app, None).await;
    events.next().await.unwrap();
    renamed(&app, "One").await;
    let seen = events.until(|event| event["provider"]["displayName"] == "One").await;
    drop(events);

    // Nothing has happened: nothing is told before something does, also by the next server.
    app.stop().await;
    app.open().await;
    let mut events = updates(&app, Some(&seen["cursor"])).await;
    renamed(&app, "Two").await;
    let event = events.next().await.unwrap();
    assert_eq!((&event["__typename"], &event["provider"]["displayName"]), (&json!("ProviderChanged"), &json!("Two")));
    drop(events);

    renamed(&app, "Three").await;
    let mut events = updates(&app, Some(&event["cursor"])).await;
    let event = events.next().await.unwrap();
    assert_eq!((&event["__typename"], &event["reset"]), (&json!("ProviderSnapshot"), &json!(true)));
    assert_eq!(event["providers"][0]["displayName"], "Three");

    // A cursor of something else is refused, with the name of the argument.
    let project = app.project("shop").await;
    let foreign = app.project_updates(&project, None).await.next().await.unwrap()["cursor"].clone();
    let refused = updates(&app, Some(&foreign)).await.refusal().await;
    assert_eq!(
        (&refused["extensions"]["code"], &refused["extensions"]["argument"]),
        (&json!("BAD_PAGE_ARGUMENT"), &json!("after"))
    );
}
