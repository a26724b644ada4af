//! Whose turn it is in an environment with rules: asked when a stage is about to begin, whatever was so when its build began.

use alm_build_spi::conformance::fake::{Script, StageSpec};
use alm_domain::{Capability, Principal, UserId};
use alm_store::Clearance;
use serde_json::{Value, json};

use super::shop::Shop;
use crate::support::{Accounts, BuildView, Setup, on_each_database, within};

/// Builds, and deploys to `test`; either waits for the signal of its name.
fn script() -> Script {
    let script = Script::new().open(StageSpec::new("build")).wait_for("build").close("build");
    let script = script.open(StageSpec::new("to-test").after(["build"]).environment("test"));
    script.line("in test").wait_for("to-test").close("to-test")
}

fn me() -> UserId {
    Principal::single_user().user().unwrap()
}

/// A shop whose builders have accounts everywhere.
async fn shop(setup: Setup, accounts: &Accounts, rules: Value) -> Shop {
    for environment in ["test", "prod"] {
        accounts.connect(me(), environment, "t-oken");
    }
    let shop = Shop::open(setup.scripted(script()).accounts(accounts)).await;
    shop.protect(&shop.test, rules).await;
    shop
}

/// A build that has come to its first signal.
async fn begun(shop: &Shop) -> BuildView {
    let build = shop.app.start_build(&shop.service).await;
    within(shop.app.engine.held(build.key())).await;
    build
}

/// The build with its deploying stage in this state.
async fn deploying(shop: &Shop, build: &BuildView, status: &str) -> BuildView {
    shop.app.follow_until(build, |build| build["stages"][1]["status"] == status).await
}

#[tokio::test]
async fn an_older_build_does_not_deploy_behind_a_newer_one() {
    on_each_database(async |setup| {
        let shop = shop(setup, &Accounts::default(), json!({"inOrder": true})).await;
        let (old, new) = (begun(&shop).await, begun(&shop).await);
        for signal in ["build", "to-test"] {
            shop.app.engine.signal(new.key(), signal);
        }
        assert_eq!(shop.app.follow(&new).await.status(), "SUCCEEDED");
        // Nothing newer ran there when it began.
        shop.app.engine.signal(old.key(), "build");
        let old = shop.app.follow(&old).await;
        assert_eq!(old.status(), "CANCELLED", "{:?}", old.0);
        assert!(old.reason().starts_with("the newer version main-2-5ca1ab1e runs in test"), "{}", old.reason());
        assert!(!shop.app.log(&old).await.contains("in test"));
        assert!(!shop.app.engine.was_given(old.key(), "test", "t-oken"));
        let mut history = shop.history().await;
        history.sort();
        assert_eq!(history, ["test #1 CANCELLED", "test #2 ACTIVE"]);
    })
    .await;
}

#[tokio::test]
async fn one_waits_until_the_other_has_arrived() {
    on_each_database(async |setup| {
        let shop = shop(setup, &Accounts::default(), json!({"inOrder": true})).await;
        let (first, second) = (begun(&shop).await, begun(&shop).await);
        shop.app.engine.signal(first.key(), "build");
        deploying(&shop, &first, "RUNNING").await;
        shop.app.engine.signal(second.key(), "build");
        deploying(&shop, &second, "WAITING_FOR_CREDENTIAL").await;
        let (store, system) = (shop.app.app().store(), Principal::system("story"));
        let may = store.clearance(&system, second.key(), shop.test.parse().unwrap()).await.unwrap();
        let why = "the version main-1-5ca1ab1e is just being brought to test";
        assert_eq!(may, Clearance::Later(why.to_owned()));
        assert!(!shop.app.engine.was_given(second.key(), "test", "t-oken"));
        let query = "query($id: ID!) { build(by: {id: $id}) {
            waitsFor { message } heldStages { environment { name } stage { key } message } } }";
        let told = shop.app.graphql(query, json!({"id": second.id()})).await;
        let held = json!([{"environment": {"name": "test"}, "stage": {"key": "to-test"}, "message": why}]);
        assert_eq!((&told["build"]["waitsFor"], &told["build"]["heldStages"]), (&json!([]), &held));
        shop.app.engine.signal(first.key(), "to-test");
        deploying(&shop, &second, "RUNNING").await;
        shop.app.engine.signal(second.key(), "to-test");
        shop.app.follow(&second).await;
        let mut history = shop.history().await;
        history.sort();
        assert_eq!(history, ["test #1 SUPERSEDED", "test #2 ACTIVE"]);
    })
    .await;
}

/// Whoever is told to go has the way for itself before its stage is seen at work.
#[tokio::test]
async fn of_many_that_ask_at_once_one_is_given_the_way() {
    on_each_database(async |setup| {
        let accounts = Accounts::default();
        let shop = shop(setup, &accounts, json!({"inOrder": true})).await;
        let mut builds = Vec::new();
        for _ in 0..4 {
            builds.push(begun(&shop).await);
        }
        // Nobody has an account there any more: all of them wait, and none is handed anything.
        accounts.disconnect(me(), "test");
        for build in &builds {
            shop.app.engine.signal(build.key(), "build");
            deploying(&shop, build, "WAITING_FOR_CREDENTIAL").await;
        }
        let (store, system) = (shop.app.app().store(), Principal::system("story"));
        let test = shop.test.parse().unwrap();
        let asked = builds.iter().map(|build| store.give_way(&system, build.key(), test));
        let told: Vec<_> = futures::future::join_all(asked).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(told.iter().filter(|told| **told == Clearance::Given).count(), 1, "{told:?}");
        // Asking again changes nothing.
        let first = told.iter().position(|told| *told == Clearance::Given).unwrap();
        assert_eq!(store.give_way(&system, builds[first].key(), test).await.unwrap(), Clearance::Given);
    })
    .await;
}

/// Where every stage has its token from the start nothing can be held: what ends behind a newer one says so.
#[tokio::test]
async fn where_stages_cannot_wait_the_older_one_does_not_take_the_place() {
    let setup = Setup::fake(script()).without([Capability::LateSecrets]);
    let shop = shop(setup, &Accounts::default(), json!({"inOrder": true})).await;
    let (old, new) = (begun(&shop).await, begun(&shop).await);
    for build in [&new, &old] {
        for signal in ["build", "to-test"] {
            shop.app.engine.signal(build.key(), signal);
        }
        assert_eq!(shop.app.follow(build).await.status(), "SUCCEEDED");
    }
    let mut history = shop.history().await;
    history.sort();
    assert_eq!(history, ["test #1 SUPERSEDED", "test #2 ACTIVE"]);
}
