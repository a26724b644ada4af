//! Rows of projects' coarse events.

use alm_domain::{
    BuildId, DeploymentId, EnvironmentId, ProjectEvent, ProjectEventKind, ProjectId, ProjectSeq, ServiceId, shorten,
};
use sea_orm::entity::prelude::*;

use crate::{
    StoreError,
    value::{column, counter, instant, millis},
};

const PROJECT_CHANGED: &str = "PROJECT_CHANGED";
const BUILD_ADDED: &str = "BUILD_ADDED";
const BUILD_CHANGED: &str = "BUILD_CHANGED";
const BUILD_REMOVED: &str = "BUILD_REMOVED";
const SERVICE_CHANGED: &str = "SERVICE_CHANGED";
const SERVICE_REMOVED: &str = "SERVICE_REMOVED";
const ENVIRONMENT_CHANGED: &str = "ENVIRONMENT_CHANGED";
const ENVIRONMENT_REMOVED: &str = "ENVIRONMENT_REMOVED";
const DEPLOYMENT_CHANGED: &str = "DEPLOYMENT_CHANGED";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project_events")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) project_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) subject_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(event: &ProjectEvent) -> Self {
        let (kind, subject_id) = match event.kind {
            ProjectEventKind::ProjectChanged => (PROJECT_CHANGED, None),
            ProjectEventKind::BuildAdded(id) => (BUILD_ADDED, Some(id.as_uuid())),
            ProjectEventKind::BuildChanged(id) => (BUILD_CHANGED, Some(id.as_uuid())),
            ProjectEventKind::BuildRemoved(id) => (BUILD_REMOVED, Some(id.as_uuid())),
            ProjectEventKind::ServiceChanged(id) => (SERVICE_CHANGED, Some(id.as_uuid())),
            ProjectEventKind::ServiceRemoved(id) => (SERVICE_REMOVED, Some(id.as_uuid())),
            ProjectEventKind::EnvironmentChanged(id) => (ENVIRONMENT_CHANGED, Some(id.as_uuid())),
            ProjectEventKind::EnvironmentRemoved(id) => (ENVIRONMENT_REMOVED, Some(id.as_uuid())),
            ProjectEventKind::DeploymentChanged(id) => (DEPLOYMENT_CHANGED, Some(id.as_uuid())),
        };
        Self {
            project_id: event.project.as_uuid(),
            seq: column(event.seq.0),
            at: millis(event.at),
            kind: kind.to_owned(),
            subject_id,
        }
    }
}

impl TryFrom<Model> for ProjectEvent {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let kind = match (row.kind.as_str(), row.subject_id) {
            (PROJECT_CHANGED, None) => ProjectEventKind::ProjectChanged,
            (BUILD_ADDED, Some(id)) => ProjectEventKind::BuildAdded(BuildId::from_uuid(id)),
            (BUILD_CHANGED, Some(id)) => ProjectEventKind::BuildChanged(BuildId::from_uuid(id)),
            (BUILD_REMOVED, Some(id)) => ProjectEventKind::BuildRemoved(BuildId::from_uuid(id)),
            (SERVICE_CHANGED, Some(id)) => ProjectEventKind::ServiceChanged(ServiceId::from_uuid(id)),
            (SERVICE_REMOVED, Some(id)) => ProjectEventKind::ServiceRemoved(ServiceId::from_uuid(id)),
            (ENVIRONMENT_CHANGED, Some(id)) => ProjectEventKind::EnvironmentChanged(EnvironmentId::from_uuid(id)),
            (ENVIRONMENT_REMOVED, Some(id)) => ProjectEventKind::EnvironmentRemoved(EnvironmentId::from_uuid(id)),
            (DEPLOYMENT_CHANGED, Some(id)) => ProjectEventKind::DeploymentChanged(DeploymentId::from_uuid(id)),
            (kind, _) => return Err(StoreError::corrupt("an event of a project", shorten(kind))),
        };
        Ok(Self {
            project: ProjectId::from_uuid(row.project_id),
            seq: ProjectSeq(counter(row.seq)?),
            at: instant(row.at)?,
            kind,
        })
    }
}
