//! Source, fetched by the system's git under rules that leave nothing to the repository: no prompt, no hook, no filter, no
//! submodule, no transport that is not named here, no setting of the machine or of the user.
//!
//! **Architecture Invariant:** nothing that a user wrote reaches a command line before [`RepositoryUrl::parse`],
//! [`check_reference`] or [`check_directory`] has passed it, and then only behind `--end-of-options` or as part of an argument
//! that begins with our own words.

mod checkout;
mod command;
mod config;
mod error;
mod fetch;
mod lock;
mod mirror;
mod read;
mod reference;
mod resolve;
mod settings;
mod url;

#[cfg(test)]
mod tests;

pub use command::Git;
pub use error::{GitError, GitErrorKind};
pub use fetch::Fetched;
pub use mirror::Mirror;
pub use reference::{check_directory, check_path, check_reference};
pub use settings::{GitSettings, HostCredentials, SshSettings};
pub use url::{GitPolicy, RepositoryUrl, SourceProblem};
