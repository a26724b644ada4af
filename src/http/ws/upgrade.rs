//! From an HTTP request to a websocket.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Request, header::SEC_WEBSOCKET_PROTOCOL, request},
    response::{IntoResponse, Response},
};
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{credentials::Credentials, outbox::Outbox, session::Session, wire::Wire};
use crate::{
    graphql::Live,
    http::{
        Code, HttpState, Refusal, auth::bearer, connection_io::ConnectionIo, metrics::Present, origin::client,
        serve::Seat,
    },
};

const PROTOCOL: &str = "graphql-transport-ws";

/// Small, because most sockets are idle most of the time and there are many of them; a larger message takes more reads.
const BUFFER: usize = 1 << 10;

/// Takes the connection over. Host and Origin have been checked before; a token in the header is checked here, so that a
/// wrong one costs no socket.
pub(in crate::http) async fn upgrade<E: Live>(state: Arc<HttpState<E>>, mut parts: request::Parts) -> Response {
    let token = match bearer(&parts.headers) {
        Ok(token) => token.map(str::to_owned),
        Err(error) => return Refusal::from(error).into_response(),
    };
    if token.is_some()
        && let Err(error) = state.auth.authenticate(token.as_deref()).await
    {
        return Refusal::from(error).into_response();
    }
    let seat = parts.extensions.remove::<Seat>();
    let address = client(&parts, &state.config.trusted_proxies);
    let Some(upgrade) = parts.extensions.remove::<OnUpgrade>() else {
        return refused("the connection cannot be taken over");
    };
    let speaks_protocol = offers_protocol(&parts.headers);
    let mut response = match create_response_with_body(&Request::from_parts(parts, ()), Body::empty) {
        Ok(response) => response,
        Err(error) => return refused(&error.to_string()),
    };
    if speaks_protocol {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    let credentials = Credentials::new(Arc::clone(&state.auth), token.map(Into::into));
    tokio::spawn(async move {
        let _present = Present::websocket();
        match socket(upgrade, state.config.max_message).await {
            Some(socket) => Session::new(state, socket, credentials, address).run(speaks_protocol).await,
            None => tracing::debug!("a connection ended before it became a websocket"),
        }
        drop(seat);
    });
    response
}

fn offers_protocol(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|offer| offer.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).any(|offer| offer.trim() == PROTOCOL)
}

/// The websocket over the connection, once the response is out. `None` when the connection is gone.
async fn socket(upgrade: OnUpgrade, max_message: usize) -> Option<WebSocketStream<Wire>> {
    let Parts { io, read_buf, .. } = upgrade.await.ok()?.downcast::<TokioIo<ConnectionIo>>().ok()?;
    let outbox = Outbox::new(io.into_inner().into_inner());
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        // The outbox is the buffer.
        .write_buffer_size(0)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message));
    let wire = Wire(Arc::new(outbox));
    Some(WebSocketStream::from_partially_read(wire, read_buf.to_vec(), Role::Server, Some(config)).await)
}

fn refused(why: &str) -> Response {
    tracing::debug!(why, "not a websocket handshake");
    Refusal::new(Code::BadRequest, "this is not a handshake of a websocket (RFC 6455) over HTTP/1.1").into_response()
}
