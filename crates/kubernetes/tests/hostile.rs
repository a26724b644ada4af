//! A server that does not mean well, or is none of the kind.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use alm_build_spi::{Access, ProviderError};
use alm_kubernetes::{Cluster, Session, Way};
use kube::{api::ListParams, core::ApiResource};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

const TOKEN: &str = "sha256~canary-that-nobody-may-see";

#[derive(Debug)]
struct Loopback;

impl Way for Loopback {
    fn vet(&self, url: &Url) -> Result<(), String> {
        if url.host_str() == Some("127.0.0.1") { Ok(()) } else { Err("not from here".to_owned()) }
    }

    fn client(&self, _ca: Option<&str>) -> Result<reqwest::Client, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        client.build().map_err(|error| error.to_string())
    }

    fn explain(&self, host: &str, _error: &reqwest::Error) -> String {
        format!("{host} cannot be reached")
    }
}

/// A server that answers every request with this; `TOKEN` in it stands for the token that was sent.
async fn server(answer: &'static str) -> Session {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut chunk = [0; 1024];
                let length = socket.read(&mut chunk).await.unwrap_or(0);
                if length == 0 {
                    return;
                }
                request.extend_from_slice(&chunk[..length]);
            }
            assert!(String::from_utf8_lossy(&request).contains(TOKEN), "it is given the token");
            let (head, body) = answer.split_once("\n\n").unwrap();
            let body = body.replace("TOKEN", TOKEN);
            let head = head.replace('\n', "\r\n");
            let reply = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = socket.write_all(reply.as_bytes()).await;
        }
    });
    let cluster = Cluster::open(Arc::new(Loopback), url, None).unwrap();
    cluster.session(&Access { token: Some(TOKEN.into()) }).unwrap()
}

/// Everything that is logged, at the finest level.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn builds(session: &Session) -> Result<usize, ProviderError> {
    let kind = ApiResource {
        group: "build.openshift.io".to_owned(),
        version: "v1".to_owned(),
        api_version: "build.openshift.io/v1".to_owned(),
        kind: "Build".to_owned(),
        plural: "builds".to_owned(),
    };
    session.call(session.api("demo", &kind).list(&ListParams::default())).await.map(|list| list.items.len())
}

#[tokio::test]
async fn a_token_that_a_server_repeats_is_in_no_error_and_in_no_log() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    for answer in [
        "200 OK\n\nyou are TOKEN",
        "200 OK\n\n{\"kind\":\"BuildList\",\"metadata\":\"TOKEN\",\"items\":7}",
        "403 Forbidden\n\n{\"kind\":\"Status\",\"code\":403,\"message\":\"TOKEN may not\"}",
        "422 Unprocessable\n\n{\"kind\":\"Status\",\"code\":422,\"details\":{\"causes\":[{\"message\":\"TOKEN\",\"field\":\"a.TOKEN\"}]}}",
        "500 Internal Server Error\n\n<html>TOKEN</html>",
        "302 Found\nlocation: /?token=x\n\n",
    ] {
        let session = server(answer).await;
        let error = builds(&session).await.unwrap_err();
        assert!(!format!("{error} {error:?} {session:?}").contains("canary"), "{error:?}");
    }
    tracing::info!("the log is read");
    let text = String::from_utf8_lossy(&logged.0.lock().unwrap()).into_owned();
    assert!(text.contains("the log is read") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn nobody_is_followed_elsewhere() {
    let redirected = server("301 Moved\nlocation: http://127.0.0.1:1/\n\n").await;
    let error = builds(&redirected).await.unwrap_err();
    assert!(error.to_string().contains("redirect"), "{error}");
}

#[tokio::test]
async fn what_is_no_cluster_is_told_as_such() {
    let session = server("200 OK\n\n{}").await;
    assert!(matches!(builds(&session).await, Err(ProviderError::Internal { .. })));
}
