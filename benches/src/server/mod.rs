//! The servers under test: ours, and those that it is compared with. Each runs in a process of its own, on two threads.

mod bare;
mod engine;
mod limit;
mod local;
mod ours;
mod plain;
mod source;
pub(crate) mod static_bytes;

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    Result,
    pace::Commands,
    process::{Ready, Setup},
};

/// The one token of all servers.
pub(crate) const TOKEN: &str = "the-token-of-the-benches-0123456789";

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// The real service: store, journal, use cases, schema, transport.
    Ours,
    /// Frames that are made once and written straight to the sockets. Nothing can cost less and still send a message a line.
    Limit,
    /// axum's websockets and tokio's broadcast channel, as they come, with payloads that are made once.
    Bare,
    /// The same with buffers of 4 KB.
    BareSmall,
    /// async-graphql-axum as it comes, with a schema of the same shape over a broadcast channel.
    Plain,
    /// The same bytes for each request.
    Static,
}

/// What a server has in its hands while it runs; dropped when it ends.
pub(crate) type Keep = Box<dyn std::any::Any + Send>;

/// Runs a server until its standard input is closed.
pub(crate) fn run(setup: &str) -> Result<()> {
    let setup: Setup = serde_json::from_str(setup)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (tell, commands) = watch::channel(None);
    let (ready, _keep) = runtime.block_on(start(setup, commands))?;
    let mut words = std::io::stdout().lock();
    writeln!(words, "{}", serde_json::to_string(&ready)?)?;
    words.flush()?;
    for line in std::io::stdin().lock().lines() {
        // Nobody listens where there are no builds.
        let _ = tell.send(Some(serde_json::from_str(&line?)?));
    }
    runtime.shutdown_background();
    Ok(())
}

async fn start(setup: Setup, commands: Commands) -> Result<(Ready, Keep)> {
    match setup.kind {
        Kind::Ours => ours::start(setup, commands).await,
        Kind::Limit => limit::start(setup, commands).await,
        Kind::Bare => bare::start(setup, commands, None).await,
        Kind::BareSmall => bare::start(setup, commands, Some(4 << 10)).await,
        Kind::Plain => plain::start(setup, commands).await,
        Kind::Static => static_bytes::start(setup).await,
    }
}
