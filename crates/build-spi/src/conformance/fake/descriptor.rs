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
        adopts: None,
        settings: vec![
            SettingDefinition::new(
                SCRIPT,
                "Script",
                "Name of the script that builds run; without it, they run the default one.",
                SettingKind::Text,
                SettingScope::Overridable,
                None,
            ),
            SettingDefinition::new(
                "slots",
                "Slots",
                "Has no effect.",
                SettingKind::Integer { min: 1, max: 100 },
                SettingScope::Provider,
                Some(2.into()),
            ),
        ],
        isolation: "Builds of the fake run nothing, so there is nothing to keep apart.".to_owned(),
    }
}
