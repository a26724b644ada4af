//! Who may see what: the one place that decides it.
//!
//! **Architecture Invariant:** every query of the store is filtered by a [`Scope`], so that memberships can be added here
//! without a change to any caller.

use alm_domain::{Principal, Role};
use sea_orm::Condition;

use crate::StoreError;

/// What a principal may see and change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope {
    /// Every project, with everything in it.
    Everything,
}

/// The scope of a principal.
pub(crate) const fn visible(principal: &Principal) -> Scope {
    match principal.role {
        // There are no memberships yet: every member works on every project.
        Role::Admin | Role::Member | Role::System => Scope::Everything,
    }
}

impl Scope {
    /// Rows whose project, named by this column, is in the scope.
    pub(crate) fn projects<C>(self, _project: C) -> Condition {
        match self {
            Self::Everything => Condition::all(),
        }
    }

    /// Rows whose build, named by this column, is in the scope.
    pub(crate) fn builds<C>(self, _build: C) -> Condition {
        match self {
            Self::Everything => Condition::all(),
        }
    }
}

/// Refuses everybody who may not register, change and remove providers.
pub(crate) const fn administrator(principal: &Principal) -> Result<(), StoreError> {
    if principal.may_administer() { Ok(()) } else { Err(StoreError::Forbidden) }
}
