//! Bringing a version to an environment.

use alm_domain::Capability;
use serde_json::json;

use super::shop::{Shop, built_only, promoted, refusal, script};
use crate::support::{Setup, on_each_database, within};

#[tokio::test]
async fn a_promotion_is_a_build_of_its_own_that_runs_only_what_deploys_there() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(promoted())).await;
        let first = shop.built().await;
        shop.app.engine.script_default(script());
        let deployment = shop.promoted(&first, &shop.prod).await;
        assert_eq!((&deployment["status"], &deployment["build"]["id"]), (&json!("QUEUED"), &json!(first.id())));
        let build = shop.carrier(&deployment).await;
        within(shop.app.engine.held(build.key())).await;
        let pending = shop.cells().await[1].clone();
        assert_eq!(pending["pending"]["build"]["number"], 1, "{pending}");
        let again = refusal(&shop.promote(&first, &shop.prod).await);
        assert!(again.starts_with("WRONG_STATE: the version main-1-5ca1ab1e is on its way to prod"), "{again}");

        let deployment = shop.arrived(&deployment).await;
        assert_eq!(deployment["status"], "ACTIVE");
        let build = shop.carrier(&deployment).await;
        assert_eq!(build.stages(), ["to-prod SUCCEEDED"]);
        let log = shop.app.log(&build).await;
        assert!(log.contains("in prod") && !log.contains("in test") && !log.contains("built"), "{log}");
        assert_eq!(shop.history().await[0], "prod #1 ACTIVE");

        let other = refusal(&shop.promote(&build, &shop.prod).await);
        assert!(other.starts_with("WRONG_STATE: this build only brought main-1-5ca1ab1e somewhere"), "{other}");
        let again = json!({"buildId": build.id(), "start": {"beginning": true}});
        let again = shop.app.mutate("rerunBuild", "build { id }", again).await;
        assert_eq!(again["userErrors"][0]["code"], "WRONG_STATE", "{again}");
    })
    .await;
}

#[tokio::test]
async fn an_older_version_does_not_overtake_a_newer_one() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(promoted())).await;
        let old = shop.built().await;
        shop.built().await;
        let why = refusal(&shop.promote(&old, &shop.prod).await);
        assert_eq!(
            why,
            "WRONG_STATE: the newer version main-2-5ca1ab1e runs in prod: roll that one back to return to an older one"
        );
    })
    .await;
}

#[tokio::test]
async fn where_the_order_counts_a_version_runs_in_the_target_before_first() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(built_only())).await;
        shop.protect(&shop.prod, json!({"inOrder": true})).await;
        let build = shop.built().await;
        shop.app.engine.script_default(script());
        let why = refusal(&shop.promote(&build, &shop.prod).await);
        assert_eq!(why, "WRONG_STATE: prod takes only what has run in test: bring it there first");
        let cells = shop.cells().await;
        assert_eq!(
            (&cells[0]["promote"]["allowed"], &cells[1]["candidate"]),
            (&json!(true), &json!(null)),
            "{cells:?}"
        );
        let there = shop.promoted(&build, &shop.test).await;
        assert_eq!(shop.arrived(&there).await["status"], "ACTIVE");
        let cells = shop.cells().await;
        assert_eq!(cells[1]["candidate"]["id"], json!(build.id()), "{cells:?}");
        assert_eq!(cells[1]["promote"], json!({"action": "PROMOTE", "allowed": true, "reason": null}));
        let deployment = shop.promoted(&build, &shop.prod).await;
        assert_eq!(shop.arrived(&deployment).await["status"], "ACTIVE");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_promoted_is_refused_with_the_reason() {
    let shop = Shop::open(Setup::fake(promoted())).await;
    let running = {
        shop.app.engine.script_default(script());
        let build = shop.app.start_build(&shop.service).await;
        within(shop.app.engine.held(build.key())).await;
        shop.app.follow_until(&build, |build| build["status"] == "RUNNING").await
    };
    let why = refusal(&shop.promote(&running, &shop.prod).await);
    assert_eq!(why, "WRONG_STATE: the build made no version: it is RUNNING");
    shop.app.engine.script_default(alm_build_spi::conformance::fake::Script::new());
    let plain = shop.built().await;
    let why = refusal(&shop.promote(&plain, &shop.prod).await);
    assert_eq!(
        why,
        "NOT_SUPPORTED: no stage of the build deploys to prod: give one `environment: prod`, and build again"
    );
    let foreign = shop.app.project("other").await;
    let foreign = shop.app.environment(&foreign, "prod", "TARGET").await;
    assert!(refusal(&shop.promote(&plain, &foreign).await).starts_with("NOT_FOUND"));

    let shop = Shop::open(Setup::fake(promoted()).without([Capability::Deploy])).await;
    let build = shop.built().await;
    let why = refusal(&shop.promote(&build, &shop.prod).await);
    assert_eq!(why, "NOT_SUPPORTED: the provider does not offer this");
}

#[tokio::test]
async fn the_same_key_gives_the_same_deployment_and_another_request_a_conflict() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(promoted())).await;
        let build = shop.built().await;
        let input = json!({"buildId": build.id(), "environmentId": shop.prod, "idempotencyKey": "once"});
        let first = shop.app.done("promoteBuild", "deployment { id }", input.clone()).await;
        let again = shop.app.done("promoteBuild", "deployment { id }", input).await;
        assert_eq!(first, again);
        let other = json!({"buildId": build.id(), "environmentId": shop.test, "idempotencyKey": "once"});
        let other = shop.app.mutate("promoteBuild", "deployment { id }", other).await;
        assert_eq!(other["userErrors"][0]["code"], "CONFLICT", "{other}");
    })
    .await;
}

#[tokio::test]
async fn a_deployment_on_its_way_is_cancelled_and_what_ran_stays() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(promoted())).await;
        let first = shop.built().await;
        shop.app.engine.script_default(script());
        let deployment = shop.promoted(&first, &shop.prod).await;
        let build = shop.carrier(&deployment).await;
        within(shop.app.engine.held(build.key())).await;
        let input = json!({"deploymentId": deployment["id"]});
        shop.app.done("cancelDeployment", "deployment { id }", input.clone()).await;
        shop.app.follow(&build).await;
        assert_eq!(shop.deployment(&deployment["id"]).await["status"], "CANCELLED");
        let mut history = shop.history().await;
        history.sort();
        assert_eq!(history, ["prod #1 ACTIVE", "prod #1 CANCELLED", "test #1 ACTIVE"]);
        let late = shop.app.mutate("cancelDeployment", "deployment { id }", input).await;
        assert_eq!(late["userErrors"][0]["code"], "WRONG_STATE", "{late}");
    })
    .await;
}
