//! The server dies during a promotion.

use super::shop::{Shop, promoted, script};
use crate::support::{on_each_database, within};

#[tokio::test]
async fn a_promotion_survives_the_death_of_the_server_and_runs_once() {
    on_each_database(async |setup| {
        let mut shop = Shop::open(setup.scripted(promoted())).await;
        let first = shop.built().await;
        shop.app.engine.script_default(script());
        // The engine takes the deployment in, and its answer is lost with the server.
        shop.app.engine.lose_answers(1);
        let deployment = shop.promoted(&first, &shop.prod).await;
        let carrier = deployment["carriedOutBy"]["id"].as_str().unwrap().parse().unwrap();
        within(shop.app.engine.started(carrier)).await;
        shop.app.crash();
        shop.app.open().await;
        let deployment = shop.arrived(&deployment).await;
        assert_eq!(deployment["status"], "ACTIVE");
        assert_eq!(shop.app.engine.runs_of(carrier), 1);
        let active = shop.history().await.into_iter().filter(|one| one.ends_with("prod #1 ACTIVE")).count();
        assert_eq!(active, 1, "{:?}", shop.history().await);
    })
    .await;
}
