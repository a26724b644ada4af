//! The checks of a GraphQL document before anything is executed.
//!
//! Each of them takes time linear in the document, whatever the document would expand to: first the tokens are counted
//! ([`tokens`]), so that the parser meets nothing deep or long; then the fields are counted as they would be after all fragments
//! are put in their places, each fragment once ([`expansion`]).

//!
//! Documents of a manifest ([`manifest`]) have been through this when the server began, and are only looked up.

mod expansion;
mod hash;
mod limits;
mod manifest;
#[cfg(any(test, feature = "fuzzing"))]
mod oracle;
mod prepare;
mod problem;
mod tokens;
mod trusted;

pub(super) use hash::DocumentHash;
pub use limits::DocumentLimits;
pub use manifest::ManifestError;
#[cfg(feature = "fuzzing")]
pub(super) use oracle::judge;
use prepare::parsed;
pub(super) use prepare::{Prepared, prepare};
pub(super) use problem::{Problem, brief};
pub use trusted::TrustedDocuments;
