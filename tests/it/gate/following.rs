//! Engines that are called with people's tokens: what happens when one ends.

use alm_build_spi::{
    Finding, ProviderError,
    conformance::fake::{Deed, Script},
};
use alm_domain::{Capability, ProjectRole};
use serde_json::json;

use super::support::{held, me, ring, shop};
use crate::support::{Accounts, Setup, TestApp, on_each_database};

async fn acting(setup: Setup, accounts: &Accounts, script: Script) -> (TestApp, String) {
    let app = setup.scripted(script).needing_token().accounts(accounts).start().await;
    accounts.connect(me(), "cluster", "t-first");
    app.engine.accept_tokens(Some(vec!["t-first".into()]));
    let service = shop(&app, &[("cluster", "BUILD")]).await;
    (app, service)
}

const DEGRADED: &str =
    "query($id: ID!) { build(by: {id: $id}) { status degradedSince degradedReason degradedReasonCode } }";

#[tokio::test]
async fn a_withdrawn_token_degrades_following_and_fails_nothing() {
    on_each_database(|setup: Setup| async {
        let accounts = Accounts::default();
        let script = Script::new().stage("a").line("one").wait().line("two");
        let (app, service) = acting(setup, &accounts, script).await;
        let build = app.start_build(&service).await;
        app.follow_until(&build, |b| b["status"] == "RUNNING").await;
        app.engine.accept_tokens(Some(vec!["t-second".into()]));
        // The engine goes on by itself; nobody may look.
        app.engine.release(build.key());
        app.follow_until(&build, |b| b["degradedSince"].is_string()).await;
        let told = app.graphql(DEGRADED, json!({"id": build.id()})).await["build"].clone();
        assert_eq!((&told["status"], &told["degradedReasonCode"]), (&json!("RUNNING"), &json!("CREDENTIAL")), "{told}");
        assert_eq!(accounts.unauthorized().first(), Some(&(me(), "cluster".to_owned())));
        accounts.connect(me(), "cluster", "t-second");
        ring(&app);
        let ended = app.follow(&build).await;
        assert_eq!(ended.status(), "SUCCEEDED");
        assert!(ended.0["degradedSince"].is_null());
        assert_eq!(app.log(&ended).await, "one\ntwo\n");
    })
    .await;
}

#[tokio::test]
async fn a_cancel_without_a_token_waits_and_is_delivered() {
    let accounts = Accounts::default();
    let (app, service) = acting(Setup::fake(Script::new()), &accounts, Script::new().stage("a").wait()).await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |b| b["status"] == "RUNNING").await;
    app.engine.accept_tokens(Some(Vec::new()));
    app.cancel(&build).await;
    app.follow_until(&build, |b| b["degradedSince"].is_string()).await;
    let told = app.graphql(DEGRADED, json!({"id": build.id()})).await["build"].clone();
    assert_eq!((&told["status"], &told["degradedReasonCode"]), (&json!("CANCELLING"), &json!("CREDENTIAL")), "{told}");
    app.engine.accept_tokens(Some(vec!["t-second".into()]));
    accounts.connect(me(), "cluster", "t-second");
    ring(&app);
    assert_eq!(app.follow(&build).await.status(), "CANCELLED");
}

#[tokio::test]
async fn a_decision_is_delivered_with_the_token_of_whoever_decided() {
    let accounts = Accounts::default();
    let (app, service) =
        acting(Setup::fake(Script::new()), &accounts, Script::new().ask("go", "Go?").line("went")).await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |b| b["status"] == "WAITING_FOR_APPROVAL").await;
    let mia = app.member("mia", false, "shop", ProjectRole::Developer).await;
    let approval = app.build(build.id()).await.approval()["id"].as_str().unwrap().parse().unwrap();
    let request = alm::app::DecideBuild {
        approval,
        verdict: alm_domain::Verdict::Approve,
        comment: None,
        parameters: Vec::new(),
        expected: None,
    };
    app.app().decide(&mia, request).await.unwrap();
    // The starter's token would do, and is not used.
    let waits = |b: &serde_json::Value| b["status"] == "WAITING_FOR_APPROVAL";
    app.build_updates(&build, None).await.until(|event| waits(&event["build"])).await;
    let warned = async {
        loop {
            let now = app.build(build.id()).await;
            if now.each("warnings").any(|warning| warning["code"] == "DECISION_WAITS") {
                return now;
            }
            tokio::task::yield_now().await;
        }
    };
    let waiting = crate::support::within(warned).await;
    assert_eq!((waiting.status(), waiting.approval()["status"].as_str()), ("WAITING_FOR_APPROVAL", Some("DELIVERING")));
    // Whose account it is and what waits for it is told, for a button in place.
    let now = held(&app, &build).await;
    let awaited: Vec<_> = now.each("waitsFor").collect();
    let [account] = awaited.as_slice() else { panic!("{now:?}") };
    assert_eq!(account["environment"]["name"], "cluster");
    assert_eq!((&account["owner"]["login"], &account["approval"]["status"]), (&json!("mia"), &json!("DELIVERING")));
    app.engine.accept_tokens(Some(vec!["t-first".into(), "t-mia".into()]));
    accounts.connect(mia.user().unwrap(), "cluster", "t-mia");
    app.app().connections_changed(mia.user().unwrap());
    assert_eq!(app.follow(&build).await.status(), "SUCCEEDED");
    assert!(held(&app, &build).await.each("waitsFor").next().is_none());
}

