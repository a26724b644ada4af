//! One websocket that speaks graphql-transport-ws.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use super::{ClientError, Endpoint, error::GraphqlError};

const HANDSHAKE: Duration = Duration::from_secs(15);
/// The server breaks every silence after 15 s; whoever is silent for much longer is gone.
const SILENCE: Duration = Duration::from_secs(40);
const LARGEST_MESSAGE: usize = 64 << 20;

/// An open connection, acknowledged by the server.
#[derive(Debug)]
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum SocketError {
    /// Worth another try.
    Lost(String),
    /// Trying again would change nothing.
    Final(ClientError),
}

/// What the server says about an operation.
#[derive(Debug)]
pub(super) enum Incoming {
    /// An event.
    Next { id: String, data: Value },
    /// The operation has ended.
    Complete { id: String },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ServerMessage {
    ConnectionAck,
    Ping,
    Pong,
    Next { id: String, payload: Execution },
    Error { payload: Vec<GraphqlError> },
    Complete { id: String },
}

#[derive(Deserialize)]
struct Execution {
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

impl Socket {
    /// Connects and signs in.
    pub(super) async fn connect(endpoint: &Endpoint) -> Result<Self, SocketError> {
        let lost = |reason: String| SocketError::Lost(reason);
        match timeout(HANDSHAKE, Self::open(endpoint)).await {
            Ok(result) => result,
            Err(_) => Err(lost(format!("no answer within {} s", HANDSHAKE.as_secs()))),
        }
    }

    async fn open(endpoint: &Endpoint) -> Result<Self, SocketError> {
        let mut request = endpoint.socket().into_client_request().map_err(SocketError::from)?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("graphql-transport-ws"));
        let config =
            WebSocketConfig::default().max_message_size(Some(LARGEST_MESSAGE)).max_frame_size(Some(LARGEST_MESSAGE));
        let (stream, _) = connect_async_with_config(request, Some(config), false).await?;
        let mut socket = Self(stream);
        let token = endpoint.token.expose_secret();
        socket.send(&json!({ "type": "connection_init", "payload": { "token": token } })).await?;
        loop {
            match socket.message().await? {
                ServerMessage::ConnectionAck => return Ok(socket),
                ServerMessage::Ping => socket.send(&json!({ "type": "pong" })).await?,
                ServerMessage::Pong => {}
                ServerMessage::Next { .. } | ServerMessage::Error { .. } | ServerMessage::Complete { .. } => {
                    return Err(foreign("an event before the connection was acknowledged"));
                }
            }
        }
    }

    /// Starts an operation under an id that is not in use on this connection.
    pub(super) async fn subscribe(&mut self, id: &str, document: &str, variables: Value) -> Result<(), SocketError> {
        let payload = json!({ "query": document, "variables": variables });
        self.send(&json!({ "type": "subscribe", "id": id, "payload": payload })).await
    }

    /// The next word about an operation. May be dropped and called again: nothing is lost.
    pub(super) async fn next(&mut self) -> Result<Incoming, SocketError> {
        loop {
            match self.message().await? {
                ServerMessage::Next { payload: Execution { errors, .. }, .. } if !errors.is_empty() => {
                    return Err(SocketError::Final(errors.into()));
                }
                ServerMessage::Next { id, payload: Execution { data: Some(data), .. } } => {
                    return Ok(Incoming::Next { id, data });
                }
                ServerMessage::Next { .. } => return Err(foreign("an event without data")),
                ServerMessage::Error { payload } => return Err(SocketError::Final(payload.into())),
                ServerMessage::Complete { id } => return Ok(Incoming::Complete { id }),
                ServerMessage::Ping => self.send(&json!({ "type": "pong" })).await?,
                ServerMessage::Pong | ServerMessage::ConnectionAck => {}
            }
        }
    }

    async fn send(&mut self, message: &Value) -> Result<(), SocketError> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    async fn message(&mut self) -> Result<ServerMessage, SocketError> {
        loop {
            let received = timeout(SILENCE, self.0.next())
                .await
                .map_err(|_| SocketError::Lost(format!("nothing was heard for {} s", SILENCE.as_secs())))?;
            match received {
                None => return Err(SocketError::Lost("the connection was closed".to_owned())),
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).map_err(|error| foreign(&error.to_string()));
                }
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string()));
                    return Err(closed(code, &reason));
                }
                Some(Ok(Message::Binary(_))) => return Err(foreign("a binary message")),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }
}

fn foreign(what: &str) -> SocketError {
    SocketError::Final(ClientError::Foreign(what.to_owned()))
}

fn closed(code: u16, reason: &str) -> SocketError {
    let said = format!("{code} {}", alm_domain::shorten(reason)).trim_end().to_owned();
    match code {
        4401 | 4403 => SocketError::Final(ClientError::Refused(said)),
        // 4408: it took us too long to sign in, on a busy machine; everything else of this range is our own mistake.
        4400..=4499 if code != 4408 => SocketError::Final(ClientError::Foreign(format!("closed with {said}"))),
        _ => SocketError::Lost(format!("closed with {said}")),
    }
}

impl From<tungstenite::Error> for SocketError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Http(response) => match response.status().as_u16() {
                401 => Self::Final(ClientError::Refused("status 401".to_owned())),
                429 | 500.. => Self::Lost(format!("status {}", response.status())),
                status => Self::Final(ClientError::Foreign(format!("status {status} instead of a websocket"))),
            },
            error @ (tungstenite::Error::Url(_)
            | tungstenite::Error::HttpFormat(_)
            | tungstenite::Error::Capacity(_)
            | tungstenite::Error::Utf8(_)) => foreign(&error.to_string()),
            error => Self::Lost(super::http::chain(&error)),
        }
    }
}
