//! What is noted on a run when it is started: how the settings of its build service concern it. So the run is all that is needed to
//! follow it, whatever becomes of the settings.

use std::collections::BTreeMap;

use alm_domain::{CapabilityNote, Commit};
use kube::core::DynamicObject;
use serde::{Deserialize, Serialize};

/// The annotation that holds it.
pub(crate) const NOTE: &str = "alm.build/run";
/// The longest that is read.
const LONGEST: usize = 64 << 10;

/// What is noted on a run. Whoever may change the run may change it: it is data, and nothing is allowed because of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    /// The environments that tasks deploy to, by task.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) environments: BTreeMap<String, String>,
    /// How many secrets its Secrets hold: so many must be known before its logs are told.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) secrets: u32,
    /// The environments whose token comes later, and the Secret that will hold it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) withheld: BTreeMap<String, String>,
    /// How it is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cancel: Option<String>,
    /// The commit that a deployment brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<Commit>,
    /// What it cannot do although the provider can.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) without: Vec<CapabilityNote>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Note {
    /// What is noted on this run; nothing on those that others have started.
    pub(crate) fn of(run: &DynamicObject) -> Self {
        let text = run.metadata.annotations.as_ref().and_then(|all| all.get(NOTE));
        let read = text.filter(|text| text.len() <= LONGEST).and_then(|text| serde_json::from_str(text).ok());
        read.unwrap_or_default()
    }

    /// The annotation's value.
    pub(crate) fn write(&self) -> String {
        serde_json::json!(self).to_string()
    }
}
