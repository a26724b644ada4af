//! Clients that ask, and do not read what they get.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::support::{Request, serve_with, within};

/// More than the buffers of both ends take.
const LONG: usize = 32 << 20;

fn long() -> Vec<u8> {
    Request::post(&json!({"query": format!("{{ long(bytes: {LONG}) }}")})).bytes()
}

#[tokio::test]
async fn a_connection_whose_reply_is_not_read_is_cut_and_its_seat_is_free_again() {
    let server = serve_with(|config| {
        config.write_timeout = Duration::from_millis(300);
        config.max_connections = 1;
    })
    .await;
    let mut unread = TcpStream::connect(server.address).await.unwrap();
    unread.write_all(&long()).await.unwrap();
    assert_eq!(within(Request::get("/healthz").send(&server)).await.status, 200);
    let mut rest = Vec::new();
    let broken = within(unread.read_to_end(&mut rest)).await.is_err();
    assert!(broken && rest.len() < LONG, "{} bytes came", rest.len());
}

#[tokio::test]
async fn a_reader_who_rests_for_less_than_that_gets_everything() {
    let server = serve_with(|config| config.write_timeout = Duration::from_secs(60)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&long()).await.unwrap();
    // The reply has begun, and fills the buffers while nobody reads.
    let mut first = [0];
    within(stream.read_exact(&mut first)).await.unwrap();
    assert_eq!(Request::get("/healthz").send(&server).await.status, 200);
    let mut rest = Vec::new();
    within(stream.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.ends_with(b"x\"}}") && rest.len() > LONG);
}
