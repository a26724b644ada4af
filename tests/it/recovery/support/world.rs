//! A data directory, and the servers that come and go on it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::watch;

use super::{Api, Server, Watcher, eventually, processes::end_all_in, repository};

/// Everything of one test; when it is dropped nothing of it runs any more.
pub(crate) struct World {
    folder: TempDir,
    variables: Vec<(String, String)>,
    server: Option<Server>,
    address: watch::Sender<Option<String>>,
}

impl World {
    /// A data directory without a server.
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::with_prefix("alm-recovery-").unwrap(),
            variables: Vec::new(),
            server: None,
            address: watch::Sender::new(None),
        }
    }

    /// One with a server.
    pub(crate) async fn serving() -> Self {
        let mut world = Self::new();
        world.start().await;
        world
    }

    /// Servers get this variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn token(&self) -> String {
        fs::read_to_string(self.data().join("token")).unwrap().trim().to_owned()
    }

    /// Begins to start a server, and does not wait for it.
    pub(crate) fn spawn(&mut self) {
        assert!(self.server.is_none(), "there is one");
        self.server = Some(Server::spawn(&self.data(), &self.variables));
    }

    /// Starts a server, and waits until it answers.
    pub(crate) async fn start(&mut self) {
        self.spawn();
        self.answers().await;
    }

    /// Waits until the server that was begun answers.
    pub(crate) async fn answers(&mut self) {
        let address = self.server.as_mut().expect("a server was begun").address().await;
        let Some(address) = address else { panic!("the server did not start:\n{}", self.server_log()) };
        self.address.send_replace(Some(address));
    }

    /// Waits until the server that was begun answers, and then for so long.
    pub(crate) async fn serves_for(&mut self, then: Duration) {
        if self.address.borrow().is_none() {
            self.answers().await;
        }
        tokio::time::sleep(then).await;
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("a server is there")
    }

    /// `kill -9` of the server.
    pub(crate) async fn kill(&mut self) {
        self.address.send_replace(None);
        self.server.take().expect("a server is there").kill().await;
    }

    /// Hands the server out, to see how it ends.
    pub(crate) fn let_go(&mut self) -> Server {
        self.address.send_replace(None);
        self.server.take().expect("a server is there")
    }

    /// Kills the server and starts another.
    pub(crate) async fn restart(&mut self) {
        self.kill().await;
        self.start().await;
    }

    pub(crate) fn api(&self) -> Api {
        Api::new(self.address.borrow().clone().expect("a server is there"), self.token())
    }

    /// A build service for a repository with this pipeline: its id.
    pub(crate) async fn service(&self, slug: &str, pipeline: &str) -> String {
        let folder = self.folder().join(slug);
        repository(&folder, pipeline);
        self.api().service(slug, folder.to_str().unwrap()).await
    }

    /// Starts a build of a repository with this pipeline: its id.
    pub(crate) async fn build(&self, pipeline: &str) -> String {
        let service = self.service("web", pipeline).await;
        self.api().start(&service, "the one").await
    }

    /// Follows a build, whatever happens to the servers.
    pub(crate) fn follow(&self, build: &str) -> Watcher {
        self.follow_as(&self.token(), build)
    }

    /// The same, as whoever has this token.
    pub(crate) fn follow_as(&self, token: &str, build: &str) -> Watcher {
        Watcher::follow(self.address.subscribe(), token.to_owned(), build.to_owned())
    }

    /// A file outside of everything, for builds to write to and tests to read.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The text of a file outside; empty while there is none.
    pub(crate) fn told(&self, name: &str) -> String {
        fs::read_to_string(self.outside(name)).unwrap_or_default()
    }

    /// Waits until a build has written this to a file outside.
    pub(crate) async fn hears(&self, name: &str, text: &str) {
        eventually(&format!("{name} has {text:?}"), async || self.told(name).contains(text).then_some(())).await;
    }

    pub(crate) fn server_log(&self) -> String {
        fs::read_to_string(self.folder().join("server.log")).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.server.take());
        if std::thread::panicking() {
            let log = self.server_log();
            let start = log.len().saturating_sub(4_000);
            println!("the servers said:\n{}", log.get(start..).unwrap_or_default());
        }
        end_all_in(self.folder.path());
    }
}
