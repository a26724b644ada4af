//! Rows of the audit trail.

use alm_domain::{Actor, AuditEvent, AuditEventId, AuditOutcome, AuditSeq, Origin, ProjectId, shorten};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, instant, millis, read_json, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) seq: i64,
    pub(crate) id: Uuid,
    pub(crate) at: i64,
    pub(crate) actor_key: String,
    pub(crate) verb: String,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) subject: Option<String>,
    pub(crate) outcome: String,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a record no query asks for.
#[derive(Serialize, Deserialize)]
struct Document {
    actor: Actor,
    summary: String,
    request_id: Option<String>,
    address: Option<std::net::IpAddr>,
    details: Option<serde_json::Value>,
}

impl Model {
    pub(crate) fn of(event: &AuditEvent) -> Result<Self, StoreError> {
        let document = Document {
            actor: event.actor.clone(),
            summary: event.summary.clone(),
            request_id: event.origin.as_ref().map(|origin| origin.request_id.clone()),
            address: event.origin.as_ref().and_then(|origin| origin.address),
            details: event.details.clone(),
        };
        Ok(Self {
            seq: column(event.seq.0),
            id: event.id.as_uuid(),
            at: millis(event.at),
            actor_key: event.actor.key(),
            verb: event.verb.clone(),
            project_id: event.project.map(|id| id.as_uuid()),
            subject: event.subject.clone(),
            outcome: event.outcome.name().to_owned(),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for AuditEvent {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("a record of the audit trail", &row.document)?;
        let outcome = AuditOutcome::ALL
            .into_iter()
            .find(|outcome| outcome.name() == row.outcome)
            .ok_or_else(|| StoreError::corrupt("the outcome of an audited act", shorten(&row.outcome)))?;
        let address = document.address;
        Ok(Self {
            id: AuditEventId::from_uuid(row.id),
            seq: AuditSeq(counter(row.seq)?),
            at: instant(row.at)?,
            actor: document.actor,
            verb: row.verb,
            project: row.project_id.map(ProjectId::from_uuid),
            subject: row.subject,
            summary: document.summary,
            outcome,
            origin: document.request_id.map(|request_id| Origin { request_id, address }),
            details: document.details,
        })
    }
}
