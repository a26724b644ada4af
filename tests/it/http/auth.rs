//! Who may enter.

use std::sync::Arc;

use alm::http::Readiness;
use serde_json::json;

use super::support::{Request, serve, serve_state};

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

#[tokio::test]
async fn the_figures_are_for_those_who_have_the_token() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || metrics::counter!("alm_told").increment(3));
    let server = serve_state(|_| {}, |state| state.metrics(handle)).await;
    assert_eq!(Request::new("GET", "/metrics").send(&server).await.status, 401);
    let figures = Request::get("/metrics").send(&server).await;
    assert!(figures.body.contains("alm_told 3"), "{figures:?}");
}

#[derive(Debug)]
struct NoDatabase;

#[async_trait::async_trait]
impl Readiness for NoDatabase {
    async fn ready(&self) -> Result<(), String> {
        Err("the database cannot be reached".to_owned())
    }
}

#[tokio::test]
async fn a_server_that_is_not_ready_says_what_is_missing() {
    let server = serve_state(|_| {}, |state| state.readiness(Arc::new(NoDatabase))).await;
    let reply = Request::new("GET", "/readyz").send(&server).await;
    assert_eq!((reply.status, reply.message().as_str()), (503, "the database cannot be reached"));
    assert_eq!(Request::new("GET", "/healthz").send(&server).await.status, 200);
}
