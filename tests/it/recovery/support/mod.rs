//! Real processes, and an oracle that knows what must come.

mod api;
mod oracle;
mod pipeline;
mod processes;
mod proxy;
mod seed;
mod server;
mod socket;
mod watcher;
mod world;

pub(crate) use api::Api;
pub(crate) use oracle::{LogOracle, StateOracle};
pub(crate) use pipeline::repository;
pub(crate) use processes::{processes_of, processes_with};
pub(crate) use proxy::Proxy;
pub(crate) use seed::Seed;
pub(crate) use server::{Server, eventually, within, without_settings};
pub(crate) use socket::{Heard, Socket};
pub(crate) use watcher::{Watched, Watcher};
pub(crate) use world::World;
