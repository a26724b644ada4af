//! The service dies in the midst of its work, and comes back over the same database and engine.

use alm_build_spi::conformance::fake::Script;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;

use crate::support::{BuildView, Setup, TestApp, on_each_database};

const BUILDS: usize = 6;
const PARTS: u32 = 5;
const LINES: u32 = 400;

/// A few stages, each of which waits to be let go on.
fn script() -> Script {
    (1..=PARTS).fold(Script::new(), |script, part| script.stage(&format!("part-{part}")).lines(LINES).wait()).succeed()
}

/// What the engine itself knows must be what the service tells, lines included, each once.
async fn assert_true(app: &TestApp, build: &BuildView) {
    let told = app.follow(build).await;
    let truth = app.engine.snapshot(build.key()).unwrap();
    assert_eq!(told.status(), truth.run.status.to_string());
    let stages: Vec<_> = truth.stages.iter().map(|stage| format!("{} {}", stage.key, stage.status)).collect();
    assert_eq!(told.stages(), stages);
    assert_eq!(app.engine.runs_of(build.key()), 1, "one run for each build");
    let expected: String = (1..=PARTS).flat_map(|_| 1..=LINES).map(|n| format!("line {n}\n")).collect();
    assert!(app.log(&told).await == expected, "lines were lost, doubled or mixed up");
}

#[tokio::test]
async fn killed_at_random_moments_it_loses_nothing_and_doubles_nothing() {
    on_each_database(|setup: Setup| async move {
        let mut random = StdRng::seed_from_u64(2_026);
        let mut app = setup.scripted(script()).start().await;
        let service = app.service("web").await;
        let mut builds = Vec::new();
        for _ in 0..BUILDS {
            builds.push(app.start_build(&service).await);
        }
        for _ in 0..PARTS * 2 {
            // Some moments after something has happened: early, late, or in the midst of it.
            for build in &builds {
                if random.random_bool(0.5) {
                    app.engine.release(build.key());
                }
            }
            for _ in 0..random.random_range(0..60) {
                tokio::task::yield_now().await;
            }
            app.crash();
            app.open().await;
        }
        for build in &builds {
            (0..PARTS).for_each(|_| app.engine.release(build.key()));
        }
        for build in &builds {
            assert_true(&app, build).await;
        }
        let query = "query($id: ID!) { node(id: $id) { ... on BuildService { builds { totalCount } } } }";
        let count = app.graphql(query, json!({"id": service})).await;
        assert_eq!(count["node"]["builds"]["totalCount"], BUILDS);
    })
    .await;
}

#[tokio::test]
async fn what_was_acknowledged_before_the_end_is_done_after_it() {
    let mut app = TestApp::fake(Script::new().stage("a").line("one").wait().line("two")).await;
    let service = app.service("web").await;
    app.engine.outage(true);
    let build = app.start_build(&service).await;
    app.crash();
    app.engine.outage(false);
    app.open().await;
    app.engine.release(build.key());
    let build = app.follow(&build).await;
    assert_eq!((build.status(), app.engine.runs_of(build.key())), ("SUCCEEDED", 1));
    assert_eq!(app.log(&build).await, "one\ntwo\n");
}

#[tokio::test]
async fn a_reader_goes_on_over_a_crash_where_it_was() {
    let mut app = TestApp::fake(Script::new().stage("a").lines(700).wait().lines(300)).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    let mut log = app.build_log_with(json!({"id": build.id(), "lines": 100})).await;
    let event = log.until(|event| event["__typename"] == "LogBatch").await;
    // The first that it is told are the last of those that there were.
    let seen = event["lines"].as_array().unwrap().last().unwrap()["seq"].as_u64().unwrap();
    let cursor = log.cursor.clone();
    app.crash();
    app.open().await;
    app.engine.release(build.key());
    let rest = app.build_log(&build, cursor.as_deref()).await.all().await;
    let told: Vec<_> = rest
        .iter()
        .filter_map(|event| event["lines"].as_array())
        .flatten()
        .map(|line| line["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(told, (seen + 1..=1_000).collect::<Vec<_>>());
}
