//! The server's sockets.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::{ServiceExt, util::MapRequest};

use super::{HttpConfig, connection_io::ConnectionIo, metrics::Present, origin::Peer};

/// Of each connection; a request's head must fit.
const LARGEST_BUFFER: usize = 64 << 10;

/// One of the connections that are allowed at a time. Whoever takes a connection over (a websocket) keeps it, so that the
/// cap and the drain count it until it has ended.
#[derive(Clone)]
pub(super) struct Seat(#[expect(dead_code, reason = "held, never read")] Arc<(OwnedSemaphorePermit, Present)>);

/// Serves until `shutdown` is cancelled; then takes no more connections, lets open requests and websockets end within the
/// drain timeout, and cuts what is left. Only HTTP/1.1 is spoken: browsers use no other without TLS.
///
/// # Errors
/// Never for a single connection. If the listener itself cannot go on.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: Arc<HttpConfig>,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let capacity = u32::try_from(config.max_connections).unwrap_or(u32::MAX).clamp(1, 1 << 20);
    let seats = Arc::new(Semaphore::new(capacity as usize));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &seats) => accepted,
            () = shutdown.cancelled() => break,
        };
        while connections.try_join_next().is_some() {}
        let (stream, peer, seat) = accepted?;
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(seat.clone());
            request.extensions_mut().insert(Peer(peer));
            request.map(Body::new)
        });
        connections.spawn(connection(stream, service, Arc::clone(&config), shutdown.clone()));
    }
    drop(listener);
    // Websockets have left their connection behind and hold only their seat, so it is the seats that are waited for.
    let drained = seats.acquire_many(capacity);
    if tokio::time::timeout(config.drain_timeout, drained).await.is_err() {
        tracing::warn!(left = capacity as usize - seats.available_permits(), "cut the connections that did not end");
    }
    connections.shutdown().await;
    Ok(())
}

async fn accept(listener: &TcpListener, seats: &Arc<Semaphore>) -> io::Result<(TcpStream, SocketAddr, Seat)> {
    let permit = Arc::clone(seats).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Ok((stream, peer, Seat(Arc::new((permit, Present::connection()))))),
            Err(e) if is_of_one_connection(&e) => {}
            Err(error) => {
                // Usually out of file descriptors: those who leave make room.
                tracing::error!(error = &error as &dyn std::error::Error, "cannot accept connections, trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn connection<F>(
    stream: TcpStream,
    service: MapRequest<Router, F>,
    config: Arc<HttpConfig>,
    shutdown: CancellationToken,
) where
    F: FnMut(Request<Incoming>) -> Request<Body> + Clone + Send + 'static,
{
    // Small messages are written whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it began");
        return;
    }
    let io = ConnectionIo::new(stream, config.write_timeout);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout)
        .max_buf_size(LARGEST_BUFFER)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(service))
        .with_upgrades();
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = shutdown.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
