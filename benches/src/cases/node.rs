//! mercurius with JIT, over the same database: a program of `benches/node`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{Result, process::Place, usage::Usage};

/// mercurius at work. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Node {
    _child: Child,
    id: u32,
    pub(super) address: SocketAddr,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node")
}

impl Node {
    /// Starts it; or says why that cannot be done here.
    pub(super) async fn start(place: &Place) -> Result<Result<Self, String>> {
        if !folder().join("node_modules").exists() {
            return Ok(Err("run `npm ci` in benches/node first (make bench does it where npm is there)".to_owned()));
        }
        let mut command = Command::new("node");
        command.arg("mercurius.mjs").arg(place.database.url()).current_dir(folder());
        let child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => return Ok(Err(format!("there is no Node: {error}"))),
        };
        let (Some(words), Some(id)) = (child.stdout.take(), child.id()) else {
            return Err("Node was started without a pipe".into());
        };
        let mut address = String::new();
        BufReader::new(words).read_line(&mut address).await?;
        let address = address.trim();
        if let Some(why) = address.strip_prefix("cannot: ") {
            return Ok(Err(why.to_owned()));
        }
        Ok(Ok(Self { _child: child, id, address: address.parse().map_err(|e| format!("Node did not start: {e}"))? }))
    }

    pub(super) fn usage(&self) -> Result<Usage> {
        Ok(Usage::of(self.id)?)
    }
}
