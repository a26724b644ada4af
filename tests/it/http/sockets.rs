//! Connections: slow ones, many of them, and the end of the server.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::support::{Heard, Request, Socket, serve, serve_with, within};

#[tokio::test]
async fn a_connection_that_does_not_say_what_it_wants_is_closed() {
    let server = serve_with(|config| config.header_timeout = Duration::from_millis(100)).await;
    for beginning in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: "] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = within(stream.read_to_end(&mut answer)).await;
    }
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served_and_the_next_waits_for_its_turn() {
    let server = serve_with(|config| config.max_connections = 2).await;
    let first = Socket::signed_in(&server).await;
    let _second = Socket::signed_in(&server).await;
    let get = Request::get("/healthz");
    let third = get.send(&server);
    tokio::pin!(third);
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut third).await.is_err(), "there is no seat for it yet");
    drop(first);
    assert_eq!(within(third).await.status, 200);
}

#[tokio::test]
async fn at_the_end_websockets_are_closed_and_requests_finished() {
    let mut server = serve().await;
    let mut socket = Socket::signed_in(&server).await;
    socket.subscribe("1", "subscription { ticks }").await;
    assert_eq!(socket.message().await["type"], "next");
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    server.shutdown.cancel();
    loop {
        match socket.hear().await {
            Heard::Message(_) => {}
            end => break assert!(matches!(end, Heard::Closed(1001, _)), "{end:?}"),
        }
    }
    within(&mut server.served).await.unwrap().unwrap();
    let mut rest = Vec::new();
    let _ = within(idle.read_to_end(&mut rest)).await;
    assert!(TcpStream::connect(server.address).await.is_err());
    assert_eq!(server.traces.streams.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_does_not_end_is_cut_after_the_time_for_draining() {
    let mut server = serve_with(|config| {
        config.drain_timeout = Duration::from_millis(100);
        config.request_timeout = Duration::from_secs(3600);
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&Request::post(&json!({"query": "{ slow }"})).bytes()).await.unwrap();
    // Whoever was accepted later has been accepted after it.
    assert_eq!(Request::get("/healthz").send(&server).await.status, 200);
    server.shutdown.cancel();
    within(&mut server.served).await.unwrap().unwrap();
}
