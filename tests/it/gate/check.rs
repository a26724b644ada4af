//! What is said before a start.

use alm_build_spi::conformance::fake::Script;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::support::{me, shipping, shop, start_held};
use crate::support::{Accounts, Setup, TestApp};

async fn check(app: &TestApp, service: &str) -> Value {
    let query = "query($id: ID!) { canStart(serviceId: $id) { isReady neededUntil
        environments { environment { name } state blocks expiresAt message } } }";
    app.graphql(query, json!({"id": service})).await["canStart"].clone()
}

#[tokio::test]
async fn each_environment_says_what_its_token_is_worth() {
    let accounts = Accounts::default();
    let app = Setup::fake(shipping()).accounts(&accounts).start().await;
    let environments = [("build", "BUILD"), ("staging", "TARGET"), ("prod", "TARGET"), ("demo", "TARGET")];
    let service = shop(&app, &environments).await;
    accounts.connect(me(), "staging", "t");
    accounts.connect_for(me(), "prod", "t", TimeDelta::minutes(-1));
    let said = check(&app, &service).await;
    assert_eq!(said["isReady"], false);
    let states: Vec<_> = said["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["environment"]["name"].as_str().unwrap(), e["state"].as_str().unwrap(), e["blocks"] == true))
        .collect();
    // The engine needs no token of the build environment.
    assert_eq!(states, [("staging", "OK", false), ("prod", "EXPIRED", true), ("demo", "NOT_CONNECTED", true)]);
    assert!(said["environments"][0]["message"].is_null());
    assert!(said["environments"][2]["message"].as_str().unwrap().contains("connect"), "{said}");
    let unknown = check(&app, "svc_00000000000070008000000000000000").await;
    assert!(unknown.is_null());
}

#[tokio::test]
async fn an_engine_that_acts_for_people_needs_the_token_of_the_build_environment_too() {
    let accounts = Accounts::default();
    let app = Setup::fake(Script::new().line("x")).needing_token().accounts(&accounts).start().await;
    accounts.connect(me(), "cluster", "t-first");
    let service = shop(&app, &[("cluster", "BUILD")]).await;
    accounts.disconnect(me(), "cluster");
    assert_eq!(check(&app, &service).await["environments"][0]["state"], "NOT_CONNECTED");
    let (build, _) = start_held(&app, &service).await;
    app.engine.accept_tokens(Some(vec!["t-cluster".into()]));
    accounts.connect(me(), "cluster", "t-cluster");
    super::support::ring(&app);
    // The engine takes no other token: it was called with the right one, each time.
    assert_eq!(app.follow(&build).await.status(), "SUCCEEDED");
    assert_eq!(app.engine.secrets_of(build.key()), []);
}

#[tokio::test]
async fn a_token_that_ends_too_soon_is_asked_for_only_where_a_fresh_one_would_last() {
    let accounts = Accounts::default();
    let app = Setup::fake(shipping()).accounts(&accounts).start().await;
    let service = shop(&app, &[("staging", "TARGET")]).await;
    // Builds that nothing is known of are taken to need 10 minutes.
    accounts.connect_for(me(), "staging", "t", TimeDelta::minutes(5));
    accounts.fresh_lasts(TimeDelta::minutes(6));
    let said = check(&app, &service).await;
    assert_eq!((&said["isReady"], &said["environments"][0]["state"]), (&json!(true), &json!("EXPIRES_DURING")));
    let build = app.start_build(&service).await;
    let ended = app.follow(&build).await;
    assert_eq!(ended.status(), "SUCCEEDED");
    assert!(ended.each("warnings").any(|warning| warning["code"] == "TOKEN_EXPIRES_DURING"), "{ended:?}");
    accounts.fresh_lasts(TimeDelta::hours(8));
    // The last builds took no time, so that only a token that ends at once is not enough.
    assert_eq!(check(&app, &service).await["isReady"], true);
    accounts.connect_for(me(), "staging", "t", TimeDelta::seconds(30));
    let said = check(&app, &service).await;
    assert_eq!((&said["isReady"], &said["environments"][0]["blocks"]), (&json!(false), &json!(true)));
}
