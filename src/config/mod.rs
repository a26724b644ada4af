//! Settings: the environment over a file over defaults.
//!
//! Every setting is declared once, in the file of its section, with its documentation and its default; reading, checking,
//! printing and the reference (`docs/configuration.md`) are all made from that declaration.
//!
//! **Architecture Invariant:** only this module reads the environment; everything else is given a [`Config`].

mod builds;
mod data;
mod database;
mod documents;
mod effective;
mod environment;
mod limits;
mod load;
mod local;
mod log;
mod macros;
mod outbound;
mod problem;
mod reference;
mod server;
mod setting;
mod sign_in;
mod sources;
mod suggest;
#[cfg(test)]
mod tests;
mod value;
mod vault;

pub use builds::Builds;
pub use data::Data;
pub use database::Database;
pub use documents::Documents;
pub use effective::{Effective, Origin};
pub use environment::Environment;
pub use limits::Limits;
pub use local::Local;
pub use log::Log;
pub use outbound::Outbound;
pub use problem::{ConfigError, Problem};
pub use reference::reference;
pub use server::Server;
pub use setting::{Fallback, Key, Setting};
pub use sign_in::SignIn;
pub use suggest::{closest, distance};
pub use value::{
    AudienceParameter, Bind, Bytes, Count, DatabaseUrl, HostName, IssuerUrl, Keys, LogFilter, LogFormat, Network,
    Period, PublicUrl, WebOrigin, Words,
};
pub use vault::Vault;

/// All settings of one instance, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens, and for whom.
    pub server: Server,
    /// How people sign in.
    pub sign_in: SignIn,
    /// How much it takes from clients.
    pub limits: Limits,
    /// Which documents it knows.
    pub documents: Documents,
    /// Where it keeps its files.
    pub data: Data,
    /// Where it keeps its state.
    pub database: Database,
    /// How it seals secrets.
    pub vault: Vault,
    /// Where it may connect to.
    pub outbound: Outbound,
    /// How builds are begun.
    pub builds: Builds,
    /// Builds on this machine.
    pub local: Local,
    /// What it says of itself.
    pub log: Log,
    effective: Vec<Effective>,
}

impl Config {
    /// Where the state is kept: the database that is configured, or else a SQLite file in the data directory.
    #[must_use]
    pub fn database_url(&self) -> DatabaseUrl {
        self.database.url.clone().unwrap_or_else(|| DatabaseUrl::sqlite_file(&self.data.dir.join("db")))
    }

    /// Whether builds may read repositories of this machine: as configured, or else only where nobody but users of this
    /// machine can connect.
    #[must_use]
    pub fn allow_local_repositories(&self) -> bool {
        self.local.allow_local_repositories.unwrap_or_else(|| self.server.bind.is_loopback())
    }

    /// Every setting with its value as it may be shown (secrets masked) and where it came from, in the order of declaration.
    #[must_use]
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }
}
