//! A small server for tests: replies by operation, and websockets that play a script.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinHandle};

use super::{Client, Endpoint};

pub(in crate::cli) const TOKEN: &str = "a-token-of-the-test";

/// What one websocket does once both streams are subscribed.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Step {
    /// An event of the build's stream.
    Build(Value),
    /// An event of the log's stream.
    Log(Value),
    /// A raw message.
    Raw(String),
    /// Wait until the test says [`FakeServer::proceed`].
    Wait,
    /// Close with this code.
    Close(u16),
    /// Drop the connection without a word.
    Drop,
}

type Replies = Box<dyn Fn(&str, &Value) -> Value + Send + Sync>;

struct Shared {
    replies: Replies,
    scripts: Mutex<VecDeque<Vec<Step>>>,
    seen: Mutex<Vec<(String, Value)>>,
    proceed: Notify,
}

/// A server that is gone when this is dropped.
pub(in crate::cli) struct FakeServer {
    pub(in crate::cli) url: reqwest::Url,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl FakeServer {
    /// Replies to queries and mutations by `replies(operation, variables)`; the n-th websocket plays the n-th script.
    pub(in crate::cli) async fn start(
        replies: impl Fn(&str, &Value) -> Value + Send + Sync + 'static,
        scripts: impl IntoIterator<Item = Vec<Step>>,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shared = Arc::new(Shared {
            replies: Box::new(replies),
            scripts: Mutex::new(scripts.into_iter().collect()),
            seen: Mutex::default(),
            proceed: Notify::new(),
        });
        let router = Router::new().route("/graphql", get(socket).post(reply)).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, task }
    }

    pub(in crate::cli) fn client(&self) -> Client {
        Client::new(Endpoint::new(self.url.clone(), TOKEN.into())).unwrap()
    }

    /// The operations so far with their variables, streams included.
    pub(in crate::cli) fn seen(&self) -> Vec<(String, Value)> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The `after` of every subscription of a stream so far.
    pub(in crate::cli) fn resumed_after(&self, stream: &str) -> Vec<Option<String>> {
        let seen = self.seen();
        let of_stream = seen.iter().filter(|(operation, _)| operation == stream);
        of_stream.map(|(_, variables)| variables["after"].as_str().map(str::to_owned)).collect()
    }

