//! A live stream over a real websocket.

use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::{PATIENCE, server::TOKEN, within};

/// The events of one subscription, on a socket of its own. Dropping it cuts the connection without a word, as a lost network does.
pub(crate) struct Events {
    socket: WebSocketStream<TcpStream>,
    /// `cursor` of the event that came last.
    pub(crate) cursor: Option<String>,
    seen: Vec<Value>,
}

impl Events {
    pub(super) async fn subscribe(server: SocketAddr, query: &str, variables: Value) -> Result<Self, String> {
        let mut request = format!("ws://{server}/graphql").into_client_request().unwrap();
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let stream = TcpStream::connect(server).await.map_err(|e| e.to_string())?;
        let (socket, _) = within(client_async(request, stream)).await.map_err(|e| e.to_string())?;
        let cursor = variables["after"].as_str().map(str::to_owned);
        let mut events = Self { socket, cursor, seen: Vec::new() };
        events.say(json!({"type": "connection_init", "payload": {"token": TOKEN}})).await?;
        let ack = events.hear().await.ok_or("closed before the acknowledgement")?;
        assert_eq!(ack["type"], "connection_ack", "{ack}");
        let payload = json!({"query": query, "variables": variables});
        events.say(json!({"type": "subscribe", "id": "1", "payload": payload})).await?;
        Ok(events)
    }

    async fn say(&mut self, message: Value) -> Result<(), String> {
        within(self.socket.send(Message::text(message.to_string()))).await.map_err(|e| e.to_string())
    }

    async fn hear(&mut self) -> Option<Value> {
        loop {
            match within(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] == "ping" {
                        let _ = self.say(json!({"type": "pong"})).await;
                        continue;
                    }
                    return Some(message);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next event; the errors if that is what comes; `None` at the end of the stream, or of the connection.
    pub(crate) async fn told(&mut self) -> Option<Result<Value, Value>> {
        let message = self.hear().await?;
        match message["type"].as_str().unwrap() {
            "next" => {
                let payload = &message["payload"];
                if payload["errors"].is_array() {
                    return Some(Err(payload["errors"].clone()));
                }
                let event = payload["data"].as_object().unwrap().values().next().unwrap().clone();
                if let Some(cursor) = event["cursor"].as_str() {
                    self.cursor = Some(cursor.to_owned());
                }
                self.seen.push(event.clone());
                Some(Ok(event))
            }
            "error" => Some(Err(message["payload"].clone())),
            "complete" => None,
            other => panic!("{other}: {message}"),
        }
    }

    /// The next event, which must be one.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        self.told().await.map(|told| told.unwrap_or_else(|errors| panic!("{errors}")))
    }

    /// The first of the errors, which must come now.
    pub(crate) async fn refusal(&mut self) -> Value {
        match self.told().await {
            Some(Err(errors)) => errors[0].clone(),
            other => panic!("this should have been refused: {other:?}"),
        }
    }

    /// Reads on until an event is as wanted, and gives it. A stream that lives on and never tells it fails the test.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let wanted = async {
            loop {
                match self.next().await {
                    Some(event) if wanted(&event) => return event,
                    Some(_) => {}
                    None => panic!("the stream ended before: {:?}", self.seen.last()),
                }
            }
        };
        match tokio::time::timeout(3 * PATIENCE, wanted).await {
            Ok(event) => event,
            Err(_) => panic!("it was never told; what was: {:#?}", self.seen),
        }
    }

    /// Reads on to the end, and gives all events that came, the earlier ones too.
    pub(crate) async fn all(mut self) -> Vec<Value> {
        while self.next().await.is_some() {}
        self.seen
    }
}
