//! Websockets that behave.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::support::{Socket, TOKEN, serve, serve_with, streams};

#[tokio::test]
async fn a_subscription_brings_its_events_in_order_and_ends() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.subscribe("a", "subscription { count(to: 300) }").await;
    for n in 1..=300 {
        let expected = json!({"type": "next", "id": "a", "payload": {"data": {"count": n}}});
        assert_eq!(socket.message().await, expected);
    }
    assert_eq!(socket.message().await, json!({"type": "complete", "id": "a"}));
    streams(&server, 0).await;
}

#[tokio::test]
async fn queries_and_mutations_run_over_the_socket_too() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.subscribe("q", "{ me }").await;
    assert!(socket.message().await["payload"]["data"]["me"].as_str().unwrap().starts_with("usr_"));
    assert_eq!(socket.message().await, json!({"type": "complete", "id": "q"}));
    socket.subscribe("q", "mutation { add(by: 2) }").await;
    assert_eq!(socket.message().await["payload"], json!({"data": {"add": 2}}));
    assert_eq!(socket.message().await, json!({"type": "complete", "id": "q"}));
}

#[tokio::test]
async fn many_operations_share_a_socket_and_none_starves() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.subscribe("flood", "subscription { flood }").await;
    for n in 0..20 {
        socket.subscribe(&format!("s{n}"), "subscription { count(to: 3) }").await;
    }
    let mut left = 20;
    while left > 0 {
        let message = socket.message().await;
        left -= usize::from(message["type"] == "complete");
    }
}

#[tokio::test]
async fn a_client_can_stop_an_operation_and_use_its_id_again() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.subscribe("1", "subscription { silence }").await;
    streams(&server, 1).await;
    socket.say(json!({"type": "complete", "id": "1"})).await;
    socket.say(json!({"type": "complete", "id": "never there"})).await;
    streams(&server, 0).await;
    socket.subscribe("1", "subscription { count(to: 1) }").await;
    assert_eq!(socket.message().await["payload"], json!({"data": {"count": 1}}));
    assert_eq!(socket.message().await, json!({"type": "complete", "id": "1"}));
}

#[tokio::test]
async fn a_refused_operation_is_an_error_and_the_socket_goes_on() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    for (query, code) in [
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (&format!("{{ {} }}", "hello ".repeat(2_100)), "QUERY_TOO_COSTLY"),
    ] {
        socket.subscribe("1", query).await;
        let message = socket.message().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("1")), "{message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], code);
    }
    socket.subscribe("1", "subscription { refused }").await;
    let refused = socket.message().await;
    let errors = refused["payload"].get("errors").unwrap_or(&refused["payload"]);
    assert_eq!(errors[0]["message"], "not for you", "{refused}");
}

#[tokio::test]
async fn pings_are_answered_at_any_time_and_pongs_taken() {
    let server = serve().await;
    let mut socket = Socket::open(&server).await;
    for ping in [json!({"type": "ping"}), json!({"type": "ping", "payload": {"a": 1}})] {
        socket.say(ping).await;
        assert_eq!(socket.message().await, json!({"type": "pong"}));
    }
    socket.say(json!({"type": "pong"})).await;
    socket.send(Message::Ping(b"x".to_vec().into())).await;
    socket.say(json!({"type": "connection_init", "payload": {"Authorization": format!("Bearer {TOKEN}")}})).await;
    assert_eq!(socket.message().await, json!({"type": "connection_ack"}));
}

#[tokio::test]
async fn the_server_pings_and_a_silent_client_is_left() {
    let server = serve_with(|config| config.keep_alive = Duration::from_millis(200)).await;
    let mut socket = Socket::signed_in(&server).await;
    for _ in 0..4 {
        assert_eq!(socket.message().await, json!({"type": "ping"}));
        socket.say(json!({"type": "pong"})).await;
    }
    let silent = Socket::signed_in(&server).await;
    let mut silent = silent;
    silent.subscribe("1", "subscription { silence }").await;
    streams(&server, 1).await;
    // It does not read, so its library does not answer either.
    streams(&server, 0).await;
}

#[tokio::test]
async fn the_token_of_the_upgrade_counts_where_the_init_has_none() {
    let server = serve().await;
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", authorization.as_str())];
    let mut socket = Socket::connect(&server, &headers).await.unwrap();
    socket.say(json!({"type": "connection_init"})).await;
    assert_eq!(socket.message().await, json!({"type": "connection_ack"}));
}

#[tokio::test]
async fn streams_end_with_their_socket() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    for n in 0..10 {
        socket.subscribe(&n.to_string(), "subscription { silence }").await;
    }
    streams(&server, 10).await;
    drop(socket);
    streams(&server, 0).await;
}

#[tokio::test]
async fn a_ping_can_renew_the_token() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.say(json!({"type": "ping", "payload": {"token": TOKEN}})).await;
    assert_eq!(socket.message().await, json!({"type": "pong"}));
    socket.say(json!({"type": "ping", "payload": {"token": "wrong"}})).await;
    assert_eq!(socket.close_code().await, 4403);
}

#[tokio::test]
async fn a_variable_and_an_operation_name_arrive() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    let query = "subscription A { silence } subscription B($to: Int!) { count(to: $to) }";
    let payload: Value = json!({"query": query, "operationName": "B", "variables": {"to": 1}, "extensions": null});
    socket.say(json!({"type": "subscribe", "id": "1", "payload": payload})).await;
    assert_eq!(socket.message().await["payload"], json!({"data": {"count": 1}}));
}
