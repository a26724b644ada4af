//! Builds that are asked for and have no run at their engine yet.

use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, ReasonCode, RunStatus, StatusReason, Timestamp};

/// Why a build has no run at its engine yet. It is numbered, seen, followed and cancelled as any other; its engine has never
/// heard of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Hold {
    /// For accounts that whoever started it must connect, or connect again. Goes on by itself.
    Credential {
        /// Which; at most 50.
        awaited: Vec<AwaitedCredential>,
        /// Revision of the build service that was asked to build: when that has moved on, the build is not what its starter
        /// asked for any more, and lapses.
        service_revision: u64,
        /// Since when.
        since: Timestamp,
        /// When it lapses.
        deadline: Timestamp,
    },
    /// For people who must say yes to the deployment that the build is.
    Approval {
        /// Since when.
        since: Timestamp,
        /// When it lapses; `None`: never.
        deadline: Option<Timestamp>,
    },
}

/// An account that must be connected before a build can go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedCredential {
    /// The environment that the account opens.
    pub environment: EnvironmentId,
    /// Its name, as it was at that time.
    pub name: String,
    /// What is wrong with the account, and what to do, for people.
    pub message: String,
}

impl Hold {
    /// Since when.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        match self {
            Self::Credential { since, .. } | Self::Approval { since, .. } => *since,
        }
    }

    /// When it lapses; `None`: never.
    #[must_use]
    pub const fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Credential { deadline, .. } => Some(*deadline),
            Self::Approval { deadline, .. } => *deadline,
        }
    }

    /// The state of a build that is held like this, and why it is in it.
    pub(crate) fn state(&self) -> (RunStatus, StatusReason) {
        match self {
            Self::Credential { awaited, .. } => {
                let message = match awaited.as_slice() {
                    [one] => one.message.clone(),
                    several => {
                        let names: Vec<_> = several.iter().map(|one| one.name.as_str()).collect();
                        format!("accounts must be connected: {}", names.join(", "))
                    }
                };
                (RunStatus::WaitingForCredential, StatusReason::new(ReasonCode::Credential, message))
            }
            Self::Approval { .. } => {
                let message = "people must approve the deployment";
                (RunStatus::WaitingForApproval, StatusReason::new(ReasonCode::WaitingForDecision, message))
            }
        }
    }
}
