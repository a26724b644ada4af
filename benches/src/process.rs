//! A server under test, in a process of its own.

use std::{env, net::SocketAddr, path::PathBuf, process::Stdio};

use alm_testkit::Database;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin},
};

use crate::{Result, pace::Command, server::Kind, usage::Usage};

/// What a server is started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// Which server.
    pub(crate) kind: Kind,
    /// What there is to be read.
    pub(crate) content: Content,
    /// Address of the database; those that have none ignore it.
    pub(crate) database: String,
    /// Folder for all that a server keeps besides.
    pub(crate) home: PathBuf,
}

/// What there is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Content {
    /// So many running builds, which write when they are told to.
    Running(usize),
    /// Build services with builds with stages, all of them over.
    Catalogue,
    /// What there is in the database, and nothing new.
    AsItIs,
    /// A build of the local provider that has begun to write so many lines.
    Spooling(u64),
    /// What the local provider has in its folder.
    Spooled,
}

/// What a server says when it can be asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Ids of the builds.
    pub(crate) builds: Vec<String>,
}

/// A server under test. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    commands: ChildStdin,
    id: u32,
    pub(crate) ready: Ready,
}

/// Where a server keeps what it keeps; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) database: Database,
    home: tempfile::TempDir,
}

impl Place {
    pub(crate) fn on(database: Database) -> Result<Self> {
        Ok(Self { database, home: tempfile::tempdir()? })
    }

    pub(crate) fn sqlite() -> Result<Self> {
        Self::on(Database::sqlite())
    }

    /// A file in the server's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

impl Server {
    /// Starts this program again, as a server.
    pub(crate) async fn start(kind: Kind, content: Content, place: &Place) -> Result<Self> {
        let (database, home) = (place.database.url().to_owned(), place.home.path().to_owned());
        let setup = serde_json::to_string(&Setup { kind, content, database, home })?;
        let mut command = tokio::process::Command::new(env::current_exe()?);
        command.arg("server").arg(setup).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let (Some(commands), Some(words), Some(id)) = (child.stdin.take(), child.stdout.take(), child.id()) else {
            return Err("a server was started without pipes".into());
        };
        let mut word = String::new();
        BufReader::new(words).read_line(&mut word).await?;
        let ready = serde_json::from_str(&word).map_err(|e| format!("the server {kind:?} did not start: {e}"))?;
        Ok(Self { child, commands, id, ready })
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        Ok(Usage::of(self.id)?)
    }

    /// Tells the engine of all builds what to do.
    pub(crate) async fn tell(&mut self, command: Command) -> Result<()> {
        let mut line = serde_json::to_string(&command)?;
        line.push('\n');
        self.commands.write_all(line.as_bytes()).await?;
        Ok(self.commands.flush().await?)
    }

    /// Ends it at once, and waits until it is gone.
    pub(crate) async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}
