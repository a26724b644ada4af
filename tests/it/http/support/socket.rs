//! A websocket whose every frame the test decides.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use super::{Running, TOKEN};

/// Fails a test that would hang; far above what anything takes.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("this takes too long")
}

/// What the server has said.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Message(Value),
    Closed(u16, String),
    Gone,
}

/// A client of the protocol, or a breaker of it.
pub(crate) struct Socket(pub(crate) WebSocketStream<TcpStream>);

impl Socket {
    /// Connects with these headers; the error is the status of the refusal.
    pub(crate) async fn connect(server: &Running, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{}/graphql", server.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(server.address).await.unwrap();
        match within(client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects with the subprotocol, and says nothing yet.
    pub(crate) async fn open(server: &Running) -> Self {
        Self::connect(server, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// Connects and signs in.
    pub(crate) async fn signed_in(server: &Running) -> Self {
        let mut socket = Self::open(server).await;
        socket.say(json!({"type": "connection_init", "payload": {"token": TOKEN}})).await;
        assert_eq!(socket.hear().await, Heard::Message(json!({"type": "connection_ack"})));
        socket
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        within(self.0.send(message)).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({"type": "subscribe", "id": id, "payload": {"query": query}})).await;
    }

    /// The next message of the protocol, or the end.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            match within(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Heard::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Heard::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Gone,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next message, which must be one.
    pub(crate) async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// The code with which the socket is closed, now.
    pub(crate) async fn close_code(&mut self) -> u16 {
        match self.hear().await {
            Heard::Closed(code, _) => code,
            other => panic!("{other:?}"),
        }
    }
}
