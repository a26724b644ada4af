//! Stands between a server and its database, and can be taken away.

use std::{path::PathBuf, sync::Arc};

use tokio::{
    net::{TcpListener, TcpStream, UnixStream},
    sync::Mutex,
    task::{JoinHandle, JoinSet},
};
use url::Url;

/// Where a database really is.
#[derive(Clone)]
enum Behind {
    Socket(PathBuf),
    Port(String),
}

/// A database that can be stopped: while it is, nobody listens and every connection is cut.
pub(crate) struct Proxy {
    behind: Behind,
    port: u16,
    url: String,
    at_work: Option<JoinHandle<()>>,
    connections: Arc<Mutex<JoinSet<()>>>,
}

impl Proxy {
    /// In front of the PostgreSQL database at this address.
    pub(crate) async fn before(database: &str) -> Self {
        let mut url = Url::parse(database).unwrap();
        let socket = url.query_pairs().find(|(key, _)| key == "host").map(|(_, folder)| folder.into_owned());
        let behind = match socket {
            Some(folder) => Behind::Socket(PathBuf::from(folder).join(".s.PGSQL.5432")),
            None => Behind::Port(format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432))),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        url.set_query(None);
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        let mut proxy = Self { behind, port, url: url.into(), at_work: None, connections: Arc::default() };
        proxy.run(listener);
        proxy
    }

    /// The address of the database, through here.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(at_work) = self.at_work.take() {
            at_work.abort();
            let _ = at_work.await;
        }
        self.connections.lock().await.shutdown().await;
    }

    pub(crate) async fn start(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.run(listener);
    }

    fn run(&mut self, listener: TcpListener) {
        let (behind, connections) = (self.behind.clone(), Arc::clone(&self.connections));
        self.at_work = Some(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                connections.lock().await.spawn(carry(client, behind.clone()));
            }
        }));
    }
}

async fn carry(mut client: TcpStream, behind: Behind) {
    // Whoever ends it, it is over.
    let _ = match behind {
        Behind::Socket(path) => match UnixStream::connect(path).await {
            Ok(mut server) => tokio::io::copy_bidirectional(&mut client, &mut server).await,
            Err(error) => Err(error),
        },
        Behind::Port(address) => match TcpStream::connect(address).await {
            Ok(mut server) => tokio::io::copy_bidirectional(&mut client, &mut server).await,
            Err(error) => Err(error),
        },
    };
}
