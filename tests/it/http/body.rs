//! What bodies are read.

use serde_json::json;

use super::support::{Request, exchange, serve, serve_with};

#[tokio::test]
async fn only_json_is_read_so_that_a_form_of_a_foreign_page_does_nothing() {
    let server = serve().await;
    let body = json!({"query": "mutation { add }"}).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "json",
        "",
    ] {
        let reply = Request::post_text(&body).with("content-type", kind).send(&server).await;
        assert_eq!((reply.status, reply.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{kind}");
    }
    let doubled = Request::post_text(&body).and("content-type", "text/plain").and("content-type", "application/json");
    assert_eq!(doubled.send(&server).await.status, 415);
    assert_eq!(Request::post_text(&body).send(&server).await.status, 415);
    assert_eq!(server.traces.mutations.load(std::sync::atomic::Ordering::SeqCst), 0);
    let graphql = Request::post_text(&body).with("content-type", "application/graphql+json").send(&server).await;
    assert_eq!(graphql.json(), json!({"data": {"add": 1}}));
}

#[tokio::test]
async fn what_is_no_request_is_told_what_is_wrong() {
    let server = serve().await;
    for (body, named) in [
        ("", "empty"),
        ("{", "line 1"),
        ("null", "JSON object"),
        (r#"{"query": 1}"#, "`query`"),
        (r#"{"query": "{hello}", "variables": 1}"#, "`variables`"),
        (r#"{"query": "{hello}", "operationName": {}}"#, "`operationName`"),
        (&format!("{{\"query\": {}", "[".repeat(500_000)), "not JSON"),
    ] {
        let reply = Request::post_text(body).with("content-type", "application/json").send(&server).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "BAD_REQUEST"), "{named}");
        assert!(reply.message().contains(named), "{reply:?}");
    }
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_read() {
    let server = serve_with(|config| config.max_body = 1000).await;
    let body = json!({"query": format!("{{ hello(name: \"{}\") }}", "x".repeat(1000))});
    let reply = Request::post(&body).send(&server).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
    let announced = Request::post(&json!({})).with("content-length", "99999999999").send(&server).await;
    assert_eq!(announced.status, 413);
}

#[tokio::test]
async fn a_large_body_that_is_not_announced_is_refused_on_the_way() {
    let server = serve_with(|config| config.max_body = 1000).await;
    let mut bytes = Request::post(&json!({})).without("content-length").with("transfer-encoding", "chunked").bytes();
    bytes.truncate(bytes.len() - 2);
    bytes.extend_from_slice(format!("7d0\r\n{}\r\n0\r\n\r\n", "x".repeat(2000)).as_bytes());
    let reply = exchange(&server, &bytes).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = serve_with(|config| config.request_timeout = std::time::Duration::from_millis(50)).await;
    let reply = Request::post(&json!({})).with("content-length", "500").send(&server).await;
    assert_eq!((reply.status, reply.code().as_str()), (408, "REQUEST_TIMEOUT"));
}
