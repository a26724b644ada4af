//! What the fake says of itself.

use std::collections::BTreeSet;

use alm_domain::{Capability, ProviderKind, SettingDefinition, SettingKind, SettingScope};

use crate::ProviderDescriptor;

/// The setting that names a script.
pub(crate) const SCRIPT: &str = "script";

pub(crate) fn descriptor(capabilities: BTreeSet<Capability>) -> ProviderDescriptor {
    ProviderDescriptor {
        kind: ProviderKind::Remote,
        capabilities,
        needs_token: false,
        deploys_itself: false,
        has_external_runs: false,
        settings: vec![
            SettingDefinition {
                key: SCRIPT.to_owned(),
                title: "Script".to_owned(),
                description: "Name of the script that builds run; without it, they run the default one.".to_owned(),
                kind: SettingKind::Text,
                scope: SettingScope::Overridable,
                default: None,
            },
            SettingDefinition {
                key: "slots".to_owned(),
                title: "Slots".to_owned(),
                description: "Has no effect.".to_owned(),
                kind: SettingKind::Integer { min: 1, max: 100 },
                scope: SettingScope::Provider,
                default: Some(2.into()),
            },
        ],
        isolation: "Builds of the fake run nothing, so there is nothing to keep apart.".to_owned(),
    }
}
