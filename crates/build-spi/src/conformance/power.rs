//! What a harness can do to an engine.

/// Whether a harness could do what it was asked to do to its engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// It is done.
    Done,
    /// It cannot be done here: checks that need it are skipped.
    Missing,
}
