//! Builds that wait for their starter to be here again.

use alm_domain::{Clock, SystemClock};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::shop::{CLUSTER, Shop, US, check, connection, done, ended, hash, id, start, until};
use crate::recovery::support::{Api, eventually};

/// A personal access token, with which a program starts builds in somebody's name.
async fn program(of: &Api) -> Api {
    let ends = (SystemClock.now() + TimeDelta::days(1)).to_rfc3339();
    let input = json!({ "name": "nightly", "scopes": ["WRITE"], "expiresAt": ends });
    let made = done(of, "createPersonalToken", "token", input).await;
    Api::new(of.address.clone(), made["token"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_waits_until_its_starter_comes_with_a_fresh_sign_in() {
    let Some(mut shop) = Shop::open().await else { return };
    shop.allow(json!({ "ownToken": ["SAME_TOKEN"], "audience": CLUSTER })).await;
    let alice = shop.person("alice", 20, &[US, CLUSTER]).await;
    let staging = id(&shop.add(&alice, Value::Null).await);
    let (service, program) = (shop.service().await, program(&alice).await);
    let gone = until(&program, &staging, "EXPIRED").await;
    assert!(gone["statusReason"].as_str().unwrap().contains("sign in again"), "{gone}");
    let said = check(&program, &service).await;
    assert_eq!((&said["state"], &said["blocks"]), (&json!("EXPIRED"), &json!(true)), "{said}");
    let (build, status) = start(&program, &service).await;
    assert_eq!(status, "WAITING_FOR_CREDENTIAL");

    // Somebody else's sign-in is not hers; and a server that starts anew has nobody's.
    let bob = shop.person("bob", 3600, &[US, CLUSTER]).await;
    until(&bob, &staging, "CONNECTED").await;
    shop.world.restart().await;
    let at = shop.world.api().address;
    let now_at = |who: &Api| Api::new(at.clone(), who.token.clone());
    assert_eq!(now_at(&program).build(&build).await.unwrap()["status"], "WAITING_FOR_CREDENTIAL");

    // Whatever she asks for: she is here.
    let alice = shop.person("alice", 3600, &[US, CLUSTER]).await;
    alice.ask("{ viewer { id } }", json!({})).await;
    assert_eq!(ended(&alice, &build).await, "SUCCEEDED", "it went on by itself");
    assert_eq!(shop.given(), [hash(&alice.token)], "once, with her fresh sign-in");
    assert_eq!(connection(&alice, &staging).await["status"], "CONNECTED");
    // While she is here, her programs need nothing more.
    let (next, status) = start(&now_at(&program), &service).await;
    assert_ne!(status, "WAITING_FOR_CREDENTIAL");
    assert_eq!(ended(&alice, &next).await, "SUCCEEDED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_was_withdrawn_is_not_used_and_the_next_one_is() {
    // A cluster that is no OpenShift.
    let Some(shop) = Shop::open_at(json!({ "name": "home", "openshift": false })).await else { return };
    shop.allow(json!({ "ownToken": ["SAME_TOKEN"], "audience": CLUSTER })).await;
    let alice = shop.person("alice", 600, &[US, CLUSTER]).await;
    let staging = id(&shop.add(&alice, Value::Null).await);
    let service = shop.service().await;
    shop.home.command("revoke", json!({ "token": alice.token })).await;
    let grant = connection(&alice, &staging).await["id"].clone();
    let renewed =
        done(&alice, "renewOAuthConnection", "connection { status statusReason }", json!({ "connectionId": grant }))
            .await;
    let said = &renewed["connection"];
    assert_eq!(said["status"], "REVOKED", "{said}");
    assert!(said["statusReason"].as_str().unwrap().contains("sign in again"), "{said}");
    let (build, status) = start(&alice, &service).await;
    assert_eq!(status, "WAITING_FOR_CREDENTIAL");
    // A cluster that is out of order says nothing about anybody's token.
    let again = shop.person("alice", 3600, &[US, CLUSTER]).await;
    shop.home.command("trouble", json!({ "cluster": "down" })).await;
    until(&again, &staging, "ERROR").await;
    shop.home.command("trouble", json!({ "cluster": null })).await;
    assert_eq!(ended(&again, &build).await, "SUCCEEDED");
    assert_eq!(shop.given(), [hash(&again.token)]);
    eventually("the cluster is asked again", async || {
        let input = json!({ "connectionId": grant });
        let renewed = done(&again, "renewOAuthConnection", "connection { status }", input).await;
        (renewed["connection"]["status"] == "CONNECTED").then_some(())
    })
    .await;
}
