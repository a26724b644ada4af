//! Server-sent events.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use alm::http::AuthError;
use alm_domain::Role;
use serde_json::{Value, json};

use super::support::{
    Door, EventStream, Request, Sent, events_by_get, serve, serve_as, serve_with, streams, user, within,
};

#[tokio::test]
async fn a_subscription_brings_its_events_in_order_and_completes() {
    let server = serve().await;
    let mut stream = EventStream::post(&server, "subscription { count(to: 300) }").await;
    assert_eq!(stream.header("cache-control"), Some("no-store"));
    assert_eq!(stream.header("x-accel-buffering"), Some("no"));
    assert!(stream.header("x-request-id").is_some());
    assert_eq!(stream.hear().await, Sent::Heartbeat, "there is a first byte at once");
    for n in 1..=300 {
        assert_eq!(stream.next().await, json!({"data": {"count": n}}));
    }
    stream.complete().await;
    streams(&server, 0).await;
}

#[tokio::test]
async fn every_kind_of_operation_runs_but_mutations_only_by_post() {
    let server = serve().await;
    for (request, expected) in [
        (events_by_get("{ hello }"), json!({"data": {"hello": "Hello, world"}})),
        (events_by_get("subscription { count(to: 1) }"), json!({"data": {"count": 1}})),
        (Request::post(&json!({"query": "mutation { add(by: 2) }"})), json!({"data": {"add": 2}})),
    ] {
        let mut stream = EventStream::open(&server, request.with("accept", "text/event-stream")).await;
        assert_eq!(stream.next().await, expected);
        stream.complete().await;
    }
    let refused = events_by_get("mutation { add }").send(&server).await;
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
    assert_eq!(server.traces.mutations.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn variables_and_the_name_of_an_operation_arrive() {
    let server = serve().await;
    let query = "subscription A { silence } subscription B($to: Int!) { count(to: $to) }";
    let body = json!({"query": query, "operationName": "B", "variables": {"to": 1}});
    let mut stream = EventStream::open(&server, Request::post(&body).with("accept", "text/event-stream")).await;
    assert_eq!(stream.next().await, json!({"data": {"count": 1}}));
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_told_in_the_stream() {
    let server = serve().await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (&format!("{{ {} }}", "hello ".repeat(2_001)), "QUERY_TOO_COSTLY"),
    ] {
        let mut stream = EventStream::post(&server, query).await;
        let told = stream.next().await;
        assert_eq!(told["errors"][0]["extensions"]["code"], code);
        assert!(told.get("data").is_none(), "{told}");
        stream.complete().await;
    }
    let mut refused = EventStream::post(&server, "subscription { refused }").await;
    assert_eq!(refused.next().await["errors"][0]["message"], "not for you");
    refused.complete().await;
}

#[tokio::test]
async fn an_execution_that_takes_too_long_is_cut_off() {
    let server = serve_with(|config| config.request_timeout = Duration::from_millis(50)).await;
    let mut stream = EventStream::post(&server, "{ slow }").await;
    assert_eq!(stream.next().await["errors"][0]["extensions"]["code"], "TIMEOUT");
    stream.complete().await;
}

#[tokio::test]
async fn the_same_doors_are_closed_as_everywhere() {
    let server = serve().await;
    let post = Request::post(&json!({"query": "subscription { count(to: 1) }"})).with("accept", "text/event-stream");
    for (request, status, code) in [
        (post.clone().without("authorization"), 401, "UNAUTHENTICATED"),
        (post.clone().with("authorization", "Bearer wrong-token-wrong-token"), 401, "UNAUTHENTICATED"),
        (post.clone().with("origin", "https://evil.example"), 403, "ORIGIN_NOT_ALLOWED"),
        (post.clone().with("host", "rebound.example"), 421, "HOST_NOT_ALLOWED"),
        (post.clone().with("content-type", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post.with("accept", "multipart/mixed"), 406, "NOT_ACCEPTABLE"),
        (Request::post(&json!([])).with("accept", "text/event-stream"), 400, "BAD_REQUEST"),
        (Request::post(&json!({})).with("accept", "text/event-stream"), 400, "BAD_REQUEST"),
    ] {
        let reply = request.send(&server).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code));
        assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    }
    assert_eq!(server.traces.streams.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_client_that_takes_both_gets_events_only_where_it_needs_them() {
    let server = serve().await;
    let both = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
    let query = Request::post(&json!({"query": "{ hello }"})).with("accept", both).send(&server).await;
    assert_eq!(query.json(), json!({"data": {"hello": "Hello, world"}}));
    let subscription = Request::post(&json!({"query": "subscription { count(to: 1) }"})).with("accept", both);
    let mut stream = EventStream::open(&server, subscription).await;
    assert_eq!(stream.next().await, json!({"data": {"count": 1}}));
    stream.complete().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_connection() {
    let server = serve().await;
    let stream = EventStream::post(&server, "subscription { silence }").await;
    streams(&server, 1).await;
    drop(stream);
    streams(&server, 0).await;
}

#[tokio::test]
async fn a_silent_stream_has_heartbeats() {
    let server = serve_with(|config| config.keep_alive = Duration::from_millis(20)).await;
    let mut stream = EventStream::post(&server, "subscription { silence }").await;
    for _ in 0..5 {
        assert_eq!(stream.hear().await, Sent::Heartbeat);
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_up_its_stream_and_is_left_after_a_while() {
    let server = serve_with(|config| config.write_timeout = Duration::from_millis(700)).await;
    let unread = EventStream::post(&server, "subscription { flood }").await.unread();
    streams(&server, 1).await;
    streams(&server, 0).await;
    // What the kernel buffers of the two ends hold, and no more: an endless stream was pulled a bounded number of times.
    let pulled = server.traces.pulled.load(Ordering::SeqCst);
    assert!(pulled < 2_000, "{pulled} events of 16 KiB were pulled for nobody");
    drop(unread);
}

#[tokio::test]
async fn a_stream_ends_when_its_token_does() {
    for verdict in [Err(AuthError::Invalid), Ok(user(2, Role::Member))] {
        let door = Arc::new(Door::open_to(user(1, Role::Member)));
        let server = serve_as(Arc::clone(&door), |config| config.recheck = Duration::from_millis(20)).await;
        let mut stream = EventStream::post(&server, "subscription { silence }").await;
        door.stand_for(verdict);
        let told: Value = stream.next().await;
        assert_eq!(told["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        stream.complete().await;
        streams(&server, 0).await;
    }
}

#[tokio::test]
async fn whoever_has_other_rights_has_to_come_again() {
    let door = Arc::new(Door::open_to(user(1, Role::Admin)));
    let server = serve_as(Arc::clone(&door), |config| config.recheck = Duration::from_millis(20)).await;
    let mut stream = EventStream::post(&server, "subscription { silence }").await;
    door.stand_for(Ok(user(1, Role::Member)));
    assert_eq!(stream.told().await, Sent::End, "not said to be complete");
    let mut stream = EventStream::post(&server, "subscription { count(to: 1) }").await;
    assert_eq!(stream.next().await, json!({"data": {"count": 1}}));
}

#[tokio::test]
async fn at_the_end_of_the_server_streams_say_their_last_words_and_end() {
    let mut server = serve().await;
    let mut endless = EventStream::post(&server, "subscription { ticks }").await;
    let counted = EventStream::post(&server, "subscription { count(to: 3) }").await;
    assert_eq!(endless.next().await, json!({"data": {"ticks": 1}}));
    server.shutdown.cancel();
    within(&mut server.served).await.unwrap().unwrap();
    // One that does not end by itself is not said to be complete.
    let end = loop {
        match endless.told().await {
            Sent::Next(_) => {}
            end => break end,
        }
    };
    assert_eq!(end, Sent::End);
    let mut counted = counted;
    for n in 1..=3 {
        assert_eq!(counted.next().await, json!({"data": {"count": n}}));
    }
    counted.complete().await;
    assert_eq!(server.traces.streams.load(Ordering::SeqCst), 0);
}
