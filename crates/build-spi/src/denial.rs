//! What an engine does not let the owner of a token do.

/// Something that a person does at an engine with an account of the person's own. Stopping a build is not among it: that is done with
/// the account of whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Starts builds, and runs them again.
    Start,
    /// Answers what builds ask.
    Decide,
    /// Brings versions to environments.
    Deploy,
    /// Changes the configuration.
    Edit,
}

/// That an engine does not let the owner of a token do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What.
    pub verb: Verb,
    /// Why, in the engine's words as far as it gives any, as a sentence for people.
    pub reason: String,
}
