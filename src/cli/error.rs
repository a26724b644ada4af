//! Why a command did not do its work.

use std::io;

use super::{Exit, client::ClientError, client::EndpointError, data_dir::DataDirError};
use crate::{cli::BoxError, config::ConfigError};

/// Why a command did not do its work. Each says the remedy, and none holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Arguments that do not fit.
    #[error("{0}")]
    Usage(String),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Where a server is, and the token for it.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// What a server said, or that there is none.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The address to listen on.
    #[error(
        "cannot listen on {address} ({source}): set server.bind (ALM_SERVER_BIND) to an address of this machine with a free port"
    )]
    Bind {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Something that the command needs is not on this machine, or failed.
    #[error("{0}")]
    Tool(String),
    /// What was asked of the service itself.
    #[error("{what}: {source}")]
    Service {
        /// What did not work.
        what: &'static str,
        /// Why.
        source: BoxError,
    },
    /// Reading or writing.
    #[error("{what}: {source}")]
    Io {
        /// What did not work.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl CliError {
    /// The exit code for it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Config(_) => Exit::Config,
            Self::Endpoint(EndpointError::Address(_)) => Exit::Usage,
            Self::Endpoint(_) => Exit::NotPermitted,
            Self::Client(error) => error.into(),
            Self::DataDir(DataDirError::InUse { .. }) => Exit::InUse,
            Self::DataDir(DataDirError::Unusable { .. }) => Exit::CannotCreate,
            Self::Bind { .. } => Exit::Unavailable,
            Self::Tool(_) | Self::Service { .. } => Exit::Internal,
            Self::Io { .. } => Exit::Io,
        }
    }
}

/// What could not be written to the terminal.
pub(super) const fn output(source: io::Error) -> CliError {
    CliError::Io { what: "the output cannot be written", source }
}
