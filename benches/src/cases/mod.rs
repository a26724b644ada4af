//! What is measured.

mod fanout;
mod idle;
mod logs;
mod nested;
mod node;
mod once;
mod slow;
mod storm;

use std::net::SocketAddr;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use crate::{Result, load::Client, process::Server, server::Kind};

/// Names of all cases, in the order in which they are run.
pub(crate) const NAMES: [&str; 7] = ["fanout", "idle", "slow", "nested", "logs", "storm", "once"];

/// Runs a case and prints what it found.
pub(crate) async fn run(name: &str) -> Result<()> {
    match name {
        "fanout" => fanout::run().await,
        "idle" => idle::run().await,
        "logs" => logs::run().await,
        "nested" => nested::run().await,
        "once" => once::run().await,
        "slow" => slow::run().await,
        "storm" => storm::run().await,
        other => Err(format!("there is no case {other:?}: the cases are {}", NAMES.join(", ")).into()),
    }
}

/// How many sockets are opened side by side.
const AT_ONCE: usize = 32;

/// A log, with all that a page shows of a line. A busy one may be held back for 25 ms to make fuller messages.
const LOG: &str = "subscription($id: ID!, $after: String, $lines: Int! = 500) {
    buildLog(buildId: $id, after: $after, maxLines: $lines, maxDelay: 25) {
        __typename
        ... on StreamEvent { cursor at }
        ... on LogBatch { lastSeq lines { seq at text stream level } }
        ... on StreamEnded { reason }
    } }";

/// Opens so many sockets, each of which subscribes to the log of one of the builds in turn.
async fn subscribers(server: &Server, count: usize, receive: Option<u32>) -> Result<Vec<Client>> {
    let (address, builds) = (server.ready.address, &server.ready.builds);
    let open = |place: usize| {
        let build = &builds[place % builds.len()];
        async move { subscriber(address, build, receive).await }
    };
    stream::iter((0..count).map(open)).buffer_unordered(AT_ONCE).try_collect().await
}

async fn subscriber(address: SocketAddr, build: &str, receive: Option<u32>) -> Result<Client> {
    let mut client = Client::connect(address, receive).await?;
    client.subscribe(LOG, &json!({ "id": build })).await?;
    Ok(client)
}

/// What a server is called in a table.
const fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Ours => "ours",
        Kind::Limit => "the limit: ready-made frames on bare sockets",
        Kind::Bare => "axum websockets + broadcast",
        Kind::BareSmall => "axum websockets + broadcast, buffers of 4 KB",
        Kind::Plain => "plain async-graphql-axum",
        Kind::Static => "static bytes",
    }
}
