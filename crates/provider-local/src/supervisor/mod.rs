//! The supervisor's side: one process per build, which outlives the server.
//!
//! **Architecture Invariant:** everything below one step's shim ends with the step; everything below the supervisor ends with
//! the supervisor, whichever way it goes.

mod approval;
mod artifacts;
mod board;
mod build;
mod conductor;
mod control;
mod deploying;
mod entry;
mod environment;
mod isolation;
mod journal;
mod lack;
mod output;
mod plan;
mod prepare;
mod reuse;
mod secrets;
mod site;
mod stage;
mod step;

pub use entry::supervise;
pub(crate) use isolation::find;
#[cfg(feature = "fuzzing")]
pub(crate) use output::Output;
pub(crate) use secrets::variable;
