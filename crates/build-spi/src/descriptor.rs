//! What a provider says of itself.

use std::collections::BTreeSet;

use alm_domain::{Capability, ProviderKind, SettingDefinition};

/// What a provider says of itself. Constant for the life of the instance.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderDescriptor {
    /// Family of the engine.
    pub kind: ProviderKind,
    /// What it can do. What is not in here is never called.
    pub capabilities: BTreeSet<Capability>,
    /// Whether the engine is called with the rights of a person: then every call about a run needs a token. One that needs
    /// none is given none.
    pub needs_token: bool,
    /// Whether it brings what a build made to an environment by itself, whatever the stages of the build are. Otherwise a stage that
    /// deploys there is run again, and there must be one.
    pub deploys_itself: bool,
    /// Whether runs of a configuration may begin that nobody here has asked for: by triggers of the engine, or by people there. Then
    /// the service looks for them, by [`list`](crate::BuildProvider::list), and follows them as it does its own.
    pub has_external_runs: bool,
    /// The setting by which a build service takes over a build configuration that the engine has already: what is kept
    /// [there](SettingDefinition::at_engine) is the engine's alone then. `None` where nothing can be taken over.
    pub adopts: Option<&'static str>,
    /// The settings that it understands, on the provider and on a build service.
    pub settings: Vec<SettingDefinition>,
    /// How well builds are kept apart from the service and from one another, as one sentence for administrators: a provider
    /// without a sandbox says that it is no security boundary.
    pub isolation: String,
}
