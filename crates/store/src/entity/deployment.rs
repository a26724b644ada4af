//! Rows of deployments.

use alm_domain::{
    Actor, BuildId, Commit, Deployment, DeploymentId, DeploymentStatus, EnvironmentId, ProjectId, ServiceId, Timestamp,
    shorten,
};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, maybe_instant, millis, read_json, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deployments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) service_id: Uuid,
    pub(crate) environment_id: Uuid,
    pub(crate) build_id: Uuid,
    pub(crate) by_build_id: Uuid,
    pub(crate) number: i64,
    pub(crate) status: String,
    pub(crate) revision: i64,
    pub(crate) activated_at: Option<i64>,
    pub(crate) lapses_at: Option<i64>,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a deployment no query asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    version: String,
    commit: Option<Commit>,
    #[serde(default)]
    url: Option<String>,
    reason: Option<String>,
    requested_by: Actor,
    requested_at: Timestamp,
    comment: Option<String>,
    finished_at: Option<Timestamp>,
    previous: Option<DeploymentId>,
    takes_back: Option<DeploymentId>,
    #[serde(default)]
    cleared_at: Option<Timestamp>,
}

impl Model {
    pub(crate) fn of(deployment: &Deployment) -> Result<Self, StoreError> {
        let document = Document {
            version: deployment.version.clone(),
            commit: deployment.commit.clone(),
            url: deployment.url.clone(),
            reason: deployment.reason.clone(),
            requested_by: deployment.requested_by.clone(),
            requested_at: deployment.requested_at,
            comment: deployment.comment.clone(),
            finished_at: deployment.finished_at,
            previous: deployment.previous,
            takes_back: deployment.takes_back,
            cleared_at: deployment.cleared_at,
        };
        Ok(Self {
            id: deployment.id.as_uuid(),
            project_id: deployment.project.as_uuid(),
            service_id: deployment.service.as_uuid(),
            environment_id: deployment.environment.as_uuid(),
            build_id: deployment.build.as_uuid(),
            by_build_id: deployment.by.as_uuid(),
            number: deployment.number.into(),
            status: deployment.status.name().to_owned(),
            revision: column(deployment.revision),
            activated_at: deployment.activated_at.map(millis),
            lapses_at: deployment.lapses_at.map(millis),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for Deployment {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of a deployment", &row.document)?;
        let status = DeploymentStatus::ALL.into_iter().find(|status| status.name() == row.status);
        Ok(Self {
            id: DeploymentId::from_uuid(row.id),
            revision: counter(row.revision)?,
            project: ProjectId::from_uuid(row.project_id),
            service: ServiceId::from_uuid(row.service_id),
            environment: EnvironmentId::from_uuid(row.environment_id),
            build: BuildId::from_uuid(row.build_id),
            by: BuildId::from_uuid(row.by_build_id),
            number: counter(row.number)?,
            version: document.version,
            commit: document.commit,
            url: document.url,
            status: status.ok_or_else(|| StoreError::corrupt("the state of a deployment", shorten(&row.status)))?,
            reason: document.reason,
            requested_by: document.requested_by,
            requested_at: document.requested_at,
            comment: document.comment,
            activated_at: maybe_instant(row.activated_at)?,
            finished_at: document.finished_at,
            previous: document.previous,
            takes_back: document.takes_back,
            lapses_at: maybe_instant(row.lapses_at)?,
            cleared_at: document.cleared_at,
        })
    }
}
