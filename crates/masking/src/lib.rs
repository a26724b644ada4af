//! Takes registered secrets out of streams of bytes, before anything of them is stored.
//!
//! Any provider registers the secrets of a build once ([`Masks::of`]), and passes each stream of its log through a masker of its
//! own ([`Masks::masker`]). A secret is found as it stands and in the forms in which programs commonly print it: base64 wherever
//! it stands in what was encoded, percent-encoded, escaped for JSON and for shells, in hexadecimal; likewise each longer line of
//! a secret that has several. Secrets that overlap or touch become one `***`, which so tells neither their number nor length.
//!
//! **Architecture Invariant:** what comes out depends on the stream alone, and not on how it was cut on its way.
//!
//! Not found is a secret that a program took apart or encoded in another way; whoever can run a step can print its secrets
//! backwards. Masking is against accidents.

mod automaton;
mod forms;
mod gap;
mod masker;
mod masks;
mod needles;
mod skip;
#[cfg(test)]
mod tests;

pub use gap::{Gap, GapReason};
pub use masker::Masker;
pub use masks::Masks;
pub use needles::MOST;

/// Shorter secrets are not taken out, in bytes: texts so short stand in every log.
pub const SHORTEST: usize = 8;
