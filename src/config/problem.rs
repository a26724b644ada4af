//! What can be wrong with a configuration.

use std::fmt;

/// One thing that is wrong: what, where it came from, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub(super) String);

impl Problem {
    /// One that shows only when the value of a setting is used; the words say the remedy.
    #[must_use]
    pub fn of(setting: &str, words: impl fmt::Display) -> Self {
        Self(format!("{setting}: {words}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything that is wrong with a configuration. No value of a secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [problem] => write!(f, "the configuration is wrong: {problem}"),
            problems => {
                f.write_str("the configuration is wrong:")?;
                problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}
