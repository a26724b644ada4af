//! What people asked for while the engine was away is delivered when it is back, once.

use alm_build_spi::{
    ProviderError,
    conformance::fake::{Deed, Script},
};
use alm_domain::RunStatus;
use serde_json::json;

use crate::support::{Setup, TestApp, on_each_database, within};

#[tokio::test]
async fn a_cancel_during_an_outage_is_delivered_later() {
    on_each_database(|setup: Setup| async move {
        let mut app = setup.scripted(Script::new().stage("a").wait()).start().await;
        let service = app.service("web").await;
        let build = app.start_build(&service).await;
        app.follow_until(&build, |build| build["status"] == "RUNNING").await;
        app.engine.outage(true);
        app.cancel(&build).await;
        assert_eq!(app.build(build.id()).await.status(), "CANCELLING");
        // Asking again is allowed, and does nothing more.
        assert!(app.build(build.id()).await.allows("CANCEL_BUILD"));
        app.cancel(&build).await;
        app.crash();
        app.open().await;
        app.engine.outage(false);
        let build = app.follow(&build).await;
        assert_eq!((build.status(), build.why()), ("CANCELLED", "CANCELLED_BY_USER"));
    })
    .await;
}

#[tokio::test]
async fn a_build_that_was_never_started_can_be_cancelled_while_the_engine_is_away() {
    let app = TestApp::fake(Script::new().stage("a").line("x").wait()).await;
    let service = app.service("web").await;
    app.engine.outage(true);
    let build = app.start_build(&service).await;
    app.follow_until(&build, |build| build["degradedSince"].is_string()).await;
    app.cancel(&build).await;
    app.engine.outage(false);
    assert_eq!(app.follow(&build).await.status(), "CANCELLED");
}

#[tokio::test]
async fn a_build_that_may_not_be_started_can_be_cancelled_and_is_never_started_for_it() {
    let app = TestApp::fake(Script::new().stage("a").line("x").wait()).await;
    let service = app.service("web").await;
    app.engine.refuse(Deed::Start, Some(|| ProviderError::Forbidden("exceeded quota: builds=5".to_owned())));
    let build = app.start_build(&service).await;
    let waits = app.follow_until(&build, |build| build["degradedSince"].is_string()).await;
    assert!(waits.0["degradedReason"].as_str().unwrap().contains("exceeded quota"), "{:?}", waits.0);
    app.cancel(&build).await;
    let ended = app.follow(&build).await;
    assert_eq!((ended.status(), ended.why()), ("CANCELLED", "CANCELLED_BY_USER"));
    app.engine.refuse(Deed::Start, None);
    assert_eq!(app.engine.runs_of(build.key()), 0);
}

#[tokio::test]
async fn a_cancelled_build_whose_start_was_taken_in_although_its_answer_was_lost_is_stopped_at_the_engine() {
    let app = TestApp::fake(Script::new().stage("a").line("x").wait()).await;
    let service = app.service("web").await;
    // Every answer is lost until the build is to be stopped: it has a run, of which nobody here knows.
    app.engine.lose_answers(1_000);
    let build = app.start_build(&service).await;
    app.follow_until(&build, |build| build["degradedSince"].is_string()).await;
    assert_eq!(app.engine.runs_of(build.key()), 1);
    app.cancel(&build).await;
    app.engine.lose_answers(0);
    let ended = app.follow(&build).await;
    assert_eq!((ended.status(), app.engine.runs_of(build.key())), ("CANCELLED", 1));
    assert_eq!(app.engine.snapshot(build.key()).unwrap().run.status, RunStatus::Cancelled, "it was stopped there too");
}

#[tokio::test]
async fn a_build_that_its_engine_does_not_stop_is_followed_all_the_same_to_its_end() {
    let app = TestApp::fake(Script::new().stage("a").line("one").wait().line("two")).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |build| build["status"] == "RUNNING").await;
    app.engine.refuse(Deed::Cancel, Some(|| ProviderError::Forbidden("may not patch builds".to_owned())));
    app.cancel(&build).await;
    let is_told = |w: &serde_json::Value| {
        w["code"] == "CANCEL_REFUSED" && w["message"].as_str().is_some_and(|m| m.contains("may not patch builds"))
    };
    let told = async {
        while !app.build(build.id()).await.each("warnings").any(is_told) {
            tokio::task::yield_now().await;
        }
    };
    within(told).await;
    app.engine.release(build.key());
    let ended = app.follow(&build).await;
    assert_eq!((ended.status(), app.log(&ended).await.as_str()), ("SUCCEEDED", "one\ntwo\n"));
}

#[tokio::test]
async fn a_decision_during_an_outage_is_stored_and_delivered_exactly_once() {
    on_each_database(|setup: Setup| async move {
        let script = Script::new().stage("a").ask("one", "Go on?").line("after one").ask("two", "And on?").line("end");
        let mut app = setup.scripted(script).start().await;
        let service = app.service("web").await;
        let build = app.start_build(&service).await;
        app.follow_until(&build, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
        app.engine.outage(true);
        let approval = app.decide(&build, "APPROVE", json!([])).await;
        assert_eq!(approval["status"], "DELIVERING");
        // A second answer comes too late.
        let input = json!({"approvalId": approval["id"], "verdict": "REJECT"});
        let late = app.mutate("decideApproval", "approval { id }", input).await;
        assert_eq!(late["userErrors"][0]["code"], "WRONG_STATE");
        app.crash();
        app.open().await;
        assert_eq!(app.build(build.id()).await.approval()["status"], "DELIVERING");
        app.engine.outage(false);
        app.follow_until(&build, |build| build["approvals"][0]["status"] != "DELIVERING").await;
        let told = app.follow_until(&build, |build| build["approvals"].as_array().is_some_and(|a| a.len() == 2)).await;
        let statuses: Vec<_> = told.each("approvals").map(|approval| approval["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["PENDING", "APPROVED"], "newest first; the second question is still open");
        assert_eq!(app.log(&build).await, "after one\n");
    })
    .await;
}

#[tokio::test]
async fn a_decision_whose_answer_is_lost_counts_once() {
    let app = TestApp::fake(Script::new().stage("a").ask("one", "Go on?").line("went on").ask("two", "And on?")).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
    app.engine.lose_answers(2);
    app.decide(&build, "APPROVE", json!([])).await;
    let told = app.follow_until(&build, |build| build["approvals"].as_array().is_some_and(|a| a.len() == 2)).await;
    assert_eq!(told.0["approvals"][0]["status"], "PENDING", "the next question is not answered by the first answer");
    assert_eq!(app.log(&build).await, "went on\n");
}
