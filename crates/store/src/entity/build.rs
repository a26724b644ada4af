//! Rows of builds: what is shown of them.

use alm_domain::{
    Actor, Artifact, Build, BuildId, BuildShape, CancelRequest, CapabilityNote, Commit, Deploys, EventSeq, Hold,
    Output, ParameterValue, ProjectId, ProviderId, ReasonCode, RerunOf, ServiceId, StatusReason, Step, Timestamp,
    Trigger, Warning,
};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, instant, maybe_instant, millis, read_json, status, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "builds")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) service_id: Uuid,
    pub(crate) provider_id: Uuid,
    pub(crate) number: i64,
    pub(crate) revision: i64,
    pub(crate) status: String,
    pub(crate) is_complete: bool,
    pub(crate) reference: Option<String>,
    pub(crate) sha: Option<String>,
    pub(crate) actor_key: String,
    pub(crate) queued_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    /// The build whose version it brings somewhere; such a build makes none of its own.
    pub(crate) deploys_build_id: Option<Uuid>,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a build no query asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    reason: Option<StatusReason>,
    shape: BuildShape,
    commit: Option<CommitDocument>,
    trigger: Trigger,
    parameters: Vec<ParameterValue>,
    rerun_of: Option<RerunOf>,
    external_url: Option<String>,
    degraded_since: Option<Timestamp>,
    degraded_reason: Option<String>,
    #[serde(default)]
    degraded_code: Option<ReasonCode>,
    #[serde(default)]
    hold: Option<Hold>,
    #[serde(default)]
    deploys: Option<Deploys>,
    #[serde(default)]
    targets: Vec<String>,
    cancel: Option<CancelRequest>,
    artifacts: Vec<Artifact>,
    #[serde(default)]
    outputs: Vec<Output>,
    #[serde(default)]
    steps: Vec<Step>,
    warnings: Vec<Warning>,
    #[serde(default)]
    without: Vec<CapabilityNote>,
}

/// A commit without its hash, which is a column.
#[derive(Debug, Serialize, Deserialize)]
struct CommitDocument {
    title: Option<String>,
    author: Option<String>,
}

impl Model {
    pub(crate) fn of(build: &Build) -> Result<Self, StoreError> {
        let document = Document {
            reason: build.reason.clone(),
            shape: build.shape,
            commit: build.commit.as_ref().map(|c| CommitDocument { title: c.title.clone(), author: c.author.clone() }),
            trigger: build.trigger.clone(),
            parameters: build.parameters.clone(),
            rerun_of: build.rerun_of.clone(),
            external_url: build.external_url.clone(),
            degraded_since: build.degraded_since,
            degraded_reason: build.degraded_reason.clone(),
            degraded_code: build.degraded_code,
            hold: build.hold.clone(),
            deploys: build.deploys.clone(),
            targets: build.targets.clone(),
            cancel: build.cancel.clone(),
            artifacts: build.artifacts.clone(),
            outputs: build.outputs.clone(),
            steps: build.steps.clone(),
            warnings: build.warnings.clone(),
            without: build.without.clone(),
        };
        Ok(Self {
            id: build.id.as_uuid(),
            project_id: build.project.as_uuid(),
            service_id: build.service.as_uuid(),
            provider_id: build.provider.as_uuid(),
            number: i64::from(build.number),
            revision: column(build.revision.0),
            status: build.status.name().to_owned(),
            is_complete: build.is_complete,
            reference: build.reference.clone(),
            sha: build.commit.as_ref().map(|commit| commit.sha.clone()),
            actor_key: actor_key(&build.trigger.actor),
            queued_at: millis(build.queued_at),
            started_at: build.started_at.map(millis),
            finished_at: build.finished_at.map(millis),
            deploys_build_id: build.deploys.as_ref().map(|deploys| deploys.build.as_uuid()),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for Build {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of a build", &row.document)?;
        let commit = row.sha.map(|sha| {
            let rest = document.commit.unwrap_or(CommitDocument { title: None, author: None });
            Commit { sha, title: rest.title, author: rest.author }
        });
        Ok(Self {
            id: BuildId::from_uuid(row.id),
            project: ProjectId::from_uuid(row.project_id),
            service: ServiceId::from_uuid(row.service_id),
            provider: ProviderId::from_uuid(row.provider_id),
            number: counter(row.number)?,
            revision: EventSeq(counter(row.revision)?),
            status: status(&row.status)?,
            reason: document.reason,
            shape: document.shape,
            reference: row.reference,
            commit,
            trigger: document.trigger,
            parameters: document.parameters,
            rerun_of: document.rerun_of,
            queued_at: instant(row.queued_at)?,
            started_at: maybe_instant(row.started_at)?,
            finished_at: maybe_instant(row.finished_at)?,
            external_url: document.external_url,
            degraded_since: document.degraded_since,
            degraded_reason: document.degraded_reason,
            degraded_code: document.degraded_code,
            hold: document.hold,
            deploys: document.deploys,
            targets: document.targets,
            cancel: document.cancel,
            artifacts: document.artifacts,
            outputs: document.outputs,
            steps: document.steps,
            warnings: document.warnings,
            without: document.without,
            is_complete: row.is_complete,
        })
    }
}

/// The text by which builds are found by who set them off; the same as [`Principal::key`].
fn actor_key(actor: &Actor) -> String {
    actor.key()
}
