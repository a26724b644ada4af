//! What a build service leaves at its engine when it is removed while the engine does not answer.

use std::time::Duration;

use alm_build_spi::{
    Access, BuildProvider, ConfigRef, ProviderError,
    conformance::fake::{FakeProvider, Script},
};
use serde_json::json;

use super::support::{me, shop};
use crate::{
    recovery::support::eventually,
    support::{Accounts, Setup},
};

#[tokio::test]
async fn what_is_left_at_an_engine_goes_with_the_account_of_whoever_removed_it_as_soon_as_that_is_possible() {
    let accounts = Accounts::default();
    let often = Duration::from_millis(20);
    let app = Setup::fake(Script::new()).needing_token().accounts(&accounts).probing(often).start().await;
    app.engine.accept_tokens(Some(vec!["t-first".into()]));
    accounts.connect(me(), "cluster", "t-first");
    let service = shop(&app, &[("cluster", "BUILD")]).await;
    let config = ConfigRef("config-1".to_owned());
    let at_engine = async || {
        let access = Access { token: Some("t-first".into()) };
        FakeProvider::attach(&app.engine).read_config(&access, &config).await
    };
    assert!(at_engine().await.is_ok());

    app.engine.outage(true);
    let removed = app.done("removeBuildService", "removedServiceId leftBehind", json!({ "serviceId": service })).await;
    let left = removed["leftBehind"].as_str().unwrap_or_else(|| panic!("{removed}"));
    assert!(left.contains("the engine is not available"), "{left}");
    // Nobody else's account is used for it, and there is none of hers.
    accounts.disconnect(me(), "cluster");
    app.engine.outage(false);
    assert!(at_engine().await.is_ok());
    accounts.connect(me(), "cluster", "t-first");
    eventually("it has gone", async || matches!(at_engine().await, Err(ProviderError::NotFound(_))).then_some(()))
        .await;
}
