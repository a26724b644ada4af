//! Cursors and arguments that do not fit.

use alm_build_spi::conformance::fake::Script;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_cursor_that_does_not_fit_is_an_error_that_names_the_argument() {
    let app = TestApp::fake(Script::new().stage("a").lines(3).succeed()).await;
    let project = app.project("shop").await;
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    let (one, two) = (app.start_build(&service).await, app.start_build(&service).await);
    let (one, two) = (app.follow(&one).await, app.follow(&two).await);
    let cursor_of = async |events: crate::support::Events| {
        let all = events.all().await;
        all[0]["cursor"].as_str().unwrap().to_owned()
    };
    let events = cursor_of(app.build_updates(&one, None).await).await;
    let log = cursor_of(app.build_log(&one, None).await).await;
    let other = cursor_of(app.build_log(&two, None).await).await;
    let other_events = cursor_of(app.build_updates(&two, None).await).await;
    let mut tampered = log.clone().into_bytes();
    tampered[10] ^= 1;
    let tampered = String::from_utf8(tampered).unwrap();
    let long = "A".repeat(20_000);
    let rubbish = ["", "!", "null", "\u{0}\u{1}\u{7f}", "🐌", "AAAA", long.as_str(), tampered.as_str()];

    let of_log = rubbish.iter().copied().chain([other.as_str(), events.as_str()]);
    for cursor in of_log {
        let error = app.build_log(&one, Some(cursor)).await.refusal().await;
        assert_eq!(error["extensions"]["code"], "BAD_PAGE_ARGUMENT", "{error}");
        assert_eq!(error["extensions"]["argument"], "after", "{error}");
        assert!(error.to_string().len() < 1_000, "nothing is echoed at length: {error}");
    }
    for cursor in rubbish.iter().copied().chain([other_events.as_str(), log.as_str()]) {
        let error = app.build_updates(&one, Some(cursor)).await.refusal().await;
        assert_eq!(error["extensions"]["argument"], "after", "{error}");
    }
    for cursor in rubbish.iter().copied().chain([events.as_str(), log.as_str()]) {
        let error = app.project_updates(&project, Some(cursor)).await.refusal().await;
        assert_eq!(error["extensions"]["argument"], "after", "{error}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_is_out_of_range_is_named() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    let missing = alm_domain::BuildId::from_uuid(uuid::Uuid::from_u128(7)).to_string();
    let error = app.build_log_with(json!({ "id": missing })).await.refusal().await;
    assert_eq!(error["extensions"]["code"], "NOT_FOUND", "{error}");
    for (variables, argument) in [
        (json!({"id": service}), "buildId"),
        (json!({"id": "rubbish"}), "buildId"),
        (json!({"id": build.id(), "tail": 0}), "tail"),
        (json!({"id": build.id(), "tail": -1}), "tail"),
        (json!({"id": build.id(), "lines": 2001}), "maxLines"),
        (json!({"id": build.id(), "stage": "stg_x"}), "stageId"),
    ] {
        let error = app.build_log_with(variables.clone()).await.refusal().await;
        assert_eq!(error["extensions"]["code"], "BAD_ARGUMENT", "{variables}: {error}");
        assert_eq!(error["extensions"]["argument"], argument, "{variables}: {error}");
    }
    let delay = "subscription($id: ID!) { buildLog(buildId: $id, maxDelay: 5) { __typename } }";
    let error = app.subscribe(delay, json!({"id": build.id()})).await.refusal().await;
    assert_eq!(error["extensions"]["argument"], "maxDelay", "{error}");
}
