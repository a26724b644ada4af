//! Environments, and what people have connected to them.

mod client;
mod connect;
mod connection;
mod mutation;
mod query;
mod types;

pub(crate) use client::{ClientMutation, ClientQuery};
pub(crate) use connect::ConnectionMutation;
pub(crate) use connection::GrantNode;
pub(crate) use mutation::EnvironmentMutation;
pub(crate) use query::EnvironmentQuery;
pub(crate) use types::EnvironmentNode;
