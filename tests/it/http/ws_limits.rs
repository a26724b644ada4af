//! Websockets that want too much, or break the frames.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::{Heard, Socket, serve, serve_with, within};

#[tokio::test]
async fn one_operation_more_than_allowed_is_refused_and_the_others_go_on() {
    let server = serve_with(|config| config.max_subscriptions_per_socket = 3).await;
    let mut socket = Socket::signed_in(&server).await;
    for id in ["1", "2", "3", "4"] {
        socket.subscribe(id, "subscription { silence }").await;
    }
    let refused = socket.message().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("4")));
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    socket.say(json!({"type": "complete", "id": "2"})).await;
    socket.subscribe("4", "subscription { count(to: 1) }").await;
    assert_eq!(socket.message().await["payload"], json!({"data": {"count": 1}}));
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_up_its_stream_and_is_left_after_a_while() {
    let server = serve_with(|config| config.write_timeout = Duration::from_millis(700)).await;
    let mut socket = Socket::signed_in(&server).await;
    socket.subscribe("1", "subscription { flood }").await;
    within(async {
        while server.traces.streams.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        while server.traces.streams.load(Ordering::SeqCst) != 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // What the kernel buffers of the two ends hold, and no more: an endless stream was pulled a bounded number of times.
    let pulled = server.traces.pulled.load(Ordering::SeqCst);
    assert!(pulled < 2_000, "{pulled} events of 16 KiB were pulled for nobody");
}

#[tokio::test]
async fn broken_frames_end_the_socket_and_nothing_else() {
    let server = serve().await;
    let masked_text = |payload: &[u8]| {
        let mut frame = vec![0x81, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    };
    for (broken, code) in [
        (vec![0xff; 64], Some(1002)),               // reserved bits and opcode
        (vec![0x81, 0x02, b'{', b'}'], Some(1002)), // not masked
        (vec![0x80, 0x80, 0, 0, 0, 0], Some(1002)), // continues nothing
        (masked_text(&[0xc3, 0x28]), Some(1007)),   // not UTF-8
        (vec![0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], Some(1009)), // 9 exabytes
        (vec![0x81, 0x8a, 0, 0, 0, 0, b'{'], None), // ends in the middle
    ] {
        let mut socket = Socket::signed_in(&server).await;
        let stream = socket.0.get_mut();
        stream.write_all(&broken).await.unwrap();
        match code {
            Some(code) => assert_eq!(socket.close_code().await, code, "{broken:x?}"),
            None => {
                stream.shutdown().await.unwrap();
                let mut rest = Vec::new();
                let _ = within(stream.read_to_end(&mut rest)).await;
            }
        }
    }
    let mut socket = Socket::signed_in(&server).await;
    socket.subscribe("1", "{ hello }").await;
    assert!(matches!(socket.hear().await, Heard::Message(_)), "the server goes on");
}
