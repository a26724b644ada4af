//! Build services.

mod mutation;
mod stats;
mod types;

pub(crate) use mutation::ServiceMutation;
pub(crate) use types::ServiceNode;
