//! What the command line asks of the composition root.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::{net::TcpListener, sync::oneshot};
use tokio_util::sync::CancellationToken;

use super::data_dir::DataDir;
use crate::{app::VaultReport, config::Config};

/// An error of whatever kind, with its sources.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The service behind the command line: everything that names a concrete store, provider or transport.
#[async_trait]
pub trait Composition: Send + Sync {
    /// The GraphQL schema as text.
    ///
    /// # Errors
    /// Whatever keeps it from being built.
    fn schema(&self) -> Result<String, BoxError>;

    /// Brings the database to this version's schema. Idempotent.
    ///
    /// # Errors
    /// When the database cannot be reached or changed.
    async fn migrate(&self, config: &Config) -> Result<(), BoxError>;

    /// Looks at the vault, or gives it a new key. Safe while a server runs.
    ///
    /// # Errors
    /// When the key ring or the database cannot be used.
    async fn vault(&self, config: &Config, work: VaultWork) -> Result<VaultReport, BoxError>;

    /// Serves until it is told to stop, and resolves when everything that must end has ended. Builds that run on this machine
    /// are left running.
    ///
    /// # Errors
    /// When it cannot begin or cannot go on; a [`ConfigError`](crate::config::ConfigError) where a setting is to blame.
    async fn serve(&self, serving: Serving) -> Result<(), BoxError>;
}

/// What is done to the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultWork {
    /// It is looked at.
    Status,
    /// Everything is sealed under a new key.
    Rotate,
}

/// What a server is given.
#[derive(Debug)]
pub struct Serving {
    /// All settings.
    pub config: Arc<Config>,
    /// The data directory, locked for as long as this is held.
    pub data: DataDir,
    /// Where clients come in; bound already.
    pub listener: TcpListener,
    /// To be told once requests are answered.
    pub ready: oneshot::Sender<Ready>,
    /// When this is cancelled: be unready, drain, and return.
    pub stop: CancellationToken,
}

/// Says that requests are answered now.
#[derive(Debug)]
pub struct Ready {
    /// The token in the data directory, for its owner's eyes; `None` where it opens nothing because people sign in.
    pub token: Option<SecretString>,
}
