//! Which records of the audit trail to list.

use alm_domain::ProjectId;
use async_graphql::{ID, InputObject, Result};

use super::types::AuditOutcome;
use crate::graphql::{error::bad_argument, scalars::Instant};

const LONGEST: usize = 200;

/// Which audit events to list; all conditions must hold.
#[derive(InputObject, Default)]
pub(crate) struct AuditFilter {
    /// Verbs that begin with this.
    verb_prefix: Option<String>,
    /// Only this actor.
    actor_id: Option<ID>,
    /// Only this subject.
    subject_id: Option<ID>,
    /// Only this outcome.
    outcome: Option<AuditOutcome>,
    /// Not before.
    since: Option<Instant>,
    /// Not after.
    until: Option<Instant>,
}

impl AuditFilter {
    /// The filter for the store.
    pub(crate) fn to_store(filter: Option<Self>, project: Option<ProjectId>) -> Result<alm_store::AuditFilter> {
        let Self { verb_prefix, actor_id, subject_id, outcome, since, until } = filter.unwrap_or_default();
        let short = |name: &str, text: Option<String>| match text {
            Some(text) if text.len() > LONGEST || text.contains('\0') => {
                Err(bad_argument(name, &format!("has more than {LONGEST} bytes, or a NUL")))
            }
            text => Ok(text),
        };
        Ok(alm_store::AuditFilter {
            project,
            verb_prefix: short("filter.verbPrefix", verb_prefix)?,
            actor_key: short("filter.actorId", actor_id.map(|id| id.0))?,
            subject: short("filter.subjectId", subject_id.map(|id| id.0))?,
            outcome: outcome.map(Into::into),
            since: since.map(|at| at.0),
            until: until.map(|at| at.0),
        })
    }
}
