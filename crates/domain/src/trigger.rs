//! What sets builds off.

use serde::{Deserialize, Serialize};

use crate::Actor;

/// Kinds of triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TriggerKind {
    /// Somebody asked for it, through the API or the UI.
    Manual,
    /// Somebody asked to run an earlier build again.
    Rerun,
    /// Somebody asked to bring the version of an earlier build to an environment.
    Promotion,
    /// Somebody asked to return an environment to the version that ran there before.
    Rollback,
    /// Nobody here asked for it: the engine began it by itself, or somebody did there.
    External,
}

/// What set a build off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Kind.
    pub kind: TriggerKind,
    /// Who or what.
    pub actor: Actor,
}
