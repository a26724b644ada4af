//! The API: views over the domain, loaders, error codes.
//!
//! **Architecture Invariant:** a resolver holds no rule. It reads through a loader or calls one use case, and maps the result.

mod actions;
mod audit;
mod build;
mod context;
mod deployment;
mod environment;
mod error;
mod executor;
mod ids;
mod live;
mod loaders;
mod log;
mod node;
mod operation;
mod paging;
mod people;
mod project;
mod prompt;
mod provider;
mod samples;
mod scalars;
mod schema;
mod server;
mod service;
mod stream;
mod user_error;
mod viewer;

pub use executor::Api;
pub use live::{Live, Payload, Tap, Told};
pub(crate) use operation::chosen;
pub use schema::{Limits, sdl};
