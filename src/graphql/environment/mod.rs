//! Environments, and what people have connected to them.

mod mutation;
mod query;
mod types;

pub(crate) use mutation::EnvironmentMutation;
pub(crate) use query::EnvironmentQuery;
pub(crate) use types::EnvironmentNode;
