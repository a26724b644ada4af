//! Builds that wait for a slot.

use std::fs::File;

use alm_build_spi::{Access, BuildProvider, CancelReceipt};
use alm_domain::{ReasonCode, RunStatus, Settings};
use serde_json::json;

use crate::support::{Rig, eventually};

const HOLD: &str = "run: |
  echo $ALM_BUILD_NUMBER >> $TMPDIR/../../../order
  n=0; until [ -e $TMPDIR/../../../go ]; do sleep 0.05; n=$((n+1)); [ $n -lt 1200 ]; done
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn builds_wait_in_line_and_say_why_also_after_a_restart() {
    let mut rig = Rig::with(HOLD, &[("concurrency", json!(1))]);
    let mut runs = Vec::new();
    for number in 1..=4 {
        let mut request = rig.request();
        request.number = number;
        runs.push(rig.start_request(request).await);
        if number == 1 {
            rig.follow(&runs[0], None, |told| told.status() == RunStatus::Running).await;
        }
    }
    let third = rig.follow(&runs[2], None, |told| told.why().1.contains("2nd in line")).await;
    let (code, message) = third.why();
    assert_eq!(third.status(), RunStatus::Queued);
    assert_eq!(code, Some(ReasonCode::WaitingForSlot));
    assert_eq!(message, "1 of 1 slots are taken; 2nd in line");

    rig.open();
    let access = Access::default();
    rig.provider().cancel(&access, &runs[1]).await.unwrap();
    let second = rig.told(&runs[1]).await;
    assert_eq!(second.status(), RunStatus::Cancelled);
    assert!(second.runs.last().unwrap().started_at.is_none(), "it was never begun");
    rig.follow(&runs[2], third.tokens.last().cloned(), |told| told.why().1.contains("1st in line")).await;

    std::fs::write(rig.path("go"), "").unwrap();
    for run in [&runs[0], &runs[2], &runs[3]] {
        let told = rig.told(run).await;
        assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    }
    assert_eq!(std::fs::read_to_string(rig.path("order")).unwrap(), "1\n3\n4\n");
}

/// Whoever writes why it waits holds it for a moment. One that is held when it is found is taken for one that runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_build_that_somebody_holds_during_a_restart_keeps_its_place_in_line() {
    let mut rig = Rig::with(HOLD, &[("concurrency", json!(1))]);
    let mut runs = Vec::new();
    for number in 1..=3 {
        let mut request = rig.request();
        request.number = number;
        runs.push(rig.start_request(request).await);
        if number == 1 {
            rig.follow(&runs[0], None, |told| told.status() == RunStatus::Running).await;
        }
    }
    let before = rig.follow(&runs[2], None, |told| told.why().1.contains("2nd in line")).await;
    let lock = File::open(rig.path("spool").join(&runs[2].0).join("lock")).unwrap();
    eventually("the build is held", || lock.try_lock().is_ok()).await;
    rig.open();
    drop(lock);
    let again = rig.follow(&runs[2], before.tokens.last().cloned(), |told| !told.why().1.is_empty()).await;
    assert_eq!(again.why().1, "1 of 1 slots are taken; 2nd in line");
    std::fs::write(rig.path("go"), "").unwrap();
    for run in &runs {
        assert_eq!(rig.told(run).await.status(), RunStatus::Succeeded);
    }
    assert_eq!(std::fs::read_to_string(rig.path("order")).unwrap(), "1\n2\n3\n");
}

/// Whoever writes why it waits holds it for a moment, and so may a process that is just being started beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_build_is_cancelled_although_somebody_holds_it_at_that_moment() {
    let rig = Rig::with(HOLD, &[("concurrency", json!(1))]);
    let first = rig.start().await;
    rig.follow(&first, None, |told| told.status() == RunStatus::Running).await;
    let second = rig.start().await;
    rig.follow(&second, None, |told| told.why().0 == Some(ReasonCode::WaitingForSlot)).await;
    let lock = File::open(rig.path("spool").join(&second.0).join("lock")).unwrap();
    eventually("the build is held", || lock.try_lock().is_ok()).await;
    let access = Access::default();
    let receipt = rig.provider().cancel(&access, &second).await.unwrap();
    assert_eq!(receipt, CancelReceipt::Accepted);
    assert_eq!(rig.provider().get(&access, &second).await.unwrap().run.status, RunStatus::Queued, "it is held");
    drop(lock);
    assert_eq!(rig.told(&second).await.status(), RunStatus::Cancelled);
    assert_eq!(rig.provider().get(&access, &first).await.unwrap().run.status, RunStatus::Running);
    std::fs::write(rig.path("go"), "").unwrap();
    assert_eq!(rig.told(&first).await.status(), RunStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_slots_let_waiting_builds_go() {
    let rig = Rig::with(HOLD, &[("concurrency", json!(1))]);
    let first = rig.start().await;
    let second = rig.start().await;
    rig.follow(&second, None, |told| told.why().0 == Some(ReasonCode::WaitingForSlot)).await;
    rig.provider().configure(&Settings::from([("concurrency".to_owned(), json!(2))])).unwrap();
    rig.follow(&second, None, |told| told.status() == RunStatus::Running).await;
    std::fs::write(rig.path("go"), "").unwrap();
    rig.told(&first).await;
    rig.told(&second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_cannot_be_started_ends_the_build() {
    let rig = Rig::new("run: echo\n");
    let mut config = rig.config();
    config.supervisor = vec!["/nowhere/alm".into(), "supervise".into()];
    for directory in [&mut config.spool, &mut config.work] {
        *directory = directory.with_extension("other");
    }
    let clock = std::sync::Arc::new(alm_domain::SystemClock);
    let provider = alm_provider_local::LocalProvider::open(config, &Settings::new(), clock).unwrap();
    let access = Access::default();
    let run = provider.start(&access, rig.request()).await.unwrap();
    let begin = std::time::Instant::now();
    loop {
        let snapshot = provider.get(&access, &run).await.unwrap();
        if snapshot.run.status.is_terminal() {
            let reason = snapshot.run.reason.unwrap();
            assert_eq!((snapshot.run.status, reason.code), (RunStatus::Errored, ReasonCode::StartRefused));
            return;
        }
        assert!(begin.elapsed() < crate::support::PATIENCE);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
