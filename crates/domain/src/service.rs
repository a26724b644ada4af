//! A project's own instance of a provider.

use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, ProjectId, ProviderId, RepositoryRef, ServiceId, Settings, Slug, Timestamp};

/// A project's own instance of a provider: the provider's settings plus its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildService {
    /// Names it globally.
    pub id: ServiceId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// The backend it runs on.
    pub provider: ProviderId,
    /// Grows with every change.
    pub revision: u64,
    /// Short name, unique within the project for ever.
    pub slug: Slug,
    /// Name for display.
    pub display_name: String,
    /// Where the source is.
    pub repository: RepositoryRef,
    /// Settings added to, or replacing, the provider's.
    pub settings: Settings,
    /// The environments that its builds use; `None` for all of the project.
    pub environments: Option<Vec<EnvironmentId>>,
    /// The provider's own name for the build configuration; `None` until it has been created there.
    pub config_ref: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed; its builds stay readable.
    pub removed_at: Option<Timestamp>,
}
