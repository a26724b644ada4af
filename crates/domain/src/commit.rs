//! Commits.

use serde::{Deserialize, Serialize};

/// A commit, as version control records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Full hash, lower-case hexadecimal.
    pub sha: String,
    /// First line of the message.
    pub title: Option<String>,
    /// Who wrote it, as recorded (`Name <address>`).
    pub author: Option<String>,
}
