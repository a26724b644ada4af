//! A cluster in trouble.

use std::time::Duration;

use alm_build_spi::ProviderError;
use alm_domain::RunStatus;

use crate::support::{Followed, Rig};

/// A build that stands at a gate, followed.
async fn gated(rig: &Rig) -> Followed {
    let service = rig.docker("echo before\nawait go\necho after").await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("before")).await;
    told
}

async fn is_right_again(rig: &Rig, mut told: Followed) {
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!(told.texts(), ["before", "after"]);
    assert_eq!(told.status(), Some(RunStatus::Succeeded), "{:?}", told.errors);
    assert!(told.errors.iter().all(ProviderError::is_transient), "{:?}", told.errors);
}

#[tokio::test]
async fn a_cluster_that_hangs_is_unavailable_and_no_failed_build() {
    let rig = Rig::new().await;
    let told = gated(&rig).await;
    rig.cluster.faults().hang();
    let run = told.run.clone();
    let error = rig.provider().get(&rig.access(), &run).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    rig.cluster.faults().heal();
    is_right_again(&rig, told).await;
}

#[tokio::test]
async fn an_overloaded_cluster_says_for_how_long() {
    let rig = Rig::new().await;
    let mut told = gated(&rig).await;
    rig.cluster.faults().too_many_requests(Duration::from_secs(1));
    let error = rig.provider().get(&rig.access(), &told.run).await.unwrap_err();
    assert!(
        matches!(error, ProviderError::Unavailable { retry_after: Some(after), .. } if after.as_secs() == 1),
        "{error}"
    );
    rig.cluster.faults().cut_streams();
    told.until("the trouble", |told| !told.errors.is_empty()).await;
    rig.cluster.faults().heal();
    is_right_again(&rig, told).await;
}

#[tokio::test]
async fn a_cluster_that_answers_500_is_unavailable_and_no_failed_build() {
    let rig = Rig::new().await;
    let mut told = gated(&rig).await;
    rig.cluster.faults().server_error();
    rig.cluster.faults().cut_streams();
    told.until("the trouble", |told| !told.errors.is_empty()).await;
    rig.cluster.faults().heal();
    is_right_again(&rig, told).await;
}

#[tokio::test]
async fn a_watch_from_a_version_that_is_forgotten_begins_again() {
    let rig = Rig::new().await;
    let mut told = gated(&rig).await;
    for _ in 0..3 {
        rig.cluster.compact();
        rig.cluster.faults().cut_streams();
        tokio::task::yield_now().await;
    }
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!((told.texts(), told.status()), (vec!["before", "after"], Some(RunStatus::Succeeded)));
}

#[tokio::test]
async fn a_token_that_ends_while_a_build_is_followed_is_told_at_once_and_the_build_goes_on() {
    let rig = Rig::new().await;
    let mut told = gated(&rig).await;
    rig.cluster.expire(&rig.token);
    rig.cluster.faults().cut_streams();
    told.until("the end of the token", |told| told.errors.iter().any(|e| matches!(e, ProviderError::Unauthorized(_))))
        .await;
    assert_eq!(told.status(), Some(RunStatus::Running));
    rig.cluster.revive(&rig.token);
    is_right_again(&rig, rig.follow(&told.run)).await;
}
