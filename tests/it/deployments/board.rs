//! Which version is where.

use alm_build_spi::conformance::fake::{Script, StageSpec};
use alm_domain::{ReasonCode, RunStatus, StatusReason};
use serde_json::json;

use super::shop::{Shop, built_only, promoted, script};
use crate::support::{Setup, on_each_database};

#[tokio::test]
async fn the_board_says_what_runs_where_and_how_far_it_is_behind() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(script())).await;
        let cells = shop.cells().await;
        assert_eq!(
            (&cells[0]["current"], &cells[0]["behindBy"], &cells[0]["candidate"]),
            (&json!(null), &json!(null), &json!(null))
        );
        assert_eq!(cells[0]["promote"]["reason"], "there is no newer version to bring there");
        shop.app.engine.script_default(promoted());
        shop.built().await;
        shop.app.engine.script_default(built_only());
        for _ in 0..2 {
            shop.built().await;
        }
        let cells = shop.cells().await;
        for cell in &cells {
            assert_eq!(
                (&cell["current"]["build"]["number"], &cell["candidate"]["number"], &cell["behindBy"]),
                (&json!(1), &json!(3), &json!(2)),
                "{cells:?}"
            );
            assert_eq!(cell["promote"]["allowed"], true, "{cells:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_failed_to_come_stands_on_the_board_until_something_else_is_tried() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(built_only())).await;
        let version = shop.built().await;
        assert_eq!(shop.cells().await[1]["failed"], json!(null));

        // The engine succeeds: a condition has left out what should have brought it there.
        let left_out = StatusReason::new(ReasonCode::ConditionNotMet, "it runs for release/*");
        let script = Script::new().open(StageSpec::new("to-prod").environment("prod"));
        shop.app.engine.script_default(script.close_as("to-prod", RunStatus::Skipped, Some(left_out)).succeed());
        let tried = shop.promoted(&version, &shop.prod).await;
        let build = shop.app.follow(&shop.carrier(&tried).await).await;
        assert_eq!(build.status(), "SUCCEEDED");
        let cell = shop.cells().await[1].clone();
        assert_eq!((&cell["current"], &cell["failed"]["build"]["number"]), (&json!(null), &json!(1)), "{cell}");
        let why = shop.deployment(&tried["id"]).await["statusReason"].clone();
        assert!(why.as_str().unwrap().contains("it runs for release/*"), "{why}");

        shop.app.engine.script_default(promoted());
        let again = shop.promoted(&version, &shop.prod).await;
        assert_eq!(shop.cells().await[1]["failed"], json!(null), "something else is on its way");
        shop.arrived(&again).await;
        let cell = shop.cells().await[1].clone();
        assert_eq!((&cell["current"]["build"]["number"], &cell["failed"]), (&json!(1), &json!(null)), "{cell}");
    })
    .await;
}

#[tokio::test]
async fn deployments_are_told_live_and_resumed() {
    let shop = Shop::open(Setup::fake(promoted())).await;
    let query = "subscription($id: ID!, $after: String) { projectUpdates(projectId: $id, after: $after) {
        __typename ... on StreamEvent { cursor } ... on DeploymentChanged { deployment { id status environment { name } } } } }";
    let mut live = shop.app.subscribe(query, json!({"id": shop.project})).await;
    let snapshot = live.until(|event| event["__typename"] == "ProjectSnapshot").await;
    let cursor = snapshot["cursor"].clone();
    shop.built().await;
    let is_prod = |event: &serde_json::Value| {
        event["__typename"] == "DeploymentChanged"
            && event["deployment"]["environment"]["name"] == "prod"
            && event["deployment"]["status"] == "ACTIVE"
    };
    live.until(is_prod).await;
    let mut later = shop.app.subscribe(query, json!({"id": shop.project, "after": cursor})).await;
    later.until(is_prod).await;
}
