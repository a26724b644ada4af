//! From an HTTP request to a websocket.

use std::sync::Arc;

use async_graphql::Executor;
use axum::{
    RequestPartsExt,
    extract::{WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::request::Parts,
    response::{IntoResponse, Response},
};

use super::{credentials::Credentials, session::Session};
use crate::http::{Code, HttpState, Refusal, auth::bearer, metrics::Present, serve::Seat};

const PROTOCOL: &str = "graphql-transport-ws";

/// Small, because most sockets are idle most of the time and there are many of them.
const BUFFER: usize = 4 << 10;

/// Takes the connection over. Host and Origin have been checked before; a token in the header is checked here, so that a
/// wrong one costs no socket.
pub(in crate::http) async fn upgrade<E: Executor>(state: Arc<HttpState<E>>, mut parts: Parts) -> Response {
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
    let upgrade: WebSocketUpgrade = match parts.extract().await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return refused(&rejection),
    };
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(state.config.max_message)
        .max_frame_size(state.config.max_message);
    let speaks_protocol = upgrade.selected_protocol().is_some();
    let credentials = Credentials::new(Arc::clone(&state.auth), token.map(Into::into));
    upgrade.on_upgrade(move |socket| async move {
        let _present = Present::websocket();
        Session::new(state, socket, credentials).run(speaks_protocol).await;
        drop(seat);
    })
}

fn refused(rejection: &WebSocketUpgradeRejection) -> Response {
    tracing::debug!(%rejection, "not a websocket handshake");
    Refusal::new(Code::BadRequest, "this is not a handshake of a websocket (RFC 6455) over HTTP/1.1").into_response()
}
