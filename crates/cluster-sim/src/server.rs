//! An HTTP server on the loopback that can refuse connections and keep its port meanwhile.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::faults::{Fault, Faults};

/// What is sent back. An error in it closes the connection in the middle.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
/// Answers one request; `None` closes the connection without an answer.
pub(crate) type Handler = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Option<Response<Body>>> + Send + Sync>;

/// A port that is ours even while nothing listens on it.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    _kept: TcpSocket,
}

impl Port {
    pub(crate) fn take() -> io::Result<Self> {
        let kept = TcpSocket::new_v4()?;
        kept.set_reuseaddr(true)?;
        kept.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self { address: kept.local_addr()?, _kept: kept })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        socket.listen(1024)
    }
}

/// Serves until it is stopped. While connections are refused, nothing listens.
pub(crate) async fn serve(port: Port, first: TcpListener, handler: Handler, faults: Faults, stop: CancellationToken) {
    let mut listener = Some(first);
    let mut state = faults.listen();
    loop {
        let mut connections = JoinSet::new();
        let open = match listener.take() {
            Some(open) => open,
            None => match port.listen() {
                Ok(open) => open,
                Err(_) => {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    continue;
                }
            },
        };
        loop {
            let refused = state.wait_for(|state| state.fault == Fault::Refuse);
            tokio::select! {
                () = stop.cancelled() => return,
                _ = refused => break,
                Some(_) = connections.join_next() => {}
                accepted = open.accept() => {
                    if let Ok((stream, _)) = accepted {
                        let handler = handler.clone();
                        connections.spawn(async move {
                            let service = service_fn(move |request| {
                                let handler = handler.clone();
                                async move { handler(request).await.ok_or_else(|| io::Error::other("closed on purpose")) }
                            });
                            // A client that goes away is no news.
                            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                            Ok::<(), Infallible>(())
                        });
                    }
                }
            }
        }
        drop(open);
        connections.shutdown().await;
        tokio::select! {
            () = stop.cancelled() => return,
            _ = state.wait_for(|state| state.fault != Fault::Refuse) => {}
        }
    }
}

/// Takes a port and listens on it.
pub(crate) fn open() -> io::Result<(Port, TcpListener)> {
    let port = Port::take()?;
    let listener = port.listen()?;
    Ok((port, listener))
}
