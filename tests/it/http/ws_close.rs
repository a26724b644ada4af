//! Each way to be closed.

use std::{sync::Arc, time::Duration};

use alm::http::{AuthError, HttpConfig};
use alm_domain::Role;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::support::{Door, Heard, Request, Socket, TOKEN, serve, serve_as, serve_with, user};

#[tokio::test]
async fn without_the_right_subprotocol_4406() {
    let server = serve().await;
    let mut socket = Socket::connect(&server, &[]).await.unwrap();
    assert_eq!(socket.close_code().await, 4406);
    // A client that asked for another one may refuse the handshake by itself, so this one is done by hand.
    let upgrade = Request::new("GET", "/graphql")
        .with("connection", "upgrade")
        .with("upgrade", "websocket")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .with("sec-websocket-protocol", "graphql-ws");
    let reply = upgrade.send(&server).await;
    assert_eq!((reply.status, reply.header("sec-websocket-protocol")), (101, None));
    assert!(reply.body.contains("use graphql-transport-ws"), "{reply:?}");
}

#[tokio::test]
async fn what_is_not_of_the_protocol_4400() {
    let server = serve().await;
    for bad in [
        "",
        "rubbish",
        "[]",
        "{}",
        r#"{"type":"start"}"#,
        r#"{"type":"subscribe","id":""}"#,
        r#"{"type":"connection_ack"}"#,
    ] {
        let mut socket = Socket::open(&server).await;
        socket.send(Message::text(bad)).await;
        assert_eq!(socket.close_code().await, 4400, "{bad}");
    }
    let mut socket = Socket::open(&server).await;
    socket.send(Message::binary(b"{\"type\":\"ping\"}".to_vec())).await;
    assert_eq!(socket.close_code().await, 4400);
    let mut socket = Socket::signed_in(&server).await;
    socket.say(json!({"type": "subscribe", "id": "1", "payload": {"query": 7}})).await;
    assert_eq!(socket.close_code().await, 4400);
}

#[tokio::test]
async fn an_operation_before_the_acknowledgement_4401() {
    let server = serve().await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.close_code().await, 4401);
}

#[tokio::test]
async fn no_token_or_a_wrong_one_4403() {
    let server = serve().await;
    for payload in [
        json!(null),
        json!({}),
        json!({"token": "wrong"}),
        json!({"Authorization": TOKEN}),
        json!({"authorization": "Bearer wrong"}),
    ] {
        let mut socket = Socket::open(&server).await;
        socket.say(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.close_code().await, 4403, "{payload}");
    }
}

#[tokio::test]
async fn no_init_in_time_4408() {
    let server = serve_with(|config| config.init_timeout = Duration::from_millis(50)).await;
    let mut socket = Socket::open(&server).await;
    assert_eq!(socket.close_code().await, 4408);
}

#[tokio::test]
async fn two_operations_with_one_id_4409() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.subscribe("same", "subscription { silence }").await;
    socket.subscribe("same", "subscription { silence }").await;
    assert_eq!(socket.close_code().await, 4409);
}

#[tokio::test]
async fn two_inits_4429() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.say(json!({"type": "connection_init", "payload": {"token": TOKEN}})).await;
    assert_eq!(socket.close_code().await, 4429);
}

#[tokio::test]
async fn a_message_that_is_too_large_1009() {
    let server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.send(Message::text("x".repeat(70_000))).await;
    assert_eq!(socket.close_code().await, 1009);
}

#[tokio::test]
async fn a_right_that_is_taken_away_ends_an_open_socket() {
    assert!(HttpConfig::default().recheck < Duration::from_secs(5));
    let changes = [
        (Err(AuthError::Invalid), 4403),
        (Err(AuthError::Expired), 4403),
        (Ok(user(1, Role::Member)), 4403),
        (Ok(user(2, Role::Admin)), 4403),
        // Nothing is taken away here: whoever comes again finds out.
        (Err(AuthError::Unavailable), 1013),
    ];
    for (change, code) in changes {
        let door = Arc::new(Door::open_to(user(1, Role::Admin)));
        let server = serve_as(Arc::clone(&door), |c| c.recheck = Duration::from_millis(20)).await;
        let mut socket = Socket::signed_in(&server).await;
        socket.subscribe("1", "subscription { ticks }").await;
        assert_eq!(socket.message().await["type"], "next");
        door.stand_for(change);
        let closed = loop {
            match socket.hear().await {
                Heard::Message(message) => assert_eq!(message["type"], "next", "{message}"),
                end => break end,
            }
        };
        assert!(matches!(closed, Heard::Closed(closed, _) if closed == code), "{closed:?}");
    }
}