    /// Lets a script go on behind [`Step::Wait`].
    pub(in crate::cli) fn proceed(&self) {
        self.shared.proceed.notify_one();
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn reply(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(request): Json<Value>) -> Response {
    if headers["authorization"] != format!("Bearer {TOKEN}") {
        let error = json!({ "errors": [{ "message": "not signed in", "extensions": { "code": "UNAUTHENTICATED" } }] });
        return (reqwest::StatusCode::UNAUTHORIZED, Json(error)).into_response();
    }
    let operation = request["operationName"].as_str().unwrap().to_owned();
    super::contract::assert_understood(request["query"].as_str().unwrap(), &request["variables"]);
    let reply = (shared.replies)(&operation, &request["variables"]);
    shared.seen.lock().unwrap().push((operation, request["variables"].clone()));
    Json(reply).into_response()
}

async fn socket(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["graphql-transport-ws"]).on_upgrade(move |socket| async move {
        // The client may leave at any time.
        let _ = play(&shared, socket).await;
    })
}

async fn play(shared: &Shared, mut socket: WebSocket) -> Option<()> {
    let script =
        shared.scripts.lock().unwrap().pop_front().expect("another websocket was opened than the test foresees");
    let init = receive(&mut socket).await?;
    if init["payload"]["token"] != TOKEN {
        return close(&mut socket, 4403).await;
    }
    send(&mut socket, &json!({ "type": "connection_ack" })).await?;
    let wants_log = script.iter().any(|step| matches!(step, Step::Log(_)));
    let wants_build = script.iter().any(|step| matches!(step, Step::Build(_)));
    for _ in 0..usize::from(wants_log) + usize::from(wants_build) {
        let subscribe = receive(&mut socket).await?;
        let stream = subscribe["id"].as_str()?.to_owned();
        super::contract::assert_understood(subscribe["payload"]["query"].as_str()?, &subscribe["payload"]["variables"]);
        shared.seen.lock().unwrap().push((stream, subscribe["payload"]["variables"].clone()));
    }
    for step in script {
        let event =
            |id: &str, event: Value| json!({ "type": "next", "id": id, "payload": { "data": { "stream": event } } });
        match step {
            Step::Build(value) => send(&mut socket, &event("build", value)).await?,
            Step::Log(value) => send(&mut socket, &event("log", value)).await?,
            Step::Raw(text) => socket.send(Message::text(text)).await.ok()?,
            Step::Wait => shared.proceed.notified().await,
            Step::Close(code) => return close(&mut socket, code).await,
            Step::Drop => return None,
        }
    }
    // Stays open until the client goes.
    while socket.recv().await.is_some_and(|message| message.is_ok()) {}
    None
}

async fn receive(socket: &mut WebSocket) -> Option<Value> {
    loop {
        if let Message::Text(text) = socket.recv().await?.ok()? {
            return serde_json::from_str(&text).ok();
        }
    }
}

async fn send(socket: &mut WebSocket, message: &Value) -> Option<()> {
    socket.send(Message::text(message.to_string())).await.ok()
}

async fn close(socket: &mut WebSocket, code: u16) -> Option<()> {
    socket.send(Message::Close(Some(CloseFrame { code, reason: "as the test wants".into() }))).await.ok()?;
    // What is left unread when a connection is dropped would reset it, and the client might not see why it was closed.
    while socket.recv().await.is_some_and(|message| message.is_ok()) {}
    None
}

/// A build's snapshot with these stages.
pub(in crate::cli) fn snapshot(cursor: &str, status: &str, stages: &[Value]) -> Step {
    Step::Build(json!({ "__typename": "BuildSnapshot", "cursor": cursor, "reset": false,
        "build": { "revision": 1, "status": status, "statusReason": null, "duration": null, "stages": stages } }))
}

/// A change of the build alone.
pub(in crate::cli) fn build_is(cursor: &str, revision: u64, status: &str) -> Step {
    Step::Build(json!({ "__typename": "BuildChanged", "cursor": cursor,
        "build": { "revision": revision, "status": status, "statusReason": null, "duration": 1234 } }))
}

/// A change of stages.
pub(in crate::cli) fn stages_are(cursor: &str, revision: u64, stages: &[Value]) -> Step {
    Step::Build(json!({ "__typename": "StagesChanged", "cursor": cursor, "stages": stages,
        "build": { "revision": revision, "status": "RUNNING", "statusReason": null, "duration": null } }))
}

/// A stage as the server tells it.
pub(in crate::cli) fn stage(name: &str, position: u64, revision: u64, status: &str) -> Value {
    json!({ "id": format!("stg_{name}"), "revision": revision, "name": name, "kind": "WORK", "status": status,
        "statusReason": null, "position": position, "duration": 3200, "approval": null })
}

/// Lines of a stage, numbered from `first`.
pub(in crate::cli) fn lines(cursor: &str, first: u64, stage: Option<&str>, texts: &[&str]) -> Step {
    let lines: Vec<Value> = (first..)
        .zip(texts)
        .map(|(seq, text)| {
            json!({ "seq": seq, "stageId": stage.map(|name| format!("stg_{name}")), "stream": "STDOUT", "text": text,
                "continued": false })
        })
        .collect();
    Step::Log(json!({ "__typename": "LogBatch", "cursor": cursor, "lines": lines }))
}

/// The end of both streams.
pub(in crate::cli) fn ends(reason: &str) -> [Step; 2] {
    let end = json!({ "__typename": "StreamEnded", "cursor": "end", "reason": reason });
    [Step::Log(end.clone()), Step::Build(end)]
}
