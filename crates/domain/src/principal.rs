//! Who asks, and who did something.

use serde::{Deserialize, Serialize};

use crate::UserId;

/// Whoever did something, as recorded at that time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Actor {
    /// A person.
    User {
        /// Who.
        id: UserId,
        /// Unique short name.
        login: String,
        /// Name for display.
        display_name: String,
    },
    /// The service itself.
    System {
        /// Which part of it, for example `reconcile`.
        component: String,
    },
}

/// What a principal may do on the whole instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, providers included.
    Admin,
    /// Everything but what concerns providers.
    Member,
    /// The service's own work: reads and writes every build.
    System,
}

/// Who asks. A parameter of every function that reads or writes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// As whom its acts are recorded.
    pub actor: Actor,
    /// What it may do.
    pub role: Role,
}

impl Principal {
    /// The service itself, acting through one of its parts.
    #[must_use]
    pub fn system(component: &str) -> Self {
        Self { actor: Actor::System { component: component.to_owned() }, role: Role::System }
    }

    /// The one user of single-user mode: the administrator. Always the same id.
    #[must_use]
    pub fn single_user() -> Self {
        Self {
            actor: Actor::User {
                id: UserId::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
                login: "admin".to_owned(),
                display_name: "Administrator".to_owned(),
            },
            role: Role::Admin,
        }
    }

    /// Whether it may register, change and remove providers.
    #[must_use]
    pub const fn may_administer(&self) -> bool {
        matches!(self.role, Role::Admin | Role::System)
    }

    /// A text that names the principal, stable over restarts: the key of what is unique per principal.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.actor {
            Actor::User { id, .. } => id.to_string(),
            Actor::System { component } => format!("system:{component}"),
        }
    }
}
