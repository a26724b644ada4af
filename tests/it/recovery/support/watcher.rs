//! A client that follows one build across any number of servers, by its cursors alone.

use std::time::Duration;

use serde_json::json;
use tokio::{sync::watch, task::JoinHandle};

use super::{Heard, LogOracle, Socket, StateOracle};

const LOG: &str = "subscription($id: ID!, $after: String) { stream: buildLog(buildId: $id, after: $after) { __typename ... on \
                   StreamEvent { cursor } ... on LogBatch { lines { seq stream text } } ... on LogGap { cause } ... on \
                   StreamEnded { reason } } }";
const STATE: &str = "fragment S on Stage { key revision status } subscription($id: ID!, $after: String) { stream: \
                     buildUpdates(buildId: $id, after: $after) { __typename ... on StreamEvent { cursor } ... on BuildSnapshot \
                     { reset build { revision status stages { ...S } } } ... on BuildChanged { build { revision status } } ... \
                     on StagesChanged { build { revision status } stages { ...S } } ... on StreamEnded { reason } } }";

/// What was seen up to now.
#[derive(Default, Debug)]
pub(crate) struct Watched {
    pub(crate) log: LogOracle,
    pub(crate) state: StateOracle,
    /// How often a connection was made.
    pub(crate) connections: u32,
    /// Why the streams ended, if they did.
    pub(crate) reasons: Vec<String>,
    /// With which code the last connection was closed.
    pub(crate) closed: Option<u16>,
    log_after: Option<String>,
    state_after: Option<String>,
    log_ended: bool,
    state_ended: bool,
}

/// A follower at work.
pub(crate) struct Watcher(JoinHandle<Watched>);

impl Watcher {
    /// Follows a build until both of its streams are complete. `address` is where the server is now; `None` while there is none.
    pub(crate) fn follow(address: watch::Receiver<Option<String>>, token: String, build: String) -> Self {
        Self(tokio::spawn(async move {
            let mut watched = Watched::default();
            while !(watched.log_ended && watched.state_ended) {
                let now = address.borrow().clone();
                if let Some(now) = now {
                    watched.one_connection(&now, &token, &build).await;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            watched
        }))
    }

    /// All that was seen, once everything was told.
    pub(crate) async fn complete(self) -> Watched {
        let joined = tokio::time::timeout(Duration::from_secs(300), self.0).await;
        match joined.expect("the streams never end") {
            Ok(watched) => watched,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl Watched {
    /// Listens until the connection is gone or everything was told.
    pub(crate) async fn one_connection(&mut self, address: &str, token: &str, build: &str) {
        if let Some(mut socket) = self.connect(address, token, build).await {
            while self.hear(&mut socket).await {}
        }
    }

    /// Connects, and subscribes to what has not ended.
    pub(crate) async fn connect(&mut self, address: &str, token: &str, build: &str) -> Option<Socket> {
        let mut socket = Socket::connect(address, token).await?;
        self.connections += 1;
        for (id, query, after, ended) in
            [("log", LOG, &self.log_after, self.log_ended), ("state", STATE, &self.state_after, self.state_ended)]
        {
            if !ended {
                socket.subscribe(id, query, json!({ "id": build, "after": after })).await?;
            }
        }
        Some(socket)
    }

    /// Whether both streams have told something.
    pub(crate) const fn has_begun(&self) -> bool {
        self.log_after.is_some() && self.state_after.is_some()
    }

    /// Takes in one word; `false` when there will be no more.
    pub(crate) async fn hear(&mut self, socket: &mut Socket) -> bool {
        if self.log_ended && self.state_ended {
            return false;
        }
        match socket.hear().await {
            Heard::Event { id, event } => {
                let cursor = Some(event["cursor"].as_str().expect("an event has a cursor").to_owned());
                let complete = event["__typename"] == "StreamEnded" && event["reason"] == "COMPLETE";
                if event["__typename"] == "StreamEnded" {
                    self.reasons.push(event["reason"].as_str().unwrap().to_owned());
                }
                if id == "log" {
                    self.log.event(&event);
                    (self.log_after, self.log_ended) = (cursor, complete);
                } else {
                    self.state.event(&event);
                    (self.state_after, self.state_ended) = (cursor, complete);
                }
                true
            }
            Heard::Complete => true,
            Heard::Closed(code) => {
                self.closed = Some(code);
                false
            }
            Heard::Gone => false,
        }
    }
}
