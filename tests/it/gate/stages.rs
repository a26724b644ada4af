//! Tokens that are missing when a stage needs them.

use alm_build_spi::conformance::fake::Script;
use alm_domain::Capability;
use chrono::TimeDelta;
use serde_json::json;

use super::support::{held, me, ring, shipping, shop};
use crate::support::{Accounts, BuildView, Setup, TestApp, on_each_database};

/// A build whose token ends while its first stage waits to be let go on.
async fn dying(setup: Setup, accounts: &Accounts) -> (TestApp, BuildView) {
    let ship = alm_build_spi::conformance::fake::StageSpec::new("ship").after(["build"]).environment("staging");
    let script = Script::new().stage("build").wait().close("build").open(ship).show_secrets().close("ship");
    let app = setup.scripted(script).accounts(accounts).start().await;
    let service = shop(&app, &[("staging", "TARGET")]).await;
    accounts.connect_for(me(), "staging", "t-first", TimeDelta::seconds(4));
    accounts.fresh_lasts(TimeDelta::seconds(4));
    let build = app.start_build(&service).await;
    app.engine.held(build.key()).await;
    assert!(app.engine.was_given(build.key(), "staging", "t-first"));
    let ended = async {
        while alm_domain::Clock::now(&alm_domain::SystemClock) < app_token_end(&app, &build) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    ended.await;
    app.engine.release(build.key());
    (app, build)
}

/// When the token that the build was given ends, as the engine knows it.
fn app_token_end(app: &TestApp, build: &BuildView) -> alm_domain::Timestamp {
    app.engine.secret_ends(build.key(), "staging").unwrap()
}

#[tokio::test]
async fn a_build_whose_token_died_waits_at_its_deploying_stage_and_goes_on() {
    on_each_database(|setup: Setup| async {
        let accounts = Accounts::default();
        let (mut app, build) = dying(setup, &accounts).await;
        app.follow_until(&build, |b| b["status"] == "WAITING_FOR_CREDENTIAL").await;
        let waiting = held(&app, &build).await;
        assert_eq!((waiting.why(), waiting.0["hold"].is_null()), ("CREDENTIAL", true));
        let wait = waiting.each("waitsFor").next().unwrap();
        assert_eq!((&wait["environment"]["name"], &wait["stage"]["key"]), (&json!("staging"), &json!("ship")));
        assert_eq!(wait["owner"]["login"], "admin");
        // The server dies while it waits.
        app.crash();
        app.open().await;
        accounts.connect(me(), "staging", "t-second");
        ring(&app);
        let ended = app.follow(&build).await;
        assert_eq!(
            (ended.status(), ended.stages()),
            ("SUCCEEDED", vec!["build SUCCEEDED".to_owned(), "ship SUCCEEDED".to_owned()])
        );
        assert!(app.engine.was_given(build.key(), "staging", "t-second"));
        assert!(held(&app, &ended).await.each("waitsFor").next().is_none());
    })
    .await;
}

#[tokio::test]
async fn where_a_stage_cannot_wait_the_failure_names_the_token() {
    let accounts = Accounts::default();
    let setup = Setup::fake(Script::new()).without([Capability::LateSecrets]);
    let (app, build) = dying(setup, &accounts).await;
    let ended = app.follow(&build).await;
    assert_eq!((ended.status(), ended.why()), ("FAILED", "CREDENTIAL"));
    assert!(ended.reason().contains("staging"), "{}", ended.reason());
}

#[tokio::test]
async fn where_a_stage_cannot_wait_the_engine_knows_which_token_the_rules_keep_from_it() {
    let accounts = Accounts::default();
    accounts.connect(me(), "staging", "t-oken");
    let setup = Setup::fake(shipping()).without([Capability::LateSecrets]);
    let app = setup.accounts(&accounts).start().await;
    let project = app.project("shop").await;
    let staging = app.environment(&project, "staging", "TARGET").await;
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    let free = app.start_build(&service).await;
    assert_eq!(app.follow(&free).await.status(), "SUCCEEDED");
    let rules = json!({"environmentId": staging, "protection": {"requiredApprovals": 1}});
    app.done("updateEnvironment", "environment { id }", rules).await;
    let build = app.start_build(&service).await;
    let ended = app.follow(&build).await;
    assert_eq!((ended.status(), ended.why()), ("FAILED", "CREDENTIAL"), "{ended:?}");
    assert!(ended.reason().contains("staging"), "{}", ended.reason());
    assert!(!app.engine.was_given(build.key(), "staging", "t-oken"));
}

#[tokio::test]
async fn the_local_provider_gives_a_stage_the_token_of_its_starter_and_masks_it() {
    let accounts = Accounts::default();
    let app = Setup::local().accounts(&accounts).start().await;
    let repository = app.repository(
        "shop",
        "stages:\n  build: {run: 'env | grep -c ALM_TOKEN || true'}\n  ship:\n    needs: build\n    environment: staging\n    run: cat $ALM_SECRET_PIN_FILE; cat $ALM_TOKEN_STAGING_FILE\n",
    );
    let project = app.project("shop").await;
    app.environment(&project, "staging", "TARGET").await;
    let service = app.service_in(&project, "web", repository.url()).await;
    let secret = json!({"serviceId": service, "secret": {"name": "PIN", "value": "s3rvice-canary-00991"}});
    app.done("setSecret", "service { id }", secret).await;
    let (build, _) = super::support::start_held(&app, &service).await;
    accounts.connect(me(), "staging", "st4ging-canary-00172");
    ring(&app);
    let ended = app.follow(&build).await;
    assert_eq!(ended.status(), "SUCCEEDED", "{ended:?}");
    let log = app.log(&ended).await;
    assert!(log.contains("***") && !log.contains("canary"), "{log}");
}

#[tokio::test]
async fn without_accounts_builds_begin_as_ever() {
    let app = TestApp::fake(shipping()).await;
    let service = shop(&app, &[("staging", "TARGET")]).await;
    let build = app.start_build(&service).await;
    assert_eq!(app.follow(&build).await.status(), "SUCCEEDED");
    assert_eq!(app.engine.secrets_of(build.key()), []);
}
