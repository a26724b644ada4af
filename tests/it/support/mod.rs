//! The whole service in this process: a real store, real use cases, the real API behind the real transport; in front of the real
//! local provider, or of a scriptable engine in memory.

mod build;
mod client;
mod events;
mod factory;
mod issuer;
mod operations;
mod people;
mod repository;
mod server;
mod setup;
mod test_app;
mod wallet;

use std::time::Duration;

pub(crate) use build::{BuildView, allowed};
pub(crate) use client::Download;
pub(crate) use events::Events;
pub(crate) use issuer::{Callback, Issuer};
pub(crate) use repository::Repository;
pub(crate) use setup::{Setup, on_each_database};
pub(crate) use test_app::TestApp;
pub(crate) use wallet::Accounts;

/// However slow the machine is, no single step takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Fails a test that would hang; far above what anything takes.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("this takes too long")
}
