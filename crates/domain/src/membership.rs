//! Who works on a project.

use crate::{ProjectId, Timestamp, UserId};

/// What a member may do in a project. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProjectRole {
    /// Sees everything of it.
    Viewer,
    /// Starts, cancels and decides; promotes; sets secrets.
    Developer,
    /// Changes the project, its build services, environments and members.
    Owner,
}

impl ProjectRole {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Developer, Self::Owner];

    /// The name, as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "VIEWER",
            Self::Developer => "DEVELOPER",
            Self::Owner => "OWNER",
        }
    }
}

/// One person's place in one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The project.
    pub project: ProjectId,
    /// The person.
    pub user: UserId,
    /// What this person may do there.
    pub role: ProjectRole,
    /// Since when.
    pub since: Timestamp,
}
