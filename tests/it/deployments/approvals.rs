//! Environments where people must say yes.

use alm::app::{App, AppError, DecideBuild, PromoteBuild};
use alm_domain::{Approval, BuildId, EnvironmentId, Principal, ProjectRole, Verdict};
use serde_json::json;

use super::shop::{Shop, built_only, promoted, script};
use crate::support::{BuildView, Setup, on_each_database, within};

async fn say(app: &App, who: &Principal, approval: &Approval, verdict: Verdict) -> Result<Approval, AppError> {
    let request = DecideBuild { approval: approval.id, verdict, comment: None, parameters: Vec::new(), expected: None };
    app.decide(who, request).await
}

async fn ask(shop: &Shop, who: &Principal, build: &BuildView) -> (BuildId, Approval) {
    let environment: EnvironmentId = shop.prod.parse().unwrap();
    let request = PromoteBuild { build: build.key(), environment, comment: None, idempotency_key: None };
    let deployment = shop.app.app().promote_build(who, request).await.unwrap();
    let mut asked = shop.app.app().store().approvals_of_builds(who, &[deployment.by]).await.unwrap();
    (deployment.by, asked.pop().unwrap())
}

fn why(result: Result<Approval, AppError>) -> String {
    match result {
        Err(AppError::WrongState(why) | AppError::Forbidden(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_people_must_say_yes_and_neither_of_them_is_who_asked() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(promoted())).await;
        let build = shop.built().await;
        shop.protect(&shop.prod, json!({"requiredApprovals": 2})).await;
        let app = shop.app.app();
        let mia = shop.app.member("mia", false, "shop", ProjectRole::Developer).await;
        let ben = shop.app.member("ben", false, "shop", ProjectRole::Developer).await;
        let eva = shop.app.member("eva", false, "shop", ProjectRole::Owner).await;
        let tom = shop.app.member("tom", false, "shop", ProjectRole::Viewer).await;
        let (by, approval) = ask(&shop, &mia, &build).await;
        let held = shop.app.build(&by.to_string()).await;
        assert_eq!((held.status(), held.approval()["stage"].is_null()), ("WAITING_FOR_APPROVAL", true));
        assert_eq!(held.approval()["message"], "Deploy main-1-5ca1ab1e to prod?");
        assert_eq!(shop.history().await[0], "prod #1 WAITING_FOR_APPROVAL");

        let yes = Verdict::Approve;
        assert!(why(say(app, &mia, &approval, yes).await).starts_with("whoever asked for a deployment"));
        assert!(why(say(app, &tom, &approval, yes).await).contains("DEVELOPER"));
        say(app, &ben, &approval, yes).await.unwrap();
        assert!(why(say(app, &ben, &approval, yes).await).starts_with("you have decided"));
        assert_eq!(shop.app.engine.runs_of(by), 0, "one is not enough");
        assert_eq!(shop.history().await[0], "prod #1 WAITING_FOR_APPROVAL");
        say(app, &eva, &approval, yes).await.unwrap();
        let done = shop.app.follow(&held).await;
        assert_eq!((done.status(), &done.approval()["status"]), ("SUCCEEDED", &json!("APPROVED")));
        assert_eq!((shop.history().await[0].as_str(), shop.app.engine.runs_of(by)), ("prod #1 ACTIVE", 1));
        assert!(why(say(app, &eva, &approval, yes).await).contains("can no longer be decided"));
    })
    .await;
}

