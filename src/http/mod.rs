//! The transport: everything between a client's socket and the schema.
//!
//! GraphQL over HTTP, graphql-transport-ws, server-sent events, the pages that people open, health and metrics. Knows no use case:
//! the schema is any [`Live`](crate::graphql::Live) executor, who may enter is decided by [`Authenticate`], and what else the
//! application serves comes in as a router of its own ([`HttpState::extra`]).
//!
//! **Architecture Invariant:** the only authority is the bearer token. There is no cookie, no token in an address, and no route
//! that is reached past the checks of Host and Origin.

mod auth;
mod caller;
mod compression;
mod conditional;
mod config;
mod connection_io;
mod document;
mod downloads;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod graphql;
mod guard;
mod headers;
mod metrics;
mod origin;
mod pages;
mod probes;
mod refusal;
mod request_id;
mod router;
mod serve;
mod sse;
mod state;
mod token;
mod ways_in;
mod ws;

pub use auth::{AuthError, Authenticate, RequirePrincipal, SingleUserAuth};
pub use config::HttpConfig;
pub use document::{DocumentLimits, ManifestError, TrustedDocuments};
pub use downloads::routes as downloads;
pub use probes::Readiness;
pub use refusal::{Code, Refusal};
pub use request_id::RequestId;
pub use router::router;
pub use serve::serve;
pub use state::HttpState;
pub use token::{Token, TokenFileError};
pub use ways_in::{PageSignIn, SignInSite, WaysIn};
