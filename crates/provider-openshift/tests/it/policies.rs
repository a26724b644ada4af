//! In which order the builds of a configuration run, and what is said of those that wait.

use alm_domain::{ReasonCode, RunStatus};
use serde_json::{Value, json};

use crate::support::{Followed, Rig, Service};

/// A build service with this policy, whose builds wait for a gate of their own name.
async fn gated(rig: &Rig, policy: &str) -> Service {
    let script = "echo begun\nawait $BUILD_NAME";
    let own = [("strategy", json!("Docker")), ("dockerfile", json!(script)), ("run.policy", json!(policy))];
    rig.service("shop/gated", &own).await
}

async fn begun(told: &mut Followed) {
    told.until("its line", |told| told.has_line("begun")).await;
}

/// Why a build waits.
async fn waits(told: &mut Followed) -> String {
    told.until("its state", |told| told.status().is_some()).await;
    let state = told.run_states().pop().unwrap().clone();
    let reason = state.reason.clone().unwrap();
    assert_eq!((state.status, reason.code), (RunStatus::Queued, ReasonCode::WaitingForSlot), "{state:?}");
    reason.message
}

#[tokio::test]
async fn a_serial_policy_says_why_a_build_waits() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x\nawait first").await;
    let mut first = rig.start(&service).await;
    first.until("its line", |told| told.has_line("x")).await;
    let mut second = rig.start(&service).await;
    second.until("its state", |told| told.status().is_some()).await;
    let state = second.run_states().pop().unwrap().clone();
    assert_eq!(state.status, RunStatus::Queued);
    assert!(
        state.reason.as_ref().is_some_and(|r| r.code == ReasonCode::WaitingForSlot && r.message.contains("Serial")),
        "{state:?}"
    );
    rig.cluster.open_gate("first");
    second.finish().await;
    assert_eq!(second.status(), Some(RunStatus::Succeeded));
}

#[tokio::test]
async fn parallel_builds_run_at_once_and_none_waits() {
    let rig = Rig::new().await;
    let service = gated(&rig, "Parallel").await;
    let mut first = rig.start(&service).await;
    begun(&mut first).await;
    let mut second = rig.start(&service).await;
    begun(&mut second).await;
    assert_eq!((first.status(), second.status()), (Some(RunStatus::Running), Some(RunStatus::Running)));
    // The second one ends first.
    rig.cluster.open_gate(&second.name);
    second.finish().await;
    rig.cluster.open_gate(&first.name);
    first.finish().await;
    for told in [&first, &second] {
        assert_eq!(told.status(), Some(RunStatus::Succeeded));
        let reasons: Vec<_> = told.run_states().into_iter().filter_map(|run| run.reason.clone()).collect();
        assert!(!reasons.iter().any(|reason| reason.message.contains("policy")), "{reasons:?}");
    }
}

#[tokio::test]
async fn of_the_builds_that_wait_serial_latest_only_runs_the_newest_and_the_others_are_cancelled() {
    let rig = Rig::new().await;
    let service = gated(&rig, "SerialLatestOnly").await;
    let mut first = rig.start(&service).await;
    begun(&mut first).await;
    let mut second = rig.start(&service).await;
    let why = waits(&mut second).await;
    assert!(why.contains("SerialLatestOnly") && why.contains("only the newest"), "{why}");
    let mut third = rig.start(&service).await;
    second.finish().await;
    let end = second.run_states().pop().unwrap().clone();
    let reason = end.reason.clone().unwrap();
    // The cluster says the same as if somebody had cancelled it: so nobody is said to have.
    assert_eq!((end.status, reason.code), (RunStatus::Cancelled, ReasonCode::Other), "{end:?}");
    assert!(reason.message.starts_with("CancelledBuild: The build was cancelled by the user."), "{}", reason.message);
    assert!(reason.message.contains("SerialLatestOnly, by which a newer build cancels"), "{}", reason.message);
    assert!(second.lines().is_empty());
    waits(&mut third).await;
    for told in [&mut first, &mut third] {
        rig.cluster.open_gate(&told.name);
        told.finish().await;
        assert_eq!(told.status(), Some(RunStatus::Succeeded), "what had begun is not cancelled");
    }
}

/// A pipeline with this policy, whose runs wait for a gate of their own number.
async fn pipeline(rig: &Rig, policy: &str) -> Service {
    let script = "echo begun\nawait go-$BUILD_NUMBER";
    rig.service("shop/gated", &[("jenkinsfile", json!(script)), ("run.policy", json!(policy))]).await
}

#[tokio::test]
async fn a_pipeline_that_waits_says_by_which_policy() {
    let rig = Rig::new().await;
    let service = pipeline(&rig, "Serial").await;
    let mut first = rig.start(&service).await;
    begun(&mut first).await;
    let mut second = rig.start(&service).await;
    let why = waits(&mut second).await;
    assert!(why.contains("Jenkins has not taken it yet") && why.contains("run policy is Serial"), "{why}");
    for (told, gate) in [(&mut first, "go-1"), (&mut second, "go-2")] {
        rig.cluster.open_gate(gate);
        told.finish().await;
        assert_eq!(told.status(), Some(RunStatus::Succeeded));
    }
}

#[tokio::test]
async fn of_the_pipelines_that_wait_serial_latest_only_runs_the_newest_and_nobody_is_said_to_have_cancelled_the_others()
{
    let rig = Rig::new().await;
    let service = pipeline(&rig, "SerialLatestOnly").await;
    let mut first = rig.start(&service).await;
    begun(&mut first).await;
    let mut stopped = rig.start(&service).await;
    waits(&mut stopped).await;
    rig.provider().cancel(&rig.access(), &stopped.run).await.unwrap();
    stopped.finish().await;
    let mut overtaken = rig.start(&service).await;
    let mut newest = rig.start(&service).await;
    waits(&mut newest).await;
    for (told, gate) in [(&mut first, "go-1"), (&mut newest, "go-4")] {
        rig.cluster.open_gate(gate);
        told.finish().await;
        assert_eq!(told.status(), Some(RunStatus::Succeeded));
    }
    overtaken.finish().await;
    let end = |told: &Followed| told.run_states().pop().unwrap().clone();
    let (asked, overtaken) = (end(&stopped), end(&overtaken));
    assert_eq!((asked.status, overtaken.status), (RunStatus::Cancelled, RunStatus::Cancelled));
    assert_eq!(asked.reason.unwrap().code, ReasonCode::CancelledByUser);
    let why = overtaken.reason.unwrap();
    assert!(why.code == ReasonCode::Other && why.message.contains("SerialLatestOnly"), "{why:?}");
}

#[tokio::test]
async fn a_build_that_somebody_cancels_while_it_runs_was_not_overtaken() {
    let rig = Rig::new().await;
    let service = gated(&rig, "SerialLatestOnly").await;
    let mut told = rig.start(&service).await;
    begun(&mut told).await;
    rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
    told.finish().await;
    let reason = told.run_states().pop().unwrap().reason.clone().unwrap();
    assert_eq!(reason.code, ReasonCode::CancelledByUser);
    assert_eq!(json!(reason.message.contains("SerialLatestOnly")), Value::Bool(false), "{}", reason.message);
}
