//! Fetches that are given up at any moment, as when a build is cancelled: git is killed wherever it is.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use super::*;

/// How many moments of a fetch are tried.
const MOMENTS: u32 = 40;

/// Gives a fetch up after each part of the time that a whole one takes, in the cache that `bench` gives; the same commit must
/// come then.
async fn given_up_at_each_moment(bench: impl Fn() -> Rc<Bench>) {
    let origin = Origin::with_one_commit();
    let mut whole = Duration::ZERO;
    let mut given_up = 0;
    for moment in 0..MOMENTS {
        let bench = bench();
        let sha = origin.commit("a.txt", &format!("{moment}\n"), "Another");
        let time = whole * moment / MOMENTS;
        let cut = tokio::time::timeout(time, bench.fetch(&origin, "main")).await;
        given_up += u32::from(cut.is_err());
        let begin = Instant::now();
        let fetched = bench.fetch(&origin, "main").await;
        // The latest: what else the machine does changes how long it takes.
        whole = begin.elapsed();
        assert_eq!(fetched.map(|fetched| fetched.sha), Ok(sha), "given up after {time:?} of {whole:?}");
    }
    // How many depends on the machine; the first is given up before it has begun.
    assert!(given_up > 0);
    println!("{given_up} of {MOMENTS} were given up");
}

#[tokio::test]
async fn the_next_one_brings_the_same_commit() {
    let bench = Rc::new(Bench::new());
    given_up_at_each_moment(|| Rc::clone(&bench)).await;
}

#[tokio::test]
async fn a_cache_that_was_being_made_is_made_anew() {
    given_up_at_each_moment(|| Rc::new(Bench::new())).await;
}
