//! axum's websockets and tokio's broadcast channel, as a tutorial would join them; payloads are made once and shared.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
    routing::get,
};
use tokio::{net::TcpListener, sync::broadcast};

use super::{Keep, source};
use crate::{
    Result,
    pace::Commands,
    process::{Content, Ready, Setup},
};

/// Lines that a channel keeps for those who are behind.
const KEPT: usize = 1_024;

#[derive(Clone)]
struct Builds {
    places: Arc<HashMap<String, usize>>,
    channels: Arc<[broadcast::Sender<Utf8Bytes>]>,
    buffer: Option<usize>,
}

pub(super) async fn start(setup: Setup, commands: Commands, buffer: Option<usize>) -> Result<(Ready, Keep)> {
    let Content::Running(count) = setup.content else { return Err("this server has running builds only".into()) };
    let (builds, places) = source::ids(count);
    let channels: Arc<[_]> = (0..count).map(|_| broadcast::channel(KEPT).0).collect();
    let outlets = Arc::clone(&channels);
    source::write(count, &commands, move |build, line| {
        // Nobody may be listening.
        let _ = outlets[build].send(source::message(&line).into());
    });
    let state = Builds { places: Arc::new(places), channels, buffer };
    let router = Router::new().route("/graphql", get(upgrade)).with_state(state);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| _ = stream.set_nodelay(true)), router).await
    });
    Ok((Ready { address, builds }, Box::new(())))
}

async fn upgrade(State(builds): State<Builds>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = match builds.buffer {
        Some(size) => upgrade.read_buffer_size(size).write_buffer_size(size),
        None => upgrade,
    };
    upgrade.protocols(["graphql-transport-ws"]).on_upgrade(move |socket| async move {
        let _ = serve(builds, socket).await;
    })
}

async fn serve(builds: Builds, mut socket: WebSocket) -> Result<(), axum::Error> {
    let Some(Ok(_init)) = socket.recv().await else { return Ok(()) };
    socket.send(Message::text(r#"{"type":"connection_ack"}"#)).await?;
    let Some(Ok(Message::Text(subscribe))) = socket.recv().await else { return Ok(()) };
    let wanted = builds.places.iter().find(|(id, _)| subscribe.contains(id.as_str()));
    let Some((_, place)) = wanted else { return Ok(()) };
    let mut lines = builds.channels[*place].subscribe();
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Ok(line) => socket.send(Message::Text(line)).await?,
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            },
            message = socket.recv() => if message.is_none_or(|message| message.is_err()) {
                return Ok(());
            },
        }
    }
}
