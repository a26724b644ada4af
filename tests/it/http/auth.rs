//! Who may enter.

use serde_json::json;

use super::support::{Request, serve};

#[tokio::test]
async fn without_the_token_nothing_runs() {
    let server = serve().await;
    let post = Request::post(&json!({"query": "mutation { add }"}));
    for request in [
        post.clone().without("authorization"),
        post.clone().with("authorization", "Bearer wrong-token-wrong-token"),
        post.clone().with("authorization", "Basic YWRtaW46YWRtaW4="),
        post.clone().and("authorization", "Bearer another"),
        post.clone().without("authorization").with("cookie", "token=the-token-of-the-tests-0123456789"),
        Request::new("GET", "/graphql?query=%7Bhello%7D&token=the-token-of-the-tests-0123456789"),
        Request::new("GET", "/metrics"),
        Request::new("GET", "/extra"),
    ] {
        let reply = request.send(&server).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "UNAUTHENTICATED"));
        assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"alm\""));
    }
    assert_eq!(server.traces.mutations.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn health_and_readiness_are_open_and_routes_of_the_application_know_who_asks() {
    let server = serve().await;
    assert_eq!(Request::new("GET", "/healthz").send(&server).await.body, "ok\n");
    assert_eq!(Request::new("GET", "/readyz").send(&server).await.body, "ready\n");
    assert!(Request::get("/extra").send(&server).await.body.starts_with("usr_"));
    assert_eq!(Request::get("/nothing").send(&server).await.status, 404);
}
