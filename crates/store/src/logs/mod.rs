//! Logs: chunks of lines with an index.
//!
//! Lines come in small batches. A small batch is stored as an open segment, readable at once; when the open segments have
//! grown to the size of a chunk (or the build is complete) they become one sealed chunk, in the same transaction. Segments and
//! chunks are rows of one table, so that a reader meets each line exactly once with one statement.

mod chunk;
mod info;
mod prepare;
mod read;
mod split;
mod write;

pub use info::{LogInfo, StageLogRange};
pub use read::LogPage;

pub(crate) use chunk::{ChunkError, decode};
pub(crate) use prepare::Prepared;
pub(crate) use split::split;
pub(crate) use write::{append, seal};
