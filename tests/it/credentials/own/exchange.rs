//! A token of the cluster's own, in exchange for the sign-in.

use serde_json::{Value, json};

use super::shop::{CLUSTER, Shop, US, check, connection, done, ended, hash, id, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_is_exchanged_for_a_token_of_the_cluster() {
    let Some(shop) = Shop::open().await else { return };
    let client = shop.allow_by_client(json!({ "ownToken": ["EXCHANGE"], "audience": CLUSTER })).await;
    let alice = shop.person("alice", 3600, &[US]).await;
    let added = shop.add(&alice, Value::Null).await;
    let (staging, own) = (id(&added), &added["environment"]["connection"]);
    assert_eq!(added["environment"]["tokenMode"], "EXCHANGE", "{added}");
    assert_eq!((&own["status"], &own["account"]), (&json!("CONNECTED"), &json!("alice")), "{own}");

    let service = shop.service().await;
    for _ in 0..2 {
        let (build, status) = start(&alice, &service).await;
        assert_ne!(status, "WAITING_FOR_CREDENTIAL");
        assert_eq!(ended(&alice, &build).await, "SUCCEEDED");
    }
    let given = shop.home.command("given", json!({})).await;
    let made: Vec<_> = given["access"].as_array().unwrap().iter().map(|token| hash(token.as_str().unwrap())).collect();
    let used = shop.given();
    assert!(used.len() == 2 && used[0] == used[1] && made.contains(&used[0]), "one of the cluster's own, kept");
    assert!(!shop.was_shown(&alice.token).await, "the sign-in itself went to nobody but the issuer");
    assert_eq!(shop.home.count("token").await, 1, "it was exchanged once");

    // One that was withdrawn over there is replaced, as long as the person is here.
    let tokens: Vec<&str> = given["access"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let token = tokens.iter().find(|token| hash(token) == used[0]).unwrap();
    shop.home.command("revoke", json!({ "token": token })).await;
    let input = json!({ "connectionId": connection(&alice, &staging).await["id"] });
    let renewed = done(&alice, "renewOAuthConnection", "connection { status }", input).await;
    assert_eq!(renewed["connection"]["status"], "CONNECTED", "{renewed}");
    assert_eq!(shop.home.count("token").await, 2);
    let (build, _) = start(&alice, &service).await;
    assert_eq!(ended(&alice, &build).await, "SUCCEEDED");
    assert_ne!(shop.given()[2], used[0]);

    // For anybody else it is of no use there.
    shop.change(&client, json!({ "audience": "urn:other" })).await;
    let said = check(&alice, &service).await;
    assert_eq!(said["blocks"], true, "{said}");
    assert!(said["message"].as_str().unwrap().contains("is not accepted there"), "{said}");
    assert_eq!(connection(&alice, &staging).await["status"], "REVOKED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_exchanges_it_an_account_is_connected() {
    use super::super::accounts::connect;
    let Some(shop) = Shop::open().await else { return };
    // The cluster's own word on its OAuth server knows of no exchange.
    let host = shop.home.address.trim_start_matches("http://").to_owned();
    let client = shop.allow_by_client(json!({ "ownToken": ["EXCHANGE"], "audience": CLUSTER })).await;
    shop.change(&client, json!({ "issuer": "", "tokenHosts": [host] })).await;
    let alice = shop.person("alice", 3600, &[US]).await;
    let added = shop.add(&alice, json!("EXCHANGE")).await;
    let (staging, own) = (id(&added), &added["environment"]["connection"]);
    assert_eq!(own["status"], "NOT_CONNECTED", "{own}");
    assert!(own["statusReason"].as_str().unwrap().contains("offers no token exchange"), "{own}");
    connect(&alice, &staging, &shop.home, "alice").await;
    let service = shop.service().await;
    let (build, _) = start(&alice, &service).await;
    assert_eq!(ended(&alice, &build).await, "SUCCEEDED");
    assert!(!shop.was_shown(&alice.token).await);
}
