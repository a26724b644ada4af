//! What the administrator does not allow is not done.

use serde_json::{Value, json};

use super::{
    super::accounts::{begin, connect, mutate},
    shop::{CLUSTER, Shop, US, check, connection, done, ended, hash, id, start, until},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_forbidden_an_account_is_connected_as_ever() {
    let Some(shop) = Shop::open().await else { return };
    let client = shop.allow_by_client(json!({ "audience": CLUSTER })).await;
    let alice = shop.person("alice", 3600, &[US, CLUSTER]).await;
    for mode in ["SAME_TOKEN", "EXCHANGE", "SILENT"] {
        let refused = shop.add(&alice, json!(mode)).await;
        let error = &refused["userErrors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!("INVALID"), &json!(["tokenMode"])), "{refused}");
        assert!(error["message"].as_str().unwrap().contains("ask an administrator"), "{refused}");
    }
    let added = shop.add(&alice, Value::Null).await;
    let staging = id(&added);
    assert_eq!(added["environment"]["tokenMode"], "GRANT");
    assert_eq!(added["environment"]["connection"]["status"], "NOT_CONNECTED");
    let service = shop.service().await;
    let (build, status) = start(&alice, &service).await;
    assert_eq!(status, "WAITING_FOR_CREDENTIAL");
    assert!(!shop.was_shown(&alice.token).await);
    connect(&alice, &staging, &shop.home, "alice").await;
    assert_eq!(ended(&alice, &build).await, "SUCCEEDED", "it went on by itself");
    assert_ne!(shop.given(), [hash(&alice.token)]);
    assert!(!shop.was_shown(&alice.token).await, "the cluster never saw the sign-in");

    // Allowed from now on, and no more later: what is said of it is true each time.
    let bob = shop.person("bob", 3600, &[US, CLUSTER]).await;
    shop.change(&client, json!({ "ownToken": ["SAME_TOKEN"] })).await;
    let input = json!({ "environmentId": staging, "tokenMode": "SAME_TOKEN" });
    done(&bob, "updateEnvironment", "environment { tokenMode }", input).await;
    assert_eq!(connection(&bob, &staging).await["status"], "CONNECTED");
    shop.change(&client, json!({ "ownToken": [] })).await;
    let said = check(&bob, &service).await;
    assert_eq!((&said["state"], &said["blocks"]), (&json!("NOT_CONNECTED"), &json!(true)), "{said}");
    let own = connection(&bob, &staging).await;
    assert_eq!((&own["status"], &own["isOwnToken"]), (&json!("NOT_CONNECTED"), &json!(false)), "{own}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_for_us_alone_goes_nowhere_until_the_administrator_says_so() {
    let Some(shop) = Shop::open().await else { return };
    let client = shop.allow(json!({ "ownToken": ["SAME_TOKEN"], "audience": CLUSTER })).await;
    let alice = shop.person("alice", 3600, &[US, "account"]).await;
    let found = shop.add(&alice, Value::Null).await;
    assert_eq!(found["environment"]["tokenMode"], "GRANT", "it does not work for her: {found}");
    let input = json!({ "environmentId": id(&found), "tokenMode": "SAME_TOKEN" });
    let selection = "environment { connection { status statusReason } }";
    let changed = done(&alice, "updateEnvironment", selection, input).await;
    let own = &changed["environment"]["connection"];
    assert_eq!(own["status"], "NOT_CONNECTED", "{own}");
    assert!(own["statusReason"].as_str().unwrap().contains("issued for this service alone"), "{own}");
    let service = shop.service().await;
    let (build, status) = start(&alice, &service).await;
    assert_eq!(status, "WAITING_FOR_CREDENTIAL");
    assert!(!shop.was_shown(&alice.token).await);

    shop.change(&client, json!({ "forwardTokensForUs": true })).await;
    until(&alice, &id(&found), "CONNECTED").await;
    assert_eq!(ended(&alice, &build).await, "SUCCEEDED");
    assert_eq!(shop.given(), [hash(&alice.token)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_only_where_that_is_allowed() {
    let Some(shop) = Shop::open().await else { return };
    let client = shop.allow_by_client(json!({ "ownToken": ["SILENT"] })).await;
    let alice = shop.person("alice", 3600, &[US]).await;
    let added = shop.add(&alice, Value::Null).await;
    assert_eq!(added["environment"]["tokenMode"], "SILENT", "{added}");
    assert!(begin(&alice, &id(&added)).await.contains("prompt=none"));
    // Whoever has no session there is told so at once.
    let error = shop.home.command("approve", json!({ "url": begin(&alice, &id(&added)).await, "user": "alice" })).await;
    assert!(error["location"].as_str().unwrap().contains("error=login_required"), "{error}");
    shop.change(&client, json!({ "ownToken": [] })).await;
    assert!(!begin(&alice, &id(&added)).await.contains("prompt=none"));
    connect(&alice, &id(&added), &shop.home, "alice").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_allowed_is_refused_with_its_place() {
    let Some(shop) = Shop::open().await else { return };
    let admin = shop.world.api();
    for (change, place) in [
        (json!({ "ownToken": ["GRANT"], "clientId": "x" }), "ownToken"),
        (json!({ "ownToken": ["EXCHANGE"] }), "clientId"),
        (json!({ "ownToken": ["SAME_TOKEN", "SILENT"] }), "clientId"),
        (json!({}), "clientId"),
        (json!({ "ownToken": ["SAME_TOKEN"], "audience": "a b" }), "audience"),
        (json!({ "ownToken": ["SAME_TOKEN"], "audience": "x".repeat(501) }), "audience"),
    ] {
        let mut input = json!({ "origin": "https://api.example.org:6443" });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = mutate(&admin, "registerOAuthClient", "client { id }", input).await;
        assert_eq!(refused["userErrors"][0]["path"], json!([place]), "{refused}");
    }
}
