//! `buildLog`.

use alm_build_spi::conformance::fake::Script;
use serde_json::json;

use super::{assert_whole, lines};
use crate::support::{Setup, TestApp, on_each_database, within};

#[tokio::test]
async fn each_line_is_told_once_in_order_while_it_is_written() {
    on_each_database(|setup: Setup| async move {
        let app = setup.scripted(Script::new().stage("build").lines(1_000).wait().lines(500)).start().await;
        let service = app.service("web").await;
        let build = app.start_build(&service).await;
        let mut log = app.build_log(&build, None).await;
        log.until(|event| event["lastSeq"] == 1_000).await;
        app.engine.release(build.key());
        let told: Vec<_> = log.all().await.iter().flat_map(lines).collect();
        let second: Vec<_> = told[1_000..].iter().map(|(no, text)| (*no, text.clone())).collect();
        assert_whole(&told[..1_000], 1_000);
        assert_eq!(second, (1..=500).map(|n| (1_000 + n, format!("line {n}"))).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_is_cut_off_at_every_event_misses_nothing() {
    on_each_database(|setup: Setup| async move {
        let app =
            setup.scripted(Script::new().stage("build").lines(600).wait().stage("test").gap("rotated")).start().await;
        let service = app.service("web").await;
        let build = app.start_build(&service).await;
        within(app.engine.held(build.key())).await;
        let (mut told, mut cursor, mut ended) = (Vec::new(), None, false);
        while !ended {
            let mut log = app.build_log_with(json!({"id": build.id(), "after": cursor, "lines": 37})).await;
            let event = log.next().await.unwrap();
            told.extend(lines(&event));
            cursor = log.cursor.clone();
            ended = event["__typename"] == "StreamEnded";
            if told.len() == 600 {
                app.engine.release(build.key());
            }
        }
        assert_whole(&told[..600], 600);
        assert_eq!(told[600..], [(601, "rotated".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn a_log_can_be_joined_at_its_tail_and_read_by_stage() {
    let script = Script::new().stage("a").lines(100).stage("b").lines(50).stage("c").lines(7).wait();
    let app = TestApp::fake(script).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.build_log(&build, None).await.until(|event| event["lastSeq"] == 157).await;

    let mut tail = app.build_log_with(json!({"id": build.id(), "tail": 10})).await;
    let first = tail.next().await.unwrap();
    assert_eq!(lines(&first).iter().map(|line| line.0).collect::<Vec<_>>(), (148..=157).collect::<Vec<_>>());

    let stage = app.build(build.id()).await.stage("b")["id"].clone();
    let mut own = app.build_log_with(json!({"id": build.id(), "stage": stage, "lines": 20})).await;
    let mut told = Vec::new();
    while told.len() < 50 {
        told.extend(lines(&own.next().await.unwrap()));
    }
    assert_eq!(told, (1..=50).map(|n| (100 + n, format!("line {n}"))).collect::<Vec<_>>());

    app.engine.release(build.key());
    let end = own.until(|event| event["__typename"] == "StreamEnded").await;
    assert_eq!(end["reason"], "COMPLETE");
}

#[tokio::test]
async fn a_window_hands_over_to_the_live_log_without_a_gap() {
    let app = TestApp::fake(Script::new().lines(300).wait().line("the last")).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.build_log(&build, None).await.until(|event| event["lastSeq"] == 300).await;
    let query = "query($id: ID!) { log(buildId: $id, window: {tail: 5}) { cursor firstSeq lastSeq lines { seq } } }";
    let window = app.graphql(query, json!({"id": build.id()})).await["log"].clone();
    assert_eq!(window["lines"], json!([{"seq": 296}, {"seq": 297}, {"seq": 298}, {"seq": 299}, {"seq": 300}]));
    let live = app.build_log(&build, window["cursor"].as_str()).await;
    app.engine.release(build.key());
    let told: Vec<_> = live.all().await.iter().flat_map(lines).collect();
    assert_eq!(told, [(301, "the last".to_owned())]);
}
