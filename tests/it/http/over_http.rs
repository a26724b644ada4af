//! GraphQL over HTTP.

use serde_json::json;

use super::support::{Request, serve, serve_with};

const RESPONSE: &str = "application/graphql-response+json";

#[tokio::test]
async fn a_query_is_answered() {
    let server = serve().await;
    let body = json!({"query": "query($n: String!) { hello(name: $n) }", "variables": {"n": "you"}});
    let reply = Request::post(&body).send(&server).await;
    assert_eq!((reply.status, reply.json()), (200, json!({"data": {"hello": "Hello, you"}})));
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    assert!(reply.header("x-request-id").is_some_and(|id| id.starts_with("req_")));
}

#[tokio::test]
async fn the_principal_and_the_request_id_are_in_the_data_of_the_request() {
    let server = serve().await;
    let reply = Request::post(&json!({"query": "{ me }"})).send(&server).await;
    assert!(reply.json()["data"]["me"].as_str().is_some_and(|key| key.starts_with("usr_")), "{reply:?}");
}

#[tokio::test]
async fn a_query_by_get_is_answered_and_a_mutation_is_not() {
    let server = serve().await;
    let reply = Request::get("/graphql?query=%7Bhello%7D").send(&server).await;
    assert_eq!((reply.status, reply.json()), (200, json!({"data": {"hello": "Hello, world"}})));
    let named = "/graphql?query=query%20A%7Bhello%7D%20query%20B%7Ba:hello(name:%22b%22)%7D&operationName=B";
    let reply = Request::get(named).send(&server).await;
    assert_eq!(reply.json(), json!({"data": {"a": "Hello, b"}}));
    let reply = Request::get("/graphql?query=mutation%7Badd%7D").send(&server).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
    let twice = Request::get("/graphql?query=%7Bhello%7D&query=%7Bme%7D").send(&server).await;
    assert_eq!((twice.status, twice.code().as_str()), (400, "BAD_REQUEST"));
    assert_eq!(server.traces.mutations.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_error_of_the_request_is_told_from_one_of_a_field_by_the_status() {
    let server = serve().await;
    for (query, status) in [("{ nothing }", 400), ("{", 400), ("{ forbidden }", 200), ("{ hello }", 200)] {
        let request = Request::post(&json!({ "query": query })).with("accept", RESPONSE);
        let reply = request.send(&server).await;
        assert_eq!(reply.status, status, "{query}");
        assert_eq!(reply.json().get("data").is_some(), status == 200, "{query}: a request error has no data");
        assert_eq!(reply.header("content-type"), Some("application/graphql-response+json; charset=utf-8"));
        let lenient = request.with("accept", "application/json").send(&server).await;
        assert_eq!(lenient.status, 200, "{query}");
    }
}

#[tokio::test]
async fn other_methods_are_told_which_would_do() {
    let server = serve().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let reply = Request::new(method, "/graphql").send(&server).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, POST")), "{method}");
    }
}

#[tokio::test]
async fn what_the_client_does_not_accept_is_not_sent() {
    let server = serve().await;
    for accept in ["multipart/mixed", "text/html", "application/json; charset=latin1"] {
        let reply = Request::post(&json!({"query": "{ hello }"})).with("accept", accept).send(&server).await;
        assert_eq!((reply.status, reply.code().as_str()), (406, "NOT_ACCEPTABLE"), "{accept}");
    }
}

#[tokio::test]
async fn a_subscription_is_sent_to_a_stream() {
    let server = serve().await;
    for accept in ["application/json", RESPONSE] {
        let body = json!({"query": "subscription { count(to: 1) }"});
        let reply = Request::post(&body).with("accept", accept).send(&server).await;
        assert_eq!(reply.status, 400);
        assert!(reply.message().contains("graphql-transport-ws"), "{reply:?}");
        assert!(reply.message().contains("text/event-stream"), "{reply:?}");
    }
}

#[tokio::test]
async fn one_request_at_a_time() {
    let server = serve().await;
    let batch = json!([{"query": "mutation { add }"}, {"query": "mutation { add }"}]);
    let reply = Request::post(&batch).send(&server).await;
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("one request at a time"));
    assert_eq!(server.traces.mutations.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_execution_that_takes_too_long_is_cut_off() {
    let server = serve_with(|config| config.request_timeout = std::time::Duration::from_millis(50)).await;
    let reply = Request::post(&json!({"query": "{ slow }"})).send(&server).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "TIMEOUT"));
}
