//! The server's side: takes builds in, keeps the queue, reads spools.

mod artifact;
mod build_provider;
mod configs;
mod describe;
mod descriptor;
mod follow;
mod health;
mod list;
mod local;
mod queue;
mod recover;
mod start;

pub use descriptor::descriptor;
pub use local::{LocalConfig, LocalError, LocalProvider};
