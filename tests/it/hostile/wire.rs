//! Bytes as they are, to a server that may stop reading them.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::recovery::support::within;

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Sends all of these bytes, or as many as are taken, and reads until the server closes.
pub(super) async fn send(address: &str, bytes: &[u8]) -> Reply {
    let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    let mut answer = Vec::new();
    let write = async {
        let _ = writer.write_all(bytes).await;
    };
    let read = async {
        let _ = reader.read_to_end(&mut answer).await;
    };
    within(async { tokio::join!(write, read) }).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Reply { status, body: body.to_owned() }
}
