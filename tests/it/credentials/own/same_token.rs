//! The token of the sign-in itself.

use serde_json::{Value, json};

use super::shop::{CLUSTER, Shop, US, check, connection, done, ended, hash, id, start, until};
use crate::recovery::support::Socket;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_in_where_the_cluster_does_is_asked_for_nothing() {
    let Some(shop) = Shop::open().await else { return };
    shop.allow(json!({ "ownToken": ["SAME_TOKEN"], "audience": CLUSTER })).await;
    let alice = shop.person("alice", 3600, &[US, CLUSTER]).await;

    let added = shop.add(&alice, Value::Null).await;
    let (staging, said) = (id(&added), &added["environment"]);
    assert_eq!(said["tokenMode"], "SAME_TOKEN", "{added}");
    let own = &said["connection"];
    assert_eq!(
        (&own["status"], &own["account"], &own["isOwnToken"], &own["renewsItself"]),
        (&json!("CONNECTED"), &json!("alice"), &json!(true), &json!(false)),
        "{own}"
    );
    assert!(own["expiresAt"].is_string() && own["statusReason"].is_null(), "{own}");

    // It is tried once, however often somebody looks.
    let tries = shop.home.count("whoami").await;
    let service = shop.service().await;
    for _ in 0..3 {
        assert_eq!(check(&alice, &service).await["state"], "OK");
        assert_eq!(connection(&alice, &staging).await, *own);
    }
    assert_eq!(shop.home.count("whoami").await, tries);

    let (build, status) = start(&alice, &service).await;
    assert_ne!(status, "WAITING_FOR_CREDENTIAL");
    assert_eq!(ended(&alice, &build).await, "SUCCEEDED");
    assert_eq!(shop.given(), [hash(&alice.token)], "the stage was given the sign-in of who started it");

    // A colleague comes with a sign-in of his own: nothing is asked of him either, and he is told.
    let bob = shop.person("bob", 3600, &[US, CLUSTER]).await;
    let mut socket = Socket::connect(&bob.address, &bob.token).await.unwrap();
    let events =
        "subscription { viewerUpdates { __typename ... on ConnectionChanged { connection { status account } } } }";
    socket.subscribe("1", events, json!({})).await.unwrap();
    socket.payload().await;
    connection(&bob, &staging).await;
    let told = socket.payload().await["data"]["viewerUpdates"]["connection"].clone();
    assert_eq!(told, json!({ "status": "CONNECTED", "account": "bob" }));
    until(&bob, &staging, "CONNECTED").await;
    let (build, _) = start(&bob, &service).await;
    assert_eq!(ended(&bob, &build).await, "SUCCEEDED");
    assert_eq!(shop.given()[1..], [hash(&bob.token)]);

    // The token of the administrator in the data directory is nobody's sign-in.
    let admin = shop.world.api();
    assert_eq!(check(&admin, &service).await["state"], "NOT_CONNECTED");
    assert_eq!(connection(&alice, &staging).await["status"], "CONNECTED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_somebody_connects_comes_first() {
    use super::super::accounts::connect;
    let Some(shop) = Shop::open().await else { return };
    shop.allow_by_client(json!({ "ownToken": ["SAME_TOKEN"], "audience": CLUSTER })).await;
    let alice = shop.person("alice", 3600, &[US, CLUSTER]).await;
    let staging = id(&shop.add(&alice, Value::Null).await);
    assert_eq!(connection(&alice, &staging).await["account"], "alice");
    connect(&alice, &staging, &shop.home, "deployer").await;
    let connected = connection(&alice, &staging).await;
    assert_eq!((&connected["account"], &connected["isOwnToken"]), (&json!("deployer"), &json!(false)), "{connected}");
    let service = shop.service().await;
    let (build, _) = start(&alice, &service).await;
    assert_eq!(ended(&alice, &build).await, "SUCCEEDED");
    let given = shop.given();
    assert!(given.len() == 1 && given[0] != hash(&alice.token), "{given:?}");

    // Where it is forgotten, the sign-in is used again; to forget that one changes nothing, and it is said so.
    let forget = async || {
        let grant = connection(&alice, &staging).await["id"].clone();
        done(&alice, "disconnectOAuthConnection", "leftBehind", json!({ "connectionId": grant })).await["leftBehind"]
            .clone()
    };
    assert!(forget().await.is_null());
    assert_eq!(check(&alice, &service).await["state"], "OK");
    assert_eq!(connection(&alice, &staging).await["isOwnToken"], true);
    assert!(forget().await.as_str().unwrap().contains("your own sign-in goes on"));
    let (build, _) = start(&alice, &service).await;
    assert_eq!(ended(&alice, &build).await, "SUCCEEDED");
    assert_eq!(shop.given()[1..], [hash(&alice.token)]);
}
