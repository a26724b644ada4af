//! Registered build backends.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Actor, Capability, ProviderId, Settings, Slug, Timestamp};

/// Families of build backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProviderKind {
    /// Processes on the machine of the service.
    Local,
    /// OpenShift BuildConfigs.
    Openshift,
    /// Tekton pipelines.
    Tekton,
    /// A separate process that speaks the provider protocol.
    Remote,
}

impl ProviderKind {
    /// All families.
    pub const ALL: [Self; 4] = [Self::Local, Self::Openshift, Self::Tekton, Self::Remote];

    /// The name in the API, such as `LOCAL`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "LOCAL",
            Self::Openshift => "OPENSHIFT",
            Self::Tekton => "TEKTON",
            Self::Remote => "REMOTE",
        }
    }

    /// Whether a backend of the family is at an address; the local one is on this machine.
    #[must_use]
    pub const fn has_endpoint(self) -> bool {
        !matches!(self, Self::Local)
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Verdicts on health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthState {
    /// All is well.
    Healthy,
    /// Usable, with trouble.
    Degraded,
    /// Broken.
    Failing,
    /// Nothing known yet.
    Unknown,
}

/// Outcome of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderHealth {
    /// Verdict.
    pub state: HealthState,
    /// A sentence for people.
    pub message: Option<String>,
    /// When it was probed.
    pub checked_at: Timestamp,
    /// How long the probe took, in milliseconds.
    pub latency_ms: u64,
}

/// A build backend that an administrator registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// Names it globally.
    pub id: ProviderId,
    /// Grows with every change, its health included.
    pub revision: u64,
    /// Unique short name.
    pub slug: Slug,
    /// Name for display.
    pub display_name: String,
    /// Family of the backend.
    pub kind: ProviderKind,
    /// Address of the engine; `None` for the local one.
    pub endpoint: Option<String>,
    /// Off means: no new builds, running ones are still followed.
    pub enabled: bool,
    /// Settings that every build service of it inherits.
    pub settings: Settings,
    /// Version that the backend reported at the last probe.
    pub version: Option<String>,
    /// What the backend can do, as of the last probe.
    pub capabilities: Vec<Capability>,
    /// Outcome of the last probe.
    pub health: Option<ProviderHealth>,
    /// Who registered it.
    pub registered_by: Actor,
    /// When it was registered.
    pub registered_at: Timestamp,
}
