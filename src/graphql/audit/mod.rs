//! The audit trail.

mod filter;
mod query;
mod refusals;
mod subscription;
mod types;

pub(crate) use filter::AuditFilter;
pub(crate) use query::AuditQuery;
pub(crate) use refusals::Refusals;
pub(crate) use subscription::{AuditEventRecorded, AuditSubscription};
pub(crate) use types::AuditEventNode;
