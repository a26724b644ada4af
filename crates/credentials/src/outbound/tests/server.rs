//! A server that counts who connects to it, and says the same to everybody.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// Who has signed the certificate of the server.
pub(super) const AUTHORITY: &str = include_str!("authority.pem");
pub(super) const KEY: &str = include_str!("server.key");
const CERTIFICATE: &str = include_str!("server.pem");

#[derive(Clone, Copy)]
pub(super) enum Scheme {
    Http,
    Https,
}

/// Listens on all addresses of this machine, IPv6 too where there is IPv6; stops when it is dropped.
pub(super) struct Counting {
    pub(super) port: u16,
    count: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Counting {
    pub(super) async fn start(scheme: Scheme, head: &str, body: &str) -> Self {
        let length = body.len();
        let reply: Arc<str> =
            format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").into();
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::<AtomicUsize>::default();
        let mut tasks = JoinSet::new();
        // Where the kernel maps IPv4 into IPv6 the port is taken already; then ::1 is served alone.
        for listener in [Some(listener), TcpListener::bind(("::1", port)).await.ok()].into_iter().flatten() {
            let (count, reply) = (Arc::clone(&count), Arc::clone(&reply));
            tasks.spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    count.fetch_add(1, Ordering::SeqCst);
                    let reply = Arc::clone(&reply);
                    tokio::spawn(async move {
                        match scheme {
                            Scheme::Http => answer(stream, &reply).await,
                            Scheme::Https => {
                                if let Ok(stream) = acceptor().accept(stream).await {
                                    answer(stream, &reply).await;
                                }
                            }
                        }
                    });
                }
            });
        }
        Self { port, count, _tasks: tasks }
    }

    /// How many have connected so far.
    pub(super) fn connections(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, reply: &str) {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(n) => head.extend_from_slice(&buffer[..n]),
        }
    }
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn acceptor() -> TlsAcceptor {
    super::super::install_cryptography();
    let certificates = CertificateDer::pem_slice_iter(CERTIFICATE.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}
