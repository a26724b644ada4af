//! Foreign hosts and foreign pages.

use serde_json::json;

use super::support::{Request, Socket, exchange, serve, serve_with};

#[tokio::test]
async fn a_foreign_host_reaches_nothing() {
    let server = serve().await;
    for path in [
        "/",
        "/start",
        "/graphql?query=%7Bhello%7D",
        "/healthz",
        "/readyz",
        "/metrics",
        "/extra",
        "/graphiql",
        "/nothing",
    ] {
        let reply = Request::get(path).with("host", "rebound.example").send(&server).await;
        assert_eq!((reply.status, reply.code().as_str()), (421, "HOST_NOT_ALLOWED"), "{path}");
        assert!(reply.message().contains("`allowed_hosts`"));
    }
    for host in ["localhost:1", "127.0.0.1", "[::1]:80", "LOCALHOST"] {
        assert_eq!(Request::get("/extra").with("host", host).send(&server).await.status, 200, "{host}");
    }
    assert_eq!(Request::get("/extra").and("host", "localhost").send(&server).await.status, 400);
    assert_eq!(Request::get("/extra").without("host").send(&server).await.status, 400);
    assert_eq!(
        exchange(&server, b"GET http://evil.example/extra HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n")
            .await
            .status,
        421
    );
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_changes_nothing_and_sees_nothing() {
    let server = serve().await;
    for origin in ["https://evil.example", "null", "http://localhost:1", "http://localhost.evil.example", "file://"] {
        for request in [
            Request::post(&json!({"query": "mutation { add }"})),
            Request::get("/graphql?query=%7Bhello%7D"),
            Request::get("/extra"),
            Request::new("OPTIONS", "/graphql").with("access-control-request-method", "POST"),
        ] {
            let reply = request.with("origin", origin).send(&server).await;
            assert_eq!((reply.status, reply.code().as_str()), (403, "ORIGIN_NOT_ALLOWED"), "{origin}");
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
    assert_eq!(server.traces.mutations.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_own_pages_and_listed_ones_may_ask() {
    let server = serve_with(|config| config.allowed_origins = vec!["http://localhost:4200".into()]).await;
    let query = Request::post(&json!({"query": "{ hello }"}));
    let own = query.clone().with("host", "localhost:8080").with("origin", "http://localhost:8080").send(&server).await;
    assert_eq!((own.status, own.header("access-control-allow-origin")), (200, None));
    let listed = query.with("origin", "http://localhost:4200").send(&server).await;
    assert_eq!((listed.status, listed.header("access-control-allow-origin")), (200, Some("http://localhost:4200")));
    let first = Request::new("OPTIONS", "/graphql").with("origin", "http://localhost:4200").send(&server).await;
    assert_eq!(first.status, 204);
    assert!(first.header("access-control-allow-headers").is_some_and(|allowed| allowed.contains("authorization")));
    assert_eq!(first.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn a_websocket_is_refused_before_its_upgrade() {
    let server = serve().await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for (header, status) in [
        (("origin", "https://evil.example"), 403),
        (("origin", "null"), 403),
        (("host", "rebound.example"), 421),
        (("authorization", "Bearer wrong-token-wrong-token"), 401),
    ] {
        assert_eq!(Socket::connect(&server, &[protocol, header]).await.err(), Some(status), "{header:?}");
    }
    let own = format!("http://{}", server.address);
    assert!(Socket::connect(&server, &[protocol, ("origin", &own)]).await.is_ok());
}
