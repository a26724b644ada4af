//! A client of the GraphQL API: what `alm build`, `alm decide` and `alm demo` speak to a server with.
//!
//! **Architecture Invariant:** it knows the server only by its public API; nothing here reaches past it.

#[cfg(test)]
mod contract;
mod endpoint;
mod error;
mod events;
mod follow;
mod http;
mod operations;
mod socket;
#[cfg(test)]
pub(super) mod testing;
mod views;

pub use endpoint::{Endpoint, EndpointError};
pub use error::ClientError;
pub use follow::{Followed, Follower};
pub use http::Client;
pub use operations::{Input, NewService, Repository, StartRequest};
pub use views::{
    ApprovalView, AwaitedView, BuildView, EnvironmentView, LineView, ParameterView, ProviderView, ServiceView,
    StageView, Started, Status,
};
