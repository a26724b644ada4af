//! Build services.

mod at_engine;
mod mutation;
mod secret;
mod start_check;
mod stats;
mod types;

pub(crate) use mutation::ServiceMutation;
pub(crate) use secret::SecretMutation;
pub(crate) use start_check::StartCheckQuery;
pub(crate) use types::{RepositoryRef, ServiceNode};
