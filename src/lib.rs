//! The ALM Build Service: one GraphQL API with live subscriptions in front of pluggable build providers.
//!
//! `docs/ARCHITECTURE.md` has the map.

pub mod app;
pub mod cli;
pub mod clusters;
pub mod config;
pub mod graphql;
pub mod http;
pub mod links;
pub mod samples;
pub mod sign_in;
pub mod wiring;
