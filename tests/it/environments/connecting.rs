//! Connecting accounts at real issuers, and all that tries to get in between.

use alm_domain::{Clock, Principal, ProjectRole, SequentialIds, SystemClock, User, UserId};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::support::{World, input};
use crate::support::{Issuer, Setup, on_each_database};

fn code_of(payload: &Value) -> &Value {
    &payload["userErrors"][0]["code"]
}

#[tokio::test]
async fn an_account_is_connected_and_its_owner_is_told() {
    on_each_database(|setup| async {
        let Some(issuer) = Issuer::with_refresh().await else { return };
        let world = World::of(setup, issuer).await;
        let before = world.grant().await;
        assert_eq!((&before["status"], &before["revision"]), (&json!("NOT_CONNECTED"), &json!(0)));
        let query =
            "subscription($after: String) { viewerUpdates(after: $after) { __typename ... on StreamEvent { cursor }
            ... on ViewerSnapshot { reset viewer { connections { status } } }
            ... on ConnectionChanged { connection { status revision account } } } }";
        let mut events = world.app.subscribe(query, json!({})).await;
        let first = events.next().await.unwrap();
        assert_eq!(first["viewer"]["connections"], json!([]), "{first}");

        let url = world.begin().await;
        assert!(url.contains("code_challenge_method=S256") && url.contains("state="), "{url}");
        let pending = events.until(|event| event["connection"]["status"] == "PENDING").await;
        let answer = world.issuer.approve(&url, "alice").await;
        let payload = world.bring(&answer).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        assert_eq!(payload["returnTo"], "/projects/shop");
        let grant = &payload["connection"];
        assert_eq!(
            (&grant["status"], &grant["account"], &grant["renewsItself"]),
            (&json!("CONNECTED"), &json!("alice"), &json!(true)),
            "{grant}"
        );
        assert!(grant["expiresAt"].is_string() && grant["connectedAt"].is_string(), "{grant}");
        assert_eq!(grant["id"], before["id"], "it had its id before");
        assert_eq!(*grant, world.grant().await);
        events.until(|event| event["connection"]["status"] == "CONNECTED").await;

        // Whoever was away since the sign-in page is told the newest state, once.
        let mut again = world.app.subscribe(query, json!({"after": pending["cursor"]})).await;
        let told = again.next().await.unwrap();
        assert_eq!(told["connection"]["status"], "CONNECTED", "{told}");
        let node =
            world.app.graphql("query($id: ID!) { node(id: $id) { __typename id } }", json!({"id": grant["id"]})).await;
        assert_eq!(node["node"]["__typename"], "OAuthGrant");
        let strange = world.app.reply(query, json!({"after": "nonsense"})).await;
        assert!(strange["errors"].is_array(), "{strange}");
    })
    .await;
}

