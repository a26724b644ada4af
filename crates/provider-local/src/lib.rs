//! The local build provider: runs pipelines on this machine, under supervisors that outlive the server.
//!
//! The server's side is [`LocalProvider`]. Each build runs under a process of its own ([`supervise`]), which does the whole
//! pipeline alone and writes what happens into a spool; the provider only reads it.
//!
//! **Architecture Invariant:** the two sides meet in the run's directory and nowhere else, so that either may die and come
//! back, in another version too.

pub mod definition;
pub mod git;
mod keep;
mod options;
mod provider;
mod source;
mod spool;
mod supervisor;

#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;

pub use provider::{LocalConfig, LocalError, LocalProvider, descriptor};
pub use supervisor::supervise;
