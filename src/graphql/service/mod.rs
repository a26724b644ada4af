//! Build services.

mod mutation;
mod secret;
mod stats;
mod types;

pub(crate) use mutation::ServiceMutation;
pub(crate) use secret::SecretMutation;
pub(crate) use types::ServiceNode;
