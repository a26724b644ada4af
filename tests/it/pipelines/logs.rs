//! The log as a file.

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::TestApp;

const PIPELINE: &str = r"
stages:
  colours: {run: 'printf ''\033[31mred\033[0m\n'''}
  words: {needs: colours, run: 'echo out; echo err >&2'}
";

#[tokio::test]
async fn a_log_is_downloaded_plain_with_colours_and_as_json() {
    let app = TestApp::local().await;
    let service = app.pipeline("logs", PIPELINE).await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!(build.status(), "SUCCEEDED", "{}", build.reason());
    let path = format!("/builds/{}/log", build.id());
    assert_eq!(build.0["log"]["downloadPath"].as_str().unwrap().split('?').next(), Some(path.as_str()));

    let plain = app.get(&path).await;
    assert_eq!((plain.status, plain.header("content-type")), (200, "text/plain; charset=utf-8"));
    let lines: Vec<_> = plain.text().lines().collect();
    assert!(lines.contains(&"red") && lines.contains(&"out") && lines.contains(&"err"), "{lines:?}");
    assert!(!plain.text().contains('\u{1b}'));

    let ansi = app.get(&format!("{path}?format=ansi")).await;
    assert!(ansi.text().contains("\u{1b}[31mred\u{1b}[0m"), "{:?}", ansi.text());

    let json = app.get(&format!("{path}?format=ndjson")).await;
    assert_eq!(json.header("content-type"), "application/x-ndjson");
    let objects: Vec<Value> = json.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), lines.len());
    assert_eq!(build.0["log"]["lineCount"].as_u64(), Some(objects.len() as u64));

    let stage = build.stage("words")["id"].as_str().unwrap();
    let own = app.get(&format!("{path}?stage={stage}")).await;
    assert!(own.text().contains("out") && !own.text().contains("red"), "{:?}", own.text());
    let window = app.get(&format!("{path}?from=2&to=2")).await;
    assert_eq!(window.text().lines().collect::<Vec<_>>(), [lines[1]]);
}

#[tokio::test]
async fn parts_of_a_log_add_up_to_the_whole() {
    let app = TestApp::local().await;
    let service = app.pipeline("parts", "run: seq 1 20000\n").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    let path = format!("/builds/{}/log", build.id());
    let whole = app.get(&path).await.body;
    let mut parts = Vec::new();
    while parts.len() < whole.len() {
        let range = format!("bytes={}-{}", parts.len(), parts.len() + 29_999);
        let part = app.get_with(&path, &[("range", &range)]).await;
        assert_eq!((part.status, part.header("accept-ranges")), (206, "bytes"));
        parts.extend(part.body);
    }
    assert!(parts == whole);
    let tail = app.get_with(&path, &[("range", "bytes=-6")]).await;
    assert_eq!(tail.body, whole[whole.len() - 6..]);
    let behind = app.get_with(&path, &[("range", "bytes=99999999-")]).await;
    assert_eq!((behind.status, behind.header("content-range")), (416, format!("bytes */{}", whole.len()).as_str()));
}

#[tokio::test]
async fn whoever_has_a_log_is_not_sent_it_again_until_there_is_more_of_it() {
    let app = TestApp::fake(Script::new().lines(500).wait().line("the last").succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.build_log(&build, None).await.until(|event| event["lastSeq"] == 500).await;
    let path = format!("/builds/{}/log", build.id());
    let first = app.get_with(&path, &[("accept-encoding", "identity")]).await;
    let tag = first.header("etag");
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let known = app.get_with(&path, &[("if-none-match", tag)]).await;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, tag));
    assert_eq!(known.header("vary"), "accept-encoding");
    let part = app.get_with(&path, &[("if-range", tag), ("range", "bytes=5-")]).await;
    assert_eq!((part.status, part.header("etag"), part.body == first.body[5..]), (206, tag, true));
    for other in ["?format=ansi", "?format=ndjson", "?from=2", "?to=7"] {
        let reply = app.get_with(&format!("{path}{other}"), &[("if-none-match", tag)]).await;
        assert_eq!(reply.status, 200, "{other}");
    }

    let packed = app.get_with(&path, &[("accept-encoding", "gzip")]).await;
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "accept-encoding"));
    assert!(packed.body.len() < first.body.len() / 2 && packed.header("etag") != tag);
    assert_eq!(app.get_with(&path, &[("if-none-match", packed.header("etag"))]).await.status, 304);
    // A part of the compressed bytes is none of ours: the whole is sent.
    let mixed = app.get_with(&path, &[("if-range", packed.header("etag")), ("range", "bytes=5-")]).await;
    assert_eq!((mixed.status, mixed.text() == first.text()), (200, true));

    app.engine.release(build.key());
    app.follow(&build).await;
    let more = app.get_with(&path, &[("if-none-match", tag)]).await;
    assert_eq!((more.status, more.text().lines().last()), (200, Some("the last")));
    let whole = app.get_with(&path, &[("if-range", tag), ("range", "bytes=5-")]).await;
    assert_eq!((whole.status, whole.text() == more.text()), (200, true));
    assert_eq!(app.get_with(&path, &[("if-none-match", more.header("etag"))]).await.status, 304);
}

#[tokio::test]
async fn a_wrong_question_about_a_log_is_answered_with_the_remedy() {
    let app = TestApp::local().await;
    let service = app.pipeline("questions", "run: echo hello\n").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    for (query, status, word) in [
        ("format=pdf", 400, "ndjson"),
        ("colour=red", 400, "parameters are"),
        ("from=one", 400, "from"),
        ("stage=stg_x", 400, ""),
        ("stage=stg_01900000000070008000000000000001", 404, "stage"),
    ] {
        let reply = app.get(&format!("/builds/{}/log?{query}", build.id())).await;
        assert_eq!(reply.status, status, "{query}: {}", reply.text());
        assert!(reply.text().contains(word), "{query}: {}", reply.text());
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert!(body["errors"][0]["extensions"]["code"].is_string(), "{body}");
    }
    assert_eq!(app.get("/builds/nonsense/log").await.status, 400);
    let foreign = json!(alm_domain::BuildId::from_uuid(uuid::Uuid::from_u128(7)).to_string());
    assert_eq!(app.get(&format!("/builds/{}/log", foreign.as_str().unwrap())).await.status, 404);
}
