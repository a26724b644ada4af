//! From the bytes that a step writes to lines of the log: masked, decoded, cleaned, folded and split, in that order.

mod framer;
mod pipeline;
mod terminal;
mod utf8;

pub(crate) use pipeline::{Output, Piece};