#[tokio::test]
async fn one_no_ends_it_and_the_engine_never_hears_of_it() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(promoted())).await;
        let build = shop.built().await;
        shop.protect(&shop.prod, json!({"requiredApprovals": 2})).await;
        let app = shop.app.app();
        let mia = shop.app.member("mia", false, "shop", ProjectRole::Developer).await;
        let ben = shop.app.member("ben", false, "shop", ProjectRole::Developer).await;
        let (by, approval) = ask(&shop, &mia, &build).await;
        say(app, &ben, &approval, Verdict::Reject).await.unwrap();
        let ended = shop.app.build(&by.to_string()).await;
        assert_eq!((ended.status(), ended.why()), ("CANCELLED", "REJECTED"));
        assert_eq!(ended.approval()["status"], "REJECTED");
        assert_eq!(shop.app.engine.runs_of(by), 0);
        assert_eq!(shop.history().await[0], "prod #1 CANCELLED");
    })
    .await;
}

#[tokio::test]
async fn where_it_is_allowed_whoever_asks_may_say_yes() {
    let shop = Shop::open(Setup::fake(promoted())).await;
    let build = shop.built().await;
    shop.protect(&shop.prod, json!({"requiredApprovals": 1, "selfApproval": true})).await;
    let deployment = shop.promoted(&build, &shop.prod).await;
    assert_eq!(
        (&deployment["status"], &deployment["approval"]["required"]),
        (&json!("WAITING_FOR_APPROVAL"), &json!(1))
    );
    let held = shop.carrier(&deployment).await;
    shop.app.decide(&held, "APPROVE", json!([])).await;
    assert_eq!(shop.arrived(&deployment).await["status"], "ACTIVE");
}

/// What was allowed when it was asked for is asked again when it is to happen.
#[tokio::test]
async fn rules_that_became_stricter_while_it_waited_hold() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(built_only())).await;
        let build = shop.built().await;
        shop.protect(&shop.prod, json!({"requiredApprovals": 1, "selfApproval": true})).await;
        let deployment = shop.promoted(&build, &shop.prod).await;
        let held = shop.carrier(&deployment).await;
        shop.protect(&shop.prod, json!({"requiredApprovals": 2})).await;
        shop.app.decide(&held, "APPROVE", json!([])).await;
        let held = shop.app.build(held.id()).await;
        assert_eq!((held.status(), &held.approval()["status"]), ("WAITING_FOR_APPROVAL", &json!("PENDING")));
        assert_eq!(shop.deployment(&deployment["id"]).await["approval"]["required"], 2);
        shop.protect(&shop.prod, json!({"inOrder": true})).await;
        let app = shop.app.app();
        let eva = shop.app.member("eva", false, "shop", ProjectRole::Owner).await;
        let asked = app.store().approvals_of_builds(&eva, &[held.key()]).await.unwrap().pop().unwrap();
        say(app, &eva, &asked, Verdict::Approve).await.unwrap();
        let ended = shop.app.follow(&held).await;
        assert_eq!((ended.status(), shop.app.engine.runs_of(ended.key())), ("CANCELLED", 0), "{:?}", ended.0);
        assert_eq!(ended.reason(), "prod takes only what has run in test: bring it there first");
    })
    .await;
}

#[tokio::test]
async fn a_version_that_was_overtaken_while_it_waited_does_not_go_on() {
    let shop = Shop::open(Setup::fake(promoted())).await;
    let old = shop.built().await;
    shop.protect(&shop.prod, json!({"requiredApprovals": 1, "selfApproval": true})).await;
    let deployment = shop.promoted(&old, &shop.prod).await;
    let held = shop.carrier(&deployment).await;
    shop.app.engine.script_default(script());
    let newer = shop.app.start_build(&shop.service).await;
    for signal in ["to-test", "to-prod"] {
        shop.app.engine.signal(newer.key(), signal);
    }
    within(shop.app.engine.ended(newer.key())).await;
    shop.app.follow(&newer).await;
    let ended = shop.app.follow(&held).await;
    assert_eq!((ended.status(), shop.app.engine.runs_of(ended.key())), ("CANCELLED", 0), "{:?}", ended.0);
    assert!(ended.reason().contains("the newer version main-3-5ca1ab1e has overtaken it"), "{}", ended.reason());
    assert_eq!(shop.deployment(&deployment["id"]).await["status"], "CANCELLED");
}
