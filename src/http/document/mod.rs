//! The checks of a GraphQL document before anything is executed.
//!
//! Each of them takes time linear in the document, whatever the document would expand to: first the tokens are counted
//! ([`tokens`]), so that the parser meets nothing deep or long; then the fields are counted as they would be after all fragments
//! are put in their places, each fragment once ([`expansion`]).

mod expansion;
mod limits;
mod prepare;
mod problem;
mod tokens;

pub use limits::DocumentLimits;
pub(super) use prepare::{Prepared, prepare};
pub(super) use problem::{Problem, brief};