#[tokio::test]
async fn a_state_is_used_once_and_only_as_it_was_given() {
    on_each_database(|setup| async {
        let Some(issuer) = Issuer::with_refresh().await else { return };
        let world = World::of(setup, issuer).await;
        let answer = world.sign_in("alice").await;
        let calls = world.issuer.count("token").await;
        for (change, code) in [
            (json!({"state": "forged"}), "STATE_MISMATCH"),
            (json!({"state": ""}), "INVALID"),
            (json!({"state": "x".repeat(5_000)}), "INVALID"),
            (json!({"code": ""}), "INVALID"),
        ] {
            let mut wrong = input(&answer);
            wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let payload = world.app.mutate("completeOAuthConnection", "returnTo", wrong).await;
            assert_eq!(code_of(&payload), code, "{change}: {payload}");
        }
        // Twice at the same time: one of them has it.
        let (one, two) = futures::join!(world.bring(&answer), world.bring(&answer));
        let won = [&one, &two].iter().filter(|payload| payload["userErrors"] == json!([])).count();
        assert_eq!(won, 1, "{one} {two}");
        assert_eq!(code_of(&world.bring(&answer).await), "STATE_MISMATCH");
        assert_eq!(world.issuer.count("token").await, calls + 1, "the issuer was asked once");
        assert_eq!(world.grant().await["status"], "CONNECTED");

        // An answer of another issuer, or of nobody, uses the state up.
        for iss in [json!("https://evil.example"), Value::Null] {
            let answer = world.sign_in("alice").await;
            let mut wrong = input(&answer);
            wrong["iss"] = iss;
            assert_eq!(
                code_of(&world.app.mutate("completeOAuthConnection", "returnTo", wrong).await),
                "STATE_MISMATCH"
            );
            assert_eq!(code_of(&world.bring(&answer).await), "STATE_MISMATCH");
        }
        assert_eq!(world.issuer.count("token").await, calls + 1, "no other code was given away");

        // Of two that were begun one after the other, the later counts.
        let first = world.sign_in("alice").await;
        let second = world.sign_in("alice").await;
        assert_eq!(code_of(&world.bring(&first).await), "STATE_MISMATCH");
        assert_eq!(world.bring(&second).await["userErrors"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_state_lapses_after_ten_minutes() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let clock = super::support::still();
    let setup = Setup::fake(alm_build_spi::conformance::fake::Script::new()).clock(clock.clone());
    let world = World::of(setup, issuer).await;
    let answer = world.sign_in("alice").await;
    assert_eq!(world.grant().await["status"], "PENDING");
    clock.advance(super::support::seconds(601));
    assert_eq!(code_of(&world.bring(&answer).await), "STATE_MISMATCH");
    let grant = world.until("NOT_CONNECTED").await;
    assert!(grant["statusReason"].as_str().unwrap().contains("not finished"), "{grant}");
}

#[tokio::test]
async fn another_persons_answer_is_of_no_use_and_nobody_sees_anothers_account() {
    on_each_database(|setup| async {
        let Some(issuer) = Issuer::with_refresh().await else { return };
        let world = World::of(setup, issuer).await;
        let now = SystemClock.now();
        let user = User {
            id: UserId::generate(&SequentialIds::new(99)),
            issuer: "https://issuer.example".to_owned(),
            subject: "mallory".to_owned(),
            login: "mallory".to_owned(),
            display_name: "Mallory".to_owned(),
            is_admin: true,
            created_at: now,
            last_seen_at: now,
        };
        // An administrator, even: nobody borrows.
        let mallory = Principal::person(&user, true);
        let app = world.inner();
        let answer = world.sign_in("alice").await;
        let (code, state) = (SecretString::from(answer.code.as_str()), SecretString::from(answer.state.as_str()));
        let refused = app.complete_connection(&mallory, &code, &state, Some(&answer.iss)).await.unwrap_err();
        assert!(matches!(refused, alm::app::AppError::StateMismatch(_)), "{refused:?}");
        // The state is still its owner's.
        let payload = world.bring(&answer).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");

        let grant = payload["connection"]["id"].as_str().unwrap().parse().unwrap();
        assert!(app.store().grants(&mallory, &[grant]).await.unwrap().is_empty());
        assert!(app.store().connections(&mallory).await.unwrap().is_empty());
        assert!(app.store().grant_record(&mallory, world.environment_id(), World::me()).await.is_err());
        assert!(app.renew_connection(&mallory, grant).await.is_err());
        assert!(app.disconnect(&mallory, grant).await.is_err());
        let own = app.store().grants_in(&mallory, &[world.environment_id()]).await.unwrap();
        assert_eq!(own[0].status, alm_domain::GrantStatus::NotConnected);
        assert_eq!(world.grant().await["status"], "CONNECTED");
        // Whoever is no member does not even begin.
        let stranger = Principal::person(&User { is_admin: false, ..user }, false);
        let refused = app.start_connection(&stranger, world.environment_id(), "/").await.unwrap_err();
        assert!(matches!(refused, alm::app::AppError::NotFound(_)), "{refused:?}");
        let _ = ProjectRole::Viewer;
    })
    .await;
}

#[tokio::test]
async fn whoever_says_no_or_comes_from_nowhere_connects_nothing() {
    let Some(issuer) = Issuer::with_refresh().await else { return };
    let world = World::of(Setup::fake(alm_build_spi::conformance::fake::Script::new()), issuer).await;
    let said = world.issuer.deny(&world.begin().await, "alice").await;
    assert_eq!((said.error.as_str(), said.code.as_str()), ("access_denied", ""));
    assert_eq!(world.grant().await["status"], "PENDING");
    for return_to in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
        let input = json!({"environmentId": world.environment, "returnTo": return_to});
        let payload = world.app.mutate("startOAuthConnection", "authorizationUrl", input).await;
        assert_eq!(payload["userErrors"][0]["path"], json!(["returnTo"]), "{return_to}: {payload}");
    }
    // Where there is no client, it is said what is missing.
    let nowhere = world.app.environment(&world.project, "nowhere", "TARGET").await;
    let input = json!({"environmentId": nowhere, "returnTo": "/"});
    let payload = world.app.mutate("startOAuthConnection", "authorizationUrl", input).await;
    assert!(payload["userErrors"][0]["message"].as_str().unwrap().contains("OAuth client"), "{payload}");
}
