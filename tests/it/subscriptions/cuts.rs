//! Many readers, cut off at random.

use std::sync::Arc;

use alm_build_spi::conformance::fake::Script;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use tokio::task::JoinSet;

use super::{assert_whole, lines};
use crate::support::TestApp;

/// How many readers, and how many lines: more than can be told in one piece; with `ALM_SOAK=1`, as many as on a busy day.
fn size() -> (u64, u32) {
    if std::env::var("ALM_SOAK").is_ok_and(|v| v == "1") { (200, 20_000) } else { (50, 4_000) }
}

/// Reads a log to its end over connections that break after a random number of events, some of them before the first.
async fn read(app: &TestApp, build: &crate::support::BuildView, seed: u64) -> Vec<(u64, String)> {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut told, mut cursor) = (Vec::new(), None);
    loop {
        let size = random.random_range(50..=500);
        let mut log = app.build_log_with(json!({"id": build.id(), "after": cursor, "lines": size})).await;
        for _ in 0..random.random_range(0..6) {
            let event = log.next().await.unwrap();
            if event["__typename"] == "StreamEnded" {
                return told;
            }
            told.extend(lines(&event));
        }
        cursor.clone_from(&log.cursor);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_with_random_cuts_miss_nothing_and_see_nothing_twice() {
    let (count, length) = size();
    // Some read while it is written, some afterwards.
    let app = Arc::new(TestApp::fake(Script::new().stage("a").lines(length).succeed()).await);
    let service = app.service("web").await;
    let build = Arc::new(app.start_build(&service).await);
    let mut readers = JoinSet::new();
    for seed in 0..count {
        let (app, build) = (Arc::clone(&app), Arc::clone(&build));
        readers.spawn(async move { read(&app, &build, seed).await });
        if readers.len() >= 25 {
            assert_whole(&readers.join_next().await.unwrap().unwrap(), length.into());
        }
    }
    while let Some(told) = readers.join_next().await {
        assert_whole(&told.unwrap(), length.into());
    }
}
