//! The configuration as it came out, for people.

use std::{fmt, path::PathBuf};

use super::Key;

/// One setting as it holds.
#[derive(Debug, Clone)]
pub struct Effective {
    /// Which.
    pub key: Key,
    /// Its value as a TOML value, secrets masked.
    pub shown: String,
    /// Where the value came from.
    pub origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An environment variable.
    Variable(String),
    /// A file.
    File(PathBuf),
    /// Nothing was set.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}
