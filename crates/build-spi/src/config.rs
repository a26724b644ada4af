//! Build configurations: what the engine keeps between builds.

use std::collections::BTreeSet;

use alm_domain::{
    BuildShape, CapabilityNote, ConfigurationEntry, ParameterDefinition, RepositoryRef, ServiceId, Settings,
    StageObservation,
};
use serde::{Deserialize, Serialize};

/// The engine's own name for a build configuration; opaque to everybody but its provider. At most 1 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfigRef(pub String);

/// Everything that a provider needs in order to make builds of a build service. A build keeps the one that it started with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildConfigSpec {
    /// The build service: what creating is idempotent by.
    pub service: ServiceId,
    /// A readable name, unique within the provider as `project/service`; for names and labels at the engine.
    pub name: String,
    /// Where the source is.
    pub repository: RepositoryRef,
    /// Effective settings, defaults included, in the order of the descriptor's definitions.
    pub settings: Vec<ConfigurationEntry>,
}

impl BuildConfigSpec {
    /// The effective value of a setting; `None` when no layer gives one.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&serde_json::Value> {
        self.settings.iter().find(|entry| entry.key == key).and_then(|entry| entry.value.as_ref())
    }

    /// The effective settings that have a value, by key.
    #[must_use]
    pub fn values(&self) -> Settings {
        self.settings.iter().filter_map(|e| Some((e.key.clone(), e.value.clone()?))).collect()
    }
}

/// What of a build configuration somebody changes on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen {
    /// Whether the repository is.
    pub repository: bool,
    /// Keys of the settings that are.
    pub settings: BTreeSet<String>,
}

/// What a definition would do, as far as it can be known before it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Full hash of the commit that was looked at.
    pub commit: Option<String>,
    /// Inputs that a build takes.
    pub parameters: Vec<ParameterDefinition>,
    /// Whether it has stages.
    pub shape: BuildShape,
    /// The planned stages, all of them PLANNED; empty where the provider does not declare [`PlannedGraph`](alm_domain::Capability::PlannedGraph).
    pub stages: Vec<StageObservation>,
    /// What builds of this definition cannot do although the provider can, with the reason.
    pub without: Vec<CapabilityNote>,
}
