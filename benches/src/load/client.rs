//! A reader on a websocket of its own, which speaks `graphql-transport-ws` and looks at as little as it can.

use std::{cell::RefCell, io, net::SocketAddr};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::frames::{Frame, Frames, masked};
use crate::server::TOKEN;

/// Where all readers of a thread read into.
pub(crate) type Scratch = RefCell<Vec<u8>>;

/// Large enough that whatever a socket holds is mostly read at once.
pub(crate) fn scratch() -> Scratch {
    RefCell::new(vec![0; 256 << 10])
}

/// A reader on a websocket of its own.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    frames: Frames,
}

impl Client {
    /// Opens a websocket and signs in. `receive` is how many bytes the kernel may keep for a reader that does not read.
    pub(crate) async fn connect(address: SocketAddr, receive: Option<u32>) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive {
            socket.set_recv_buffer_size(bytes)?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, frames: Frames::default() };
        client.shake_hands(address).await?;
        client.say(&json!({"type": "connection_init", "payload": {"token": TOKEN}})).await?;
        let (scratch, mut acknowledged) = (RefCell::new(vec![0; 4 << 10]), false);
        while !acknowledged {
            let each = |message: &[u8]| acknowledged |= memchr::memmem::find(message, b"connection_ack").is_some();
            if !client.next(&scratch, each).await? {
                return Err(io::Error::other("the server closed a socket before it had acknowledged it"));
            }
        }
        Ok(client)
    }

    async fn shake_hands(&mut self, address: SocketAddr) -> io::Result<()> {
        let request = format!(
            "GET /graphql HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        // Byte by byte, so that what comes behind the head is left for the frames.
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await?);
        }
        if head.starts_with(b"HTTP/1.1 101") {
            return Ok(());
        }
        Err(io::Error::other(format!("no websocket: {}", String::from_utf8_lossy(&head))))
    }

    /// Begins the one operation.
    pub(crate) async fn subscribe(&mut self, document: &str, variables: &Value) -> io::Result<()> {
        let payload = json!({"query": document, "variables": variables});
        self.say(&json!({"type": "subscribe", "id": "1", "payload": payload})).await
    }

    async fn say(&mut self, message: &Value) -> io::Result<()> {
        self.stream.write_all(&masked(0x81, message.to_string().as_bytes())).await
    }

    /// Waits until something has come, reads once, and gives every message that is whole. False when the server has closed the
    /// socket. Answers pings.
    pub(crate) async fn next(&mut self, scratch: &Scratch, mut each: impl FnMut(&[u8])) -> io::Result<bool> {
        let (mut answers, mut is_open) = (Vec::new(), true);
        loop {
            self.stream.readable().await?;
            let mut scratch = scratch.borrow_mut();
            match self.stream.try_read(&mut scratch) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    self.frames.take(&scratch[..read], |frame| match frame {
                        Frame::Text(message) if message == br#"{"type":"ping"}"# => {
                            answers.extend(masked(0x81, br#"{"type":"pong"}"#));
                        }
                        Frame::Text(message) => each(message),
                        Frame::Ping(payload) => answers.extend(masked(0x8a, payload)),
                        Frame::Close => is_open = false,
                        Frame::Other => {}
                    })?;
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if !answers.is_empty() {
            self.stream.write_all(&answers).await?;
        }
        Ok(is_open)
    }
}
