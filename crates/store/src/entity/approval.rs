//! Rows of approvals.

use alm_domain::{
    Approval, ApprovalDecision, ApprovalId, ApprovalKey, ApprovalStatus, AwaitedCredential, BuildId, DeploymentId,
    EventSeq, ParameterDefinition, StageKey, Timestamp,
};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, instant, millis, read_json, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "approvals")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) build_id: Uuid,
    pub(crate) revision: i64,
    pub(crate) requested_at: i64,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of an approval no query asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    key: ApprovalKey,
    stage: Option<StageKey>,
    #[serde(default)]
    deployment: Option<DeploymentId>,
    #[serde(default = "one")]
    required: u32,
    #[serde(default = "yes")]
    self_approval: bool,
    status: ApprovalStatus,
    message: String,
    proceed_label: String,
    parameters: Vec<ParameterDefinition>,
    decisions: Vec<ApprovalDecision>,
    #[serde(default)]
    awaits: Option<AwaitedCredential>,
    expires_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

impl Model {
    pub(crate) fn of(approval: &Approval) -> Result<Self, StoreError> {
        let approval = approval.clone();
        let document = Document {
            key: approval.key,
            stage: approval.stage,
            deployment: approval.deployment,
            required: approval.required,
            self_approval: approval.self_approval,
            status: approval.status,
            message: approval.message,
            proceed_label: approval.proceed_label,
            parameters: approval.parameters,
            decisions: approval.decisions,
            awaits: approval.awaits,
            expires_at: approval.expires_at,
            delivered_at: approval.delivered_at,
        };
        Ok(Self {
            id: approval.id.as_uuid(),
            build_id: approval.build.as_uuid(),
            revision: column(approval.revision.0),
            requested_at: millis(approval.requested_at),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for Approval {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of an approval", &row.document)?;
        Ok(Self {
            id: ApprovalId::from_uuid(row.id),
            build: BuildId::from_uuid(row.build_id),
            key: document.key,
            stage: document.stage,
            deployment: document.deployment,
            required: document.required,
            self_approval: document.self_approval,
            revision: EventSeq(counter(row.revision)?),
            status: document.status,
            message: document.message,
            proceed_label: document.proceed_label,
            parameters: document.parameters,
            decisions: document.decisions,
            awaits: document.awaits,
            requested_at: instant(row.requested_at)?,
            expires_at: document.expires_at,
            delivered_at: document.delivered_at,
        })
    }
}
