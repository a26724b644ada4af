//! What a build leaves behind.

use serde::{Deserialize, Serialize};

use crate::StageKey;

/// A file that the provider keeps for download. Its `path` names it within its build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Relative path, `/` between its parts, without `.` and `..`; unique within the build.
    pub path: String,
    /// The stage that made it.
    pub stage: Option<StageKey>,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content, as lower-case hexadecimal.
    pub sha256: String,
}
