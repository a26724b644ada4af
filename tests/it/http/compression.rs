//! What is compressed, and what is not.

use serde_json::json;

use super::support::{EventStream, Reply, Request, TOKEN, serve};

fn long(bytes: usize) -> Request {
    Request::post(&json!({"query": format!("{{ long(bytes: {bytes}) }}")}))
}

fn varies(reply: &Reply) -> bool {
    reply.header("vary").is_some_and(|vary| vary.contains("accept-encoding"))
}

#[tokio::test]
async fn a_large_reply_is_compressed_for_whoever_takes_it() {
    let server = serve().await;
    for accepted in ["gzip", "deflate, GZIP; q=0.5, br", "*", "identity;q=0, gzip", "br, *;q=0.1"] {
        let reply = long(100_000).with("accept-encoding", accepted).send(&server).await;
        assert_eq!((reply.status, reply.header("content-encoding")), (200, Some("gzip")), "{accepted}");
        assert!(varies(&reply) && reply.header("content-length").is_none(), "{accepted}");
        assert!(reply.body.len() < 10_000, "{accepted}: {}", reply.body.len());
    }
    // Twice is no error worth a word: another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().gzip(true).build().unwrap();
    let request = client.post(format!("http://{}/graphql", server.address)).bearer_auth(TOKEN);
    let body = json!({"query": "{ long(bytes: 100000) }"}).to_string();
    let reply = request.header("content-type", "application/json").body(body).send().await.unwrap();
    let unpacked: serde_json::Value = reply.json().await.unwrap();
    assert_eq!(unpacked, json!({"data": {"long": "x".repeat(100_000)}}));
}

#[tokio::test]
async fn nobody_gets_what_he_did_not_ask_for_and_small_replies_stay_as_they_are() {
    let server = serve().await;
    for (request, may_vary) in [
        (long(100_000), true),
        (long(100_000).with("accept-encoding", "identity"), true),
        (long(100_000).with("accept-encoding", "br, deflate"), true),
        (long(100_000).with("accept-encoding", "gzip;q=0, *"), true),
        (long(100_000).with("accept-encoding", "*;q=0"), true),
        (long(100_000).with("accept-encoding", "identity;q=0"), true),
        (long(100_000).with("accept-encoding", "gzip;;q=rubbish"), true),
        (long(900).with("accept-encoding", "gzip"), false),
        (Request::get("/healthz").with("accept-encoding", "gzip"), false),
    ] {
        let reply = request.send(&server).await;
        assert_eq!((reply.status, reply.header("content-encoding")), (200, None));
        assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string().as_str()));
        assert_eq!(varies(&reply), may_vary, "{:?}", reply.header("vary"));
    }
}

#[tokio::test]
async fn an_event_stream_is_never_compressed() {
    let server = serve().await;
    let request = Request::post(&json!({"query": "subscription { flood }"})).with("accept", "text/event-stream");
    let mut stream = EventStream::open(&server, request.with("accept-encoding", "gzip")).await;
    assert_eq!(stream.header("content-encoding"), None);
    assert_eq!(stream.next().await["data"]["flood"].as_str().map(str::len), Some(16 << 10));
}

#[tokio::test]
async fn a_page_has_a_tag_of_its_own_where_it_is_compressed_and_either_is_known_again() {
    let server = serve().await;
    let page = Request::new("GET", "/start");
    let packed = page.clone().with("accept-encoding", "gzip").send(&server).await;
    let plain = page.clone().send(&server).await;
    assert_eq!((packed.header("content-encoding"), plain.header("content-encoding")), (Some("gzip"), None));
    assert!(varies(&packed) && varies(&plain));
    assert_ne!(packed.header("etag"), plain.header("etag"));
    for reply in [packed, plain] {
        let tag = reply.header("etag").unwrap();
        let again = page.clone().with("accept-encoding", "gzip").with("if-none-match", tag).send(&server).await;
        assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(tag)));
        assert!(varies(&again));
    }
}
