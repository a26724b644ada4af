//! Renewing, looking at, revoking and forgetting what was connected.

use alm::app::TokenState;
use alm_build_spi::conformance::fake::Script;
use alm_domain::Clock;
use futures::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::support::{World, seconds, still};
use crate::support::{Issuer, Setup, on_each_database};

#[tokio::test]
async fn fifty_who_need_a_token_at_once_ask_the_issuer_once() {
    on_each_database(|setup| async {
        let Some(issuer) = Issuer::with_refresh().await else { return };
        let clock = still();
        let world = World::of(setup.clock(clock.clone()), issuer).await;
        world.connect("alice").await;
        let environment = world.domain().await;
        let (first, _) = world.inner().token_for(World::me(), &environment).await.unwrap();
        let calls = world.issuer.count("token").await;
        // The hour is nearly over.
        let until = clock.now() + seconds(3_700);
        let environments = [environment.clone()];
        let checks = (0..50).map(|_| world.inner().check_tokens(World::me(), &environments, until));
        clock.advance(seconds(200));
        for checked in join_all(checks).await {
            assert_eq!(checked.unwrap()[0].state, TokenState::Ok);
        }
        assert_eq!(world.issuer.count("token").await, calls + 1);
        let (second, _) = world.inner().token_for(World::me(), &environment).await.unwrap();
        assert_ne!(first.expose_secret(), second.expose_secret());
        assert_eq!(world.grant().await["status"], "CONNECTED");
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_is_not_renewed_is_told_to_end_soon_and_to_have_ended() {
    let Some(issuer) = Issuer::without_refresh().await else { return };
    let clock = still();
    let world = World::of(Setup::fake(Script::new()).clock(clock.clone()), issuer).await;
    let grant = world.connect("alice").await;
    assert_eq!((&grant["status"], &grant["renewsItself"]), (&json!("CONNECTED"), &json!(false)));
    let environment = [world.domain().await];
    let state = async |n: i64| {
        let until = clock.now() + seconds(n);
        world.inner().check_tokens(World::me(), &environment, until).await.unwrap()[0].state
    };
    assert_eq!((state(10).await, state(40).await), (TokenState::Ok, TokenState::ExpiresDuring));
    clock.advance(seconds(25));
    world.until("EXPIRING").await;
    clock.advance(seconds(6));
    let ended = world.until("EXPIRED").await;
    assert!(ended["statusReason"].as_str().unwrap().contains("connect the account again"), "{ended}");
    assert_eq!(state(1).await, TokenState::Expired);
    let checked = world.inner().token_for(World::me(), &environment[0]).await.unwrap_err();
    assert_eq!(checked.state, TokenState::Expired);
    // It is made again as it was made first.
    assert_eq!(world.connect("alice").await["status"], "CONNECTED");
}

#[tokio::test]
async fn a_token_that_was_revoked_over_there_is_found_out() {
    on_each_database(|setup| async {
        let Some(issuer) = Issuer::without_refresh().await else { return };
        let clock = still();
        let world = World::of(setup.clock(clock.clone()), issuer).await;
        world.connect("alice").await;
        let environment = world.domain().await;
        let (token, _) = world.inner().token_for(World::me(), &environment).await.unwrap();
        world.issuer.command("revoke", json!({"token": token.expose_secret()})).await;
        // A provider says so; before the known end that means revoked.
        world.inner().report_unauthorized(World::me(), world.environment_id()).await;
        let grant = world.grant().await;
        assert_eq!(grant["status"], "REVOKED", "{grant}");
        let checked = world.inner().token_for(World::me(), &environment).await.unwrap_err();
        assert_eq!(checked.state, TokenState::Expired);

        // Asked for by its owner, the same is found by asking whose the token is.
        world.connect("alice").await;
        let (token, _) = world.inner().token_for(World::me(), &environment).await.unwrap();
        world.issuer.command("revoke", json!({"token": token.expose_secret()})).await;
        let input = json!({"connectionId": grant["id"]});
        let renewed = world.app.done("renewOAuthConnection", "connection { status }", input).await;
        assert_eq!(renewed["connection"]["status"], "REVOKED");

        // After its end it has ended.
        world.connect("alice").await;
        clock.advance(seconds(31));
        world.inner().report_unauthorized(World::me(), world.environment_id()).await;
        assert_eq!(world.grant().await["status"], "EXPIRED");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_that_is_of_no_use_any_more_asks_for_the_person() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let clock = still();
    let world = World::of(Setup::fake(Script::new()).clock(clock.clone()), issuer).await;
    let grant = world.connect("alice").await;
    // As if the server had died between the issuer's answer and its own commit: the refresh token was used, nobody knows the new one.
    let environment = world.domain().await;
    let me = World::me();
    let binding = alm_store::token_binding(me, environment.id, alm_domain::SecretKind::RefreshToken);
    let sealed = world.inner().store().sealed(&binding).await.unwrap().unwrap();
    let token = world.inner().vault().open(&binding, &sealed).unwrap();
    world.issuer.command("revoke", json!({"token": token.expose_secret()})).await;
    clock.advance(seconds(3_700));
    let ended = world.until("EXPIRED").await;
    assert_eq!(ended["renewsItself"], false, "{ended}");
    assert!(ended["statusReason"].as_str().unwrap().contains("connect the account again"), "{ended}");
    assert_eq!(ended["id"], grant["id"]);
}

#[tokio::test]
async fn what_is_forgotten_here_is_withdrawn_over_there() {
    on_each_database(|setup| async {
        let Some(issuer) = Issuer::with_refresh().await else { return };
        let world = World::of(setup, issuer).await;
        let grant = world.connect("alice").await;
        let revoked = world.issuer.count("revoke").await;
        let payload = world.disconnect(&grant).await;
        assert_eq!(payload["connection"]["status"], "NOT_CONNECTED");
        assert!(payload["leftBehind"].is_null(), "{payload}");
        assert!(world.issuer.count("revoke").await > revoked);
        assert!(payload["connection"]["account"].is_null());
        let checked = world.inner().token_for(World::me(), &world.domain().await).await.unwrap_err();
        assert_eq!(checked.state, TokenState::NotConnected);
        let kinds = [alm_domain::SecretKind::AccessToken, alm_domain::SecretKind::RefreshToken];
        for kind in kinds {
            let binding = alm_store::token_binding(World::me(), world.environment_id(), kind);
            assert!(world.inner().store().sealed(&binding).await.unwrap().is_none());
        }

        // With its environment it goes too.
        world.connect("alice").await;
        world.app.done("removeEnvironment", "removedEnvironmentId", json!({"environmentId": world.environment})).await;
        for kind in kinds {
            let binding = alm_store::token_binding(World::me(), world.environment_id(), kind);
            assert!(world.inner().store().sealed(&binding).await.unwrap().is_none());
        }
        let viewer = world.app.graphql("{ viewer { connections { status } } }", json!({})).await;
        assert_eq!(viewer["viewer"]["connections"], json!([]));
        let again = json!({"environmentId": world.environment, "returnTo": "/"});
        let payload = world.app.mutate("startOAuthConnection", "authorizationUrl", again).await;
        assert_eq!(payload["userErrors"][0]["code"], "NOT_FOUND", "{payload}");
    })
    .await;
}

#[tokio::test]
async fn a_renewed_token_that_lasts_no_longer_is_not_renewed() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let clock = still();
    let world = World::of(Setup::fake(Script::new()).clock(clock.clone()), issuer).await;
    let grant = world.connect("alice").await;
    assert_eq!(grant["renewsItself"], true);
    world.issuer.command("set", json!({"accessSeconds": 600})).await;
    let input = json!({"connectionId": grant["id"]});
    let renewed =
        world.app.done("renewOAuthConnection", "connection { status renewsItself statusReason }", input).await;
    let renewed = &renewed["connection"];
    assert_eq!((&renewed["status"], &renewed["renewsItself"]), (&json!("CONNECTED"), &json!(false)), "{renewed}");
    assert!(renewed["statusReason"].as_str().unwrap().contains("does not last longer"), "{renewed}");
    // The token works until its end; nobody tries to renew it in a loop.
    let calls = world.issuer.count("token").await;
    let environment = [world.domain().await];
    let until = clock.now() + seconds(3_000);
    for _ in 0..5 {
        let checked = world.inner().check_tokens(World::me(), &environment, until).await.unwrap();
        assert_eq!(checked[0].state, TokenState::ExpiresDuring);
    }
    clock.advance(seconds(601));
    world.until("EXPIRED").await;
    assert_eq!(world.issuer.count("token").await, calls);
}

#[tokio::test]
async fn where_there_is_no_place_for_it_a_token_is_withdrawn_as_openshift_does_it() {
    let options = json!({"name": "openshift", "refresh": false, "namesIssuer": false, "revocation": false});
    let Some(issuer) = Issuer::start(options).await else { return };
    let (world, _) = World::led_by_the_cluster(Setup::fake(Script::new()), issuer).await;
    let grant = world.connect("alice").await;
    let (token, _) = world.inner().token_for(World::me(), &world.domain().await).await.unwrap();
    let payload = world.disconnect(&grant).await;
    assert_eq!((&payload["connection"]["status"], &payload["leftBehind"]), (&json!("NOT_CONNECTED"), &Value::Null));
    assert_eq!((world.issuer.count("delete").await, world.issuer.count("revoke").await), (1, 0));
    let found = world.issuer.command("revoke", json!({"token": token.expose_secret()})).await;
    assert_eq!(found["revoked"], false, "it was gone");

    // A cluster that is out of order keeps it, and that is said; forgotten here it is all the same.
    let grant = world.connect("alice").await;
    world.issuer.command("trouble", json!({"cluster": "down"})).await;
    let payload = world.disconnect(&grant).await;
    assert_eq!(payload["connection"]["status"], "NOT_CONNECTED");
    assert!(payload["leftBehind"].as_str().unwrap().contains("503"), "{payload}");
    assert_eq!(world.issuer.count("delete").await, 1);
}

#[tokio::test]
async fn no_reply_of_the_api_holds_a_secret() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let world = World::of(Setup::fake(Script::new()), issuer).await;
    world.connect("alice").await;
    let (token, _) = world.inner().token_for(World::me(), &world.domain().await).await.unwrap();
    let clients = "{ oauthClients { id revision origin clientId hasSecret issuer scopes tokenHosts createdAt } }";
    let clients = world.app.graphql(clients, json!({})).await;
    assert_eq!(clients["oauthClients"][0]["hasSecret"], true);
    let said: Value = json!([clients, world.grant().await]);
    for secret in [token.expose_secret(), world.issuer.client_secret.as_str()] {
        assert!(!said.to_string().contains(secret));
    }
}
