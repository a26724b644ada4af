//! Logs: chunks of lines with an index.
//!
//! Lines come in small batches. A small batch is stored as an open segment, readable at once; when the open segments have
//! grown to the size of a chunk (or the build is complete) they become one sealed chunk, in the same transaction. Segments and
//! chunks are rows of one table, so that a reader meets each line exactly once with one statement.

mod chunk;
mod codec;
mod info;
mod pattern;
mod prepare;
mod read;
mod rows;
mod search;
mod split;
mod write;

pub use info::{LogInfo, StageLogRange};
pub use pattern::{LogPattern, PatternError};
pub use read::LogPage;
pub use search::{LogMatches, LogSearch};

pub(crate) use prepare::Prepared;
pub(crate) use split::split;
pub(crate) use write::{append, seal};
