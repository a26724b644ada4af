//! Rows of stages.

use alm_domain::{
    BuildId, EventSeq, Paused, RunStatus, Stage, StageAttempt, StageId, StageKey, StageKind, StatusReason, Timestamp,
};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, read_json, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stages")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) build_id: Uuid,
    pub(crate) position: i64,
    pub(crate) revision: i64,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a stage no query asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    key: StageKey,
    name: String,
    kind: StageKind,
    status: RunStatus,
    reason: Option<StatusReason>,
    parent: Option<StageKey>,
    depends_on: Vec<StageKey>,
    queued_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    #[serde(default)]
    paused: Option<Paused>,
    attempts: Vec<StageAttempt>,
    environment: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    url: Option<String>,
    agent: Option<String>,
}

impl Model {
    pub(crate) fn of(stage: &Stage) -> Result<Self, StoreError> {
        let stage = stage.clone();
        let document = Document {
            key: stage.key,
            name: stage.name,
            kind: stage.kind,
            status: stage.status,
            reason: stage.reason,
            parent: stage.parent,
            depends_on: stage.depends_on,
            queued_at: stage.queued_at,
            started_at: stage.started_at,
            finished_at: stage.finished_at,
            paused: stage.paused,
            attempts: stage.attempts,
            environment: stage.environment,
            namespace: stage.namespace,
            url: stage.url,
            agent: stage.agent,
        };
        Ok(Self {
            id: stage.id.as_uuid(),
            build_id: stage.build.as_uuid(),
            position: i64::from(stage.position),
            revision: column(stage.revision.0),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for Stage {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of a stage", &row.document)?;
        Ok(Self {
            id: StageId::from_uuid(row.id),
            build: BuildId::from_uuid(row.build_id),
            revision: EventSeq(counter(row.revision)?),
            key: document.key,
            name: document.name,
            kind: document.kind,
            status: document.status,
            reason: document.reason,
            parent: document.parent,
            depends_on: document.depends_on,
            position: counter(row.position)?,
            queued_at: document.queued_at,
            started_at: document.started_at,
            finished_at: document.finished_at,
            paused: document.paused,
            attempts: document.attempts,
            environment: document.environment,
            namespace: document.namespace,
            url: document.url,
            agent: document.agent,
        })
    }
}
