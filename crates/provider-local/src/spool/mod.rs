//! The spool: what happened to one run, in an append-only file that outlives whoever writes it.
//!
//! **Architecture Invariant:** a record is read whole and as it was written, or not at all. Whoever writes holds the lock of
//! the run's directory; readers need none.

mod fold;
mod frame;
mod payload;
mod reader;
mod request;
mod run_dir;
mod secrets;
#[cfg(test)]
mod tests;

mod token;
mod writer;

pub(crate) use fold::Folded;
pub(crate) use frame::Flags;
pub(crate) use payload::{Payload, Started};
pub(crate) use reader::{Reader, Step};
pub(crate) use request::{DeployRequest, Places, RerunRequest, RunRequest};
pub(crate) use run_dir::{Commands, DecisionFile, Held, RunDir};
pub(crate) use secrets::{StoredToken, is_plain};
pub(crate) use token::Token;
pub(crate) use writer::Writer;
