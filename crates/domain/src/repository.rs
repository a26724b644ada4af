//! Places in version control.

use serde::{Deserialize, Serialize};

/// A place in version control.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RepositoryRef {
    /// Clone address, without credentials.
    pub url: String,
    /// Branch, tag or commit to build by default.
    pub reference: String,
    /// Folder to build in, from the root of the repository, `/` between its parts.
    pub directory: Option<String>,
}
