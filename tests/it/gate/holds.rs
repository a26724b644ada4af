//! Builds that are held until an account is connected.

use std::time::Duration;

use alm_domain::{Principal, ProjectRole};
use alm_store::ServicePatch;
use chrono::TimeDelta;
use serde_json::json;

use super::support::{held, me, ring, shipping, shop, start_held};
use crate::support::{Accounts, Setup, on_each_database};

const ENVIRONMENTS: [(&str, &str); 2] = [("staging", "TARGET"), ("prod", "TARGET")];

#[tokio::test]
async fn a_start_without_an_account_is_a_held_build_that_goes_on_by_itself_once() {
    on_each_database(|setup: Setup| async {
        let accounts = Accounts::default();
        let app = setup.scripted(shipping()).accounts(&accounts).start().await;
        let service = shop(&app, &ENVIRONMENTS).await;
        let (build, errors) = start_held(&app, &service).await;
        let missing: Vec<_> = errors.as_array().unwrap().iter().map(|e| &e["environment"]["name"]).collect();
        assert_eq!(missing, ["staging", "prod"], "{errors}");
        assert_eq!(
            (&errors[0]["__typename"], &errors[0]["code"]),
            (&json!("CredentialError"), &json!("CREDENTIAL_NEEDED"))
        );
        assert_eq!(
            (build.status(), build.why(), build.0["number"].as_i64()),
            ("WAITING_FOR_CREDENTIAL", "CREDENTIAL", Some(1))
        );
        assert_eq!(build.0["hold"]["reason"], "CREDENTIAL");
        assert!(build.0["hold"]["deadline"].is_string());
        let waits: Vec<_> =
            build.each("waitsFor").map(|wait| (&wait["environment"]["name"], &wait["owner"]["login"])).collect();
        assert_eq!(waits, [(&json!("staging"), &json!("admin")), (&json!("prod"), &json!("admin"))]);
        assert_eq!(app.engine.runs_of(build.key()), 0);
        // One of two is not enough, and is no longer asked for.
        accounts.connect(me(), "staging", "t-staging");
        ring(&app);
        app.follow_until(&build, |b| b["revision"].as_i64().unwrap() > 1).await;
        let still = held(&app, &build).await;
        let waits: Vec<_> = still.each("waitsFor").map(|wait| &wait["environment"]["name"]).collect();
        assert_eq!((still.status(), waits), ("WAITING_FOR_CREDENTIAL", vec![&json!("prod")]));
        // However many hear of it, it begins once.
        accounts.connect(me(), "prod", "t-prod");
        (0..100).for_each(|_| ring(&app));
        let ended = app.follow(&build).await;
        assert_eq!(ended.status(), "SUCCEEDED", "{ended:?}");
        assert_eq!((app.engine.runs_of(build.key()), app.engine.start_calls(build.key())), (1, 1));
        assert!(app.engine.was_given(build.key(), "staging", "t-staging"));
        assert!(held(&app, &ended).await.0["hold"].is_null());
    })
    .await;
}

