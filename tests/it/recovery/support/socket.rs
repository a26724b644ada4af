//! A websocket, in a client of its own.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// What the server said, or that it is gone.
#[derive(Debug)]
pub(crate) enum Heard {
    Event { id: String, event: Value },
    Complete,
    Closed(u16),
    Gone,
}

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects and signs in; `None` where nobody is there any more.
    pub(crate) async fn connect(address: &str, token: &str) -> Option<Self> {
        let mut socket = Self::open(address).await?;
        socket.say(json!({ "type": "connection_init", "payload": { "token": token } })).await?;
        loop {
            match socket.0.next().await? {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(message["type"], "connection_ack", "{message}");
                    return Some(socket);
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Connects; `None` where nobody is there any more.
    async fn open(address: &str) -> Option<Self> {
        let url = format!("{}/graphql", address.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        let (stream, _) = connect_async(request).await.ok()?;
        Some(Self(stream))
    }

    /// The code with which whoever has this token is turned away.
    pub(crate) async fn refused(address: &str, token: &str) -> u16 {
        let mut socket = Self::open(address).await.expect("a server is there");
        socket.say(json!({ "type": "connection_init", "payload": { "token": token } })).await;
        match socket.hear().await {
            Heard::Closed(code) => code,
            other => panic!("{other:?}"),
        }
    }

    /// Shows a new token on the open socket.
    pub(crate) async fn renew(&mut self, token: &str) {
        self.say(json!({ "type": "ping", "payload": { "token": token } })).await.expect("the server is there");
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) -> Option<()> {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload })).await
    }

    async fn say(&mut self, message: Value) -> Option<()> {
        self.0.send(Message::text(message.to_string())).await.ok()
    }

    /// The next word.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let message: Value = match self.0.next().await {
                Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Gone,
                Some(Ok(_)) => continue,
            };
            match message["type"].as_str() {
                Some("next") => {
                    let payload = &message["payload"];
                    // Come again, it says: the database cannot be asked just now.
                    if payload["errors"][0]["extensions"]["code"] == "UNAVAILABLE" {
                        return Heard::Gone;
                    }
                    assert!(payload["errors"].is_null(), "{message}");
                    let event = payload["data"]["stream"].clone();
                    return Heard::Event { id: message["id"].as_str().unwrap().to_owned(), event };
                }
                Some("complete") => return Heard::Complete,
                Some("ping") => {
                    if self.say(json!({ "type": "pong" })).await.is_none() {
                        return Heard::Gone;
                    }
                }
                Some("pong") => {}
                _ => panic!("{message}"),
            }
        }
    }

    /// The payload of the next event, as it came.
    pub(crate) async fn payload(&mut self) -> Value {
        loop {
            match self.0.next().await.expect("the server is there").expect("the connection holds") {
                Message::Text(text) => {
                    let mut message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] == "next" {
                        return message["payload"].take();
                    }
                    assert_eq!(message["type"], "ping", "{message}");
                    self.say(json!({ "type": "pong" })).await.expect("the server is there");
                }
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }
}
