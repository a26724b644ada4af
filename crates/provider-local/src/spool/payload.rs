//! What a record holds.

use alm_domain::{Observation, Timestamp};
use serde::{Deserialize, Serialize};

use super::frame::Flags;

/// What a record holds, as JSON: fields that a reader does not know are left alone, so that servers and supervisors of
/// different versions read each other.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// What followers are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) observations: Vec<Observation>,
    /// That a supervisor took the run on. There is at most one such record: whoever finds one must not run the build again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<Started>,
}

/// Who took the run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Started {
    /// When.
    pub(crate) at: Timestamp,
    /// Version of the program that supervises.
    pub(crate) version: String,
}

impl Payload {
    /// A record of these observations.
    pub(crate) fn of(observations: Vec<Observation>) -> Self {
        Self { observations, started: None }
    }

    pub(super) fn lines(&self) -> u32 {
        let lines: usize =
            self.observations.iter().map(|o| if let Observation::Lines(l) = o { l.len() } else { 0 }).sum();
        u32::try_from(lines).unwrap_or(u32::MAX)
    }

    pub(super) fn flags(&self) -> Flags {
        let mut flags = Flags::default();
        if self.started.is_none() && self.observations.iter().all(|o| matches!(o, Observation::Lines(_))) {
            flags = flags.with(Flags::ONLY_LINES);
        }
        if self.started.is_some() {
            flags = flags.with(Flags::STARTED);
        }
        if self.observations.contains(&Observation::Complete) {
            flags = flags.with(Flags::COMPLETE);
        }
        flags
    }
}
