//! Returning to the version before.

use serde_json::{Value, json};

use super::shop::{Shop, promoted, refusal};
use crate::support::on_each_database;

async fn live(shop: &Shop) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Environment { current { id build { number }
        returnsTo { build { number } } actions { action allowed reason } } } } }";
    shop.app.graphql(query, json!({ "id": shop.prod })).await["node"]["current"][0].clone()
}

fn may_roll_back(deployment: &Value) -> bool {
    crate::support::allowed(deployment, "ROLL_BACK")
}

#[tokio::test]
async fn a_rollback_returns_to_what_ran_before_however_often() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(promoted())).await;
        shop.built().await;
        let only = live(&shop).await;
        assert!(!may_roll_back(&only) && only["returnsTo"].is_null(), "{only}");
        assert_eq!(
            refusal(&shop.roll_back(&only).await),
            "WRONG_STATE: no other version ran there before: promote one"
        );
        shop.built().await;
        shop.built().await;
        let third = live(&shop).await;
        assert!(may_roll_back(&third), "{third}");
        assert_eq!(third["returnsTo"]["build"]["number"], 2, "{third}");

        let payload = shop.roll_back(&third).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        let back = shop.arrived(&payload["deployment"]).await;
        assert_eq!((&back["status"], &back["build"]["number"]), (&json!("ACTIVE"), &json!(2)));
        assert_eq!((&back["takesBack"]["id"], &back["comment"]), (&third["id"], &json!("it hurts")));
        assert_eq!(back["carriedOutBy"]["trigger"]["kind"], "ROLLBACK");
        assert_eq!(shop.deployment(&third["id"]).await["status"], "ROLLED_BACK");

        let late = refusal(&shop.roll_back(&third).await);
        assert_eq!(late, "WRONG_STATE: only what runs now can be taken back: this deployment is ROLLED_BACK");
        assert_eq!(live(&shop).await["returnsTo"]["build"]["number"], 1, "not the bad one");
        let again = shop.roll_back(&back).await;
        let again = shop.arrived(&again["deployment"]).await;
        assert_eq!((&again["status"], &again["build"]["number"]), (&json!("ACTIVE"), &json!(1)), "not the bad one");
        assert!(!may_roll_back(&live(&shop).await));

        // What was taken back may come again: it is newer than what runs.
        let cells = shop.cells().await;
        assert_eq!((&cells[1]["candidate"]["number"], &cells[1]["behindBy"]), (&json!(3), &json!(2)), "{cells:?}");
    })
    .await;
}
