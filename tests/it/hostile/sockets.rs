//! The same over websockets.

use std::pin::Pin;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::corpus::doubling;
use crate::recovery::support::{World, within};

type Attack = for<'a> fn(&'a World) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

pub(super) fn attacks() -> [(&'static str, Attack); 4] {
    [
        ("websocket: a message of 1 MiB", |world| Box::pin(large_message(world))),
        ("websocket: fragments that double", |world| Box::pin(doubled(world))),
        ("websocket: 150 subscriptions", |world| Box::pin(many(world))),
        ("websocket: a payload 10,000 deep", |world| Box::pin(deep(world))),
    ]
}

/// A signed-in client of the protocol.
pub(super) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(world: &World) -> Self {
        let stream = TcpStream::connect(world.api().address.trim_start_matches("http://")).await.unwrap();
        Self::over(stream, world).await
    }

    pub(super) async fn over(stream: TcpStream, world: &World) -> Self {
        let api = world.api();
        let url = format!("{}/graphql", api.address.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        let (socket, _) = within(client_async(request, stream)).await.unwrap();
        let mut socket = Self(socket);
        socket.say(&json!({"type": "connection_init", "payload": {"token": api.token}}).to_string()).await;
        assert_eq!(socket.hear().await.unwrap()["type"], "connection_ack");
        socket
    }

    pub(super) async fn say(&mut self, text: &str) {
        // The server may have closed already.
        let _ = within(self.0.send(Message::text(text.to_owned()))).await;
    }

    /// The next message; the code of the close if there is none.
    pub(super) async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            match within(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(0),
                Some(Ok(_)) => {}
            }
        }
    }
}

async fn large_message(world: &World) {
    let mut socket = Socket::open(world).await;
    socket.say(&json!({"type": "ping", "payload": {"x": "x".repeat(1 << 20)}}).to_string()).await;
    // The connection may be cut before the reason is read.
    assert!(matches!(socket.hear().await, Err(1009 | 0)));
}

async fn doubled(world: &World) {
    let mut socket = Socket::open(world).await;
    let payload = json!({"query": doubling(2, 18, "id")});
    socket.say(&json!({"type": "subscribe", "id": "1", "payload": payload}).to_string()).await;
    let told = socket.hear().await.unwrap();
    assert_eq!(told["payload"][0]["extensions"]["code"], "QUERY_TOO_COSTLY", "{told}");
}

async fn many(world: &World) {
    const ASKED: usize = 150;
    const ALLOWED: usize = 50;
    let made = world
        .api()
        .ask("mutation { createProject(input: {slug: \"many\", displayName: \"Many\"}) { project { id } } }", json!({}))
        .await;
    let project = made["createProject"]["project"]["id"].as_str().unwrap().to_owned();
    let (mut sink, mut stream) = Socket::open(world).await.0.split();
    let query = format!("subscription {{ projectUpdates(projectId: \"{project}\") {{ __typename }} }}");
    let ask = async {
        for id in 0..ASKED {
            let message = json!({"type": "subscribe", "id": id.to_string(), "payload": {"query": query}});
            within(sink.send(Message::text(message.to_string()))).await.unwrap();
        }
    };
    let hear = async {
        let mut refused = 0;
        while refused < ASKED - ALLOWED {
            let Message::Text(text) = within(stream.next()).await.unwrap().unwrap() else { continue };
            let told: Value = serde_json::from_str(&text).unwrap();
            if told["type"] == "error" {
                assert_eq!(told["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{told}");
                refused += 1;
            }
        }
    };
    tokio::join!(ask, hear);
}

async fn deep(world: &World) {
    let mut socket = Socket::open(world).await;
    let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    socket.say(&format!(r#"{{"type":"subscribe","id":"1","payload":{deep}}}"#)).await;
    assert!(matches!(socket.hear().await, Err(4400)));
}