#[tokio::test]
async fn a_decision_that_the_engine_does_not_take_from_somebody_is_taken_back_and_others_may_decide() {
    let app = TestApp::fake(Script::new().ask("go", "Go?").line("went")).await;
    let service = app.service("shop").await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |b| b["status"] == "WAITING_FOR_APPROVAL").await;
    app.engine.ask_only(Some(Vec::new()));
    let decide = async || {
        let id = app.build(build.id()).await.approval()["id"].clone();
        let input = json!({"approvalId": id, "verdict": "APPROVE"});
        app.done("decideApproval", "approval { id status }", input).await
    };
    decide().await;
    let refused = async {
        loop {
            let now = app.build(build.id()).await;
            if now.each("warnings").any(|warning| warning["code"] == "DECISION_REFUSED") {
                return now;
            }
            tokio::task::yield_now().await;
        }
    };
    let open = crate::support::within(refused).await;
    assert_eq!((open.status(), open.approval()["status"].as_str()), ("WAITING_FOR_APPROVAL", Some("PENDING")));
    assert!(open.approval()["decisions"].as_array().unwrap().is_empty());
    app.engine.ask_only(None);
    decide().await;
    let ended = app.follow(&build).await;
    assert_eq!((ended.status(), app.log(&ended).await.as_str()), ("SUCCEEDED", "went\n"));
}

#[tokio::test]
async fn a_decision_that_the_engine_refuses_for_whatever_reason_is_taken_back_and_the_run_goes_on() {
    let app = TestApp::fake(Script::new().ask("go", "Go?").line("went")).await;
    let service = app.service("shop").await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |b| b["status"] == "WAITING_FOR_APPROVAL").await;
    let decide = async || {
        let id = app.build(build.id()).await.approval()["id"].clone();
        let input = json!({"approvalId": id, "verdict": "APPROVE"});
        app.done("decideApproval", "approval { id status }", input).await
    };
    type Refusal = fn() -> ProviderError;
    let refusals: [(&str, Refusal); 4] = [
        ("unknown input", || ProviderError::Invalid(vec![Finding::new(["parameters"], "unknown input")])),
        ("no way there", || ProviderError::Unsupported {
            what: Capability::Approvals,
            reason: "no way there".to_owned(),
        }),
        ("it has changed", || ProviderError::Conflict("it has changed".to_owned())),
        ("it answers 418", || ProviderError::Internal { message: "it answers 418".to_owned(), cause: None }),
    ];
    for (why, refusal) in refusals {
        app.engine.refuse(Deed::Decide, Some(refusal));
        decide().await;
        let refused = async {
            loop {
                let now = app.build(build.id()).await;
                let is_it = |w: &serde_json::Value| w["message"].as_str().is_some_and(|message| message.contains(why));
                if now.each("warnings").any(is_it) {
                    return now;
                }
                tokio::task::yield_now().await;
            }
        };
        let open = crate::support::within(refused).await;
        assert_eq!((open.status(), open.approval()["status"].as_str()), ("WAITING_FOR_APPROVAL", Some("PENDING")));
        assert!(open.approval()["decisions"].as_array().unwrap().is_empty(), "{why}");
    }
    app.engine.refuse(Deed::Decide, None);
    decide().await;
    assert_eq!(app.follow(&build).await.status(), "SUCCEEDED");
}
