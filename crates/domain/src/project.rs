//! Bodies of work.

use serde::{Deserialize, Serialize};

use crate::{ProjectId, ProjectSeq, Slug, Timestamp};

/// A body of work: its build services and their builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Names it globally.
    pub id: ProjectId,
    /// Grows with every change of the project itself.
    pub revision: ProjectSeq,
    /// Unique short name.
    pub slug: Slug,
    /// Name for display.
    pub display_name: String,
    /// What it is about, in plain text.
    pub description: Option<String>,
    /// Whether it is kept for reference only: nothing can be started in it.
    pub is_archived: bool,
    /// When it was created.
    pub created_at: Timestamp,
}
