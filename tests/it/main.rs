//! The integration tests: one binary, so that everything is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the helpers of tests are tests too, which clippy.toml knows only of functions marked as such"
)]

mod architecture;
mod audit;
mod canary;
mod clusters;
mod credentials;
mod deployments;
mod environments;
mod fixtures;
mod gate;
mod graphql;
mod hostile;
mod http;
mod node;
mod people;
mod pipelines;
mod readme;
mod recovery;
mod resilience;
mod schema;
mod sign_in;
mod subscriptions;
mod support;
mod ui;