#[tokio::test]
async fn a_held_build_survives_crashes_and_begins_once() {
    on_each_database(|setup: Setup| async {
        let accounts = Accounts::default();
        let mut app = setup.scripted(shipping()).accounts(&accounts).start().await;
        let project = app.project("shop").await;
        for (name, role) in ENVIRONMENTS {
            app.environment(&project, name, role).await;
        }
        let mut builds = Vec::new();
        // Each of a service of its own: none is overtaken by another one on the way to an environment.
        for n in 0..8 {
            let service = app.service_in(&project, &format!("web-{n}"), "https://git.example.org/web.git").await;
            builds.push(start_held(&app, &service).await.0);
        }
        app.crash();
        app.open().await;
        for build in &builds {
            assert_eq!(held(&app, build).await.status(), "WAITING_FOR_CREDENTIAL");
        }
        for (name, _) in ENVIRONMENTS {
            accounts.connect(me(), name, "t");
        }
        // Dies at whatever moment between hearing of it, letting the builds go on, and starting them.
        for turns in [0, 1, 5, 20, 60, 200] {
            ring(&app);
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            app.crash();
            app.open().await;
        }
        for build in &builds {
            assert_eq!(app.follow(build).await.status(), "SUCCEEDED");
            assert_eq!(app.engine.runs_of(build.key()), 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_held_build_is_cancelled_at_once_and_never_begins() {
    on_each_database(|setup: Setup| async {
        let accounts = Accounts::default();
        // A provider that cannot cancel need not: it never heard of the build.
        let lacking = [alm_domain::Capability::Cancel];
        let app = setup.scripted(shipping()).accounts(&accounts).without(lacking).start().await;
        let service = shop(&app, &ENVIRONMENTS).await;
        let (build, _) = start_held(&app, &service).await;
        assert!(app.build(build.id()).await.allows("CANCEL_BUILD"));
        app.cancel(&build).await;
        let ended = app.follow(&build).await;
        assert_eq!((ended.status(), ended.why()), ("CANCELLED", "CANCELLED_BY_USER"));
        for (name, _) in ENVIRONMENTS {
            accounts.connect(me(), name, "t");
        }
        ring(&app);
        let next = app.start_build(&service).await;
        assert_eq!(app.follow(&next).await.status(), "SUCCEEDED");
        assert_eq!(app.engine.runs_of(build.key()), 0);
    })
    .await;
}

#[tokio::test]
async fn a_held_build_lapses_after_its_deadline() {
    on_each_database(|setup: Setup| async {
        let setup = setup.holding(Duration::from_millis(300), Duration::from_secs(60));
        let app = setup.scripted(shipping()).accounts(&Accounts::default()).start().await;
        let service = shop(&app, &ENVIRONMENTS).await;
        let (build, _) = start_held(&app, &service).await;
        let ended = app.follow(&build).await;
        assert_eq!((ended.status(), ended.why()), ("CANCELLED", "CREDENTIAL_LAPSED"));
        assert_eq!(app.engine.runs_of(build.key()), 0);
    })
    .await;
}

#[tokio::test]
async fn what_was_changed_in_the_meantime_does_not_begin() {
    on_each_database(|setup: Setup| async {
        let accounts = Accounts::default();
        let app = setup.scripted(shipping()).accounts(&accounts).start().await;
        let service = shop(&app, &ENVIRONMENTS).await;
        let (build, _) = start_held(&app, &service).await;
        let patch = ServicePatch { display_name: Some("Another".to_owned()), ..ServicePatch::default() };
        let id = service.parse().unwrap();
        app.app().store().update_service(&Principal::single_user(), id, patch, None).await.unwrap();
        for (name, _) in ENVIRONMENTS {
            accounts.connect(me(), name, "t");
        }
        ring(&app);
        let ended = app.follow(&build).await;
        assert_eq!((ended.status(), ended.why()), ("CANCELLED", "CONFIGURATION_CHANGED"));
        assert_eq!(app.engine.runs_of(build.key()), 0);
    })
    .await;
}

#[tokio::test]
async fn a_poll_sees_what_no_bell_told_and_nobody_uses_the_token_of_another() {
    let accounts = Accounts::default();
    let setup = Setup::fake(shipping()).accounts(&accounts);
    let app = setup.holding(Duration::from_secs(3600), Duration::from_millis(50)).start().await;
    let service = shop(&app, &[("staging", "TARGET")]).await;
    let (build, _) = start_held(&app, &service).await;
    // An administrator's colleague has a token: it is not ours.
    let other = app.member("mia", true, "shop", ProjectRole::Owner).await;
    accounts.connect(other.user().unwrap(), "staging", "t-of-mia");
    app.app().connections_changed(other.user().unwrap());
    tokio::task::yield_now().await;
    assert_eq!(held(&app, &build).await.status(), "WAITING_FOR_CREDENTIAL");
    accounts.connect_for(me(), "staging", "t-mine", TimeDelta::days(1));
    assert_eq!(app.follow(&build).await.status(), "SUCCEEDED");
    assert!(app.engine.was_given(build.key(), "staging", "t-mine"));
}
