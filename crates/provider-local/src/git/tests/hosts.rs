//! Hosts that answer badly, or not at all.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// A host that gives every request this answer.
async fn host(answer: &'static str) -> (RepositoryUrl, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/a.git", listener.local_addr().unwrap().port());
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (RepositoryUrl::parse(&url, &OPEN).unwrap(), serving)
}

#[tokio::test]
async fn the_answer_of_a_host_decides_about_the_remedy() {
    let bench = Bench::new();
    for (answer, kind, remedy) in [
        (
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            GitErrorKind::AuthenticationFailed,
            "credentials file",
        ),
        (
            "HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            GitErrorKind::AuthenticationFailed,
            "credentials file",
        ),
        (
            "HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            GitErrorKind::RepositoryNotFound,
            "check the address",
        ),
        (
            "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            GitErrorKind::Unreachable,
            "try again later",
        ),
        ("", GitErrorKind::Unreachable, "try again later"),
    ] {
        let (url, serving) = host(answer).await;
        let error = bench.git.fetch(&bench.cache(), &url, "main").await.unwrap_err();
        serving.abort();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(remedy), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_transport_is_not_followed() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let location = format!(
        "HTTP/1.1 302 Go\r\nLocation: file://{}/info/refs\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        origin.path().display()
    );
    let (url, serving) = host(location.leak()).await;
    assert!(bench.git.fetch(&bench.cache(), &url, "main").await.is_err());
    serving.abort();
}

#[tokio::test]
async fn nobody_at_home_and_an_unknown_name_can_be_tried_again() {
    let bench = Bench::new();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = RepositoryUrl::parse(&format!("http://127.0.0.1:{port}/a.git"), &OPEN).unwrap();
    let error = bench.git.resolve(&url, "main").await.unwrap_err();
    assert!(error.kind == GitErrorKind::Unreachable && error.is_transient(), "{error}");
    let url = RepositoryUrl::parse("https://no-such-host.invalid/a.git", &OPEN).unwrap();
    let error = bench.git.resolve(&url, "main").await.unwrap_err();
    assert!(error.kind == GitErrorKind::HostNotFound && error.is_transient(), "{error}");
    let url = RepositoryUrl::parse(&format!("ssh://git@127.0.0.1:{port}/a.git"), &OPEN).unwrap();
    let error = bench.git.resolve(&url, "main").await.unwrap_err();
    assert_eq!(error.kind, GitErrorKind::Unreachable, "{error}");
}
