//! GraphQL over HTTP, by its specification.

mod accept;
mod content_type;
mod execution;
mod handler;
mod params;
mod reply;
mod source;

pub(super) use execution::{LAST_WORDS, Outcome, Said, execute, run};
pub(super) use handler::handle;
pub(super) use params::Params;
pub(super) use source::Source;
