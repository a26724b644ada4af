//! The transports as they are used: smart http and ssh.

use std::{collections::HashMap, fs, os::unix::fs::PermissionsExt, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::Command,
};

use super::*;

/// Serves repositories by git's own `http-backend`.
async fn serve(stream: TcpStream, root: PathBuf) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await?;
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let mut backend = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs([("REQUEST_METHOD", method), ("PATH_INFO", path), ("QUERY_STRING", query)])
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", header("content-length"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    backend.stdin.take().unwrap().write_all(&body).await?;
    let answer = backend.wait_with_output().await?.stdout;
    stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n").await?;
    stream.write_all(&answer).await?;
    stream.shutdown().await
}

#[tokio::test]
async fn a_repository_is_fetched_over_http() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let first = origin.git(["rev-parse", "HEAD"]);
    let tip = origin.commit("a.txt", "two\n", "Second");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/.git", listener.local_addr().unwrap().port());
    let root = origin.path();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, root.clone()));
        }
    });
    let url = RepositoryUrl::parse(&url, &OPEN).unwrap();
    for (reference, sha) in [("main", &tip), (&first, &first), (&first[..9], &first)] {
        let fetched = bench.git.fetch(&bench.cache(), &url, reference).await.unwrap();
        assert_eq!(&fetched.sha, sha);
    }
    let fetched = bench.git.fetch(&bench.cache(), &url, "main").await.unwrap();
    assert_eq!(read(&bench.checkout(&fetched, "tree").await, "a.txt"), "two\n");
    let error = bench.git.fetch(&bench.cache(), &url, "no-such").await.unwrap_err();
    assert!(error.message.contains("it has main"), "{error}");
    serving.abort();
}

#[tokio::test]
async fn a_repository_is_fetched_over_ssh_that_asks_nothing_and_knows_only_our_keys() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let ssh = bench.path("ssh");
    let told = bench.path("told");
    // In place of ssh: notes what it was told, and runs the command here.
    let script =
        format!("#!/bin/sh\nfor last; do echo \"$last\" >> '{}'; done\nexec sh -c \"$last\"\n", told.display());
    fs::write(&ssh, script).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    let mut settings = bench.git.settings().clone();
    settings.search_path = format!("{}:/usr/local/bin:/usr/bin:/bin", bench.dir.path().display()).into();
    settings.ssh.identity_file = Some(bench.path("a key's 100%"));
    let git = Git::new(settings).unwrap();
    let url = RepositoryUrl::parse(&format!("git@example.org:{}", origin.path().display()), &OPEN).unwrap();
    let fetched = git.fetch(&bench.cache(), &url, "main").await.unwrap();
    assert_eq!(fetched.sha, origin.git(["rev-parse", "HEAD"]));
    let told = fs::read_to_string(told).unwrap();
    let key = format!("IdentityFile=\"{}\"", bench.path("a key's 100%%").display());
    for expected in ["BatchMode=yes", "StrictHostKeyChecking=accept-new", "IdentityAgent=none", "git@example.org", &key]
    {
        assert!(told.lines().any(|line| line == expected), "{expected} is not in {told}");
    }
}
