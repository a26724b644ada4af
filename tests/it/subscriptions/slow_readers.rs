//! Readers that do not keep up.

use alm_build_spi::conformance::fake::Script;

use super::{assert_whole, lines};
use crate::support::TestApp;

/// Far more than sockets and queues can hold.
const LINES: u64 = 60_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_sleeps_holds_nobody_up_and_misses_nothing_when_it_wakes() {
    let app = TestApp::fake(Script::new().stage("a").lines(60_000).succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    // Subscribed, and not read from.
    let slow = app.build_log(&build, None).await;
    let slow_updates = app.build_updates(&build, None).await;
    let quick: Vec<_> = app.build_log(&build, None).await.all().await.iter().flat_map(lines).collect();
    assert_whole(&quick, LINES);
    assert_eq!(app.follow(&build).await.status(), "SUCCEEDED");
    let late: Vec<_> = slow.all().await.iter().flat_map(lines).collect();
    assert_whole(&late, LINES);
    assert_eq!(slow_updates.all().await.last().unwrap()["reason"], "COMPLETE");
}
