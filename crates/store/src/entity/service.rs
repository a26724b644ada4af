//! Rows of build services.

use alm_domain::{Actor, BuildService, EnvironmentId, ProjectId, ProviderId, RepositoryRef, ServiceId, Settings, Slug};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{counter, instant, maybe_instant, read_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "services")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) provider_id: Uuid,
    pub(crate) slug: String,
    pub(crate) display_name: String,
    pub(crate) config_ref: Option<String>,
    pub(crate) revision: i64,
    pub(crate) last_number: i64,
    pub(crate) created_at: i64,
    pub(crate) removed_at: Option<i64>,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a build service no query asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) repository: RepositoryRef,
    pub(crate) settings: Settings,
    #[serde(default)]
    pub(crate) environments: Option<Vec<EnvironmentId>>,
    /// Who removed it.
    #[serde(default)]
    pub(crate) removed_by: Option<Actor>,
}

impl TryFrom<Model> for BuildService {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of a build service", &row.document)?;
        Ok(Self {
            id: ServiceId::from_uuid(row.id),
            project: ProjectId::from_uuid(row.project_id),
            provider: ProviderId::from_uuid(row.provider_id),
            revision: counter(row.revision)?,
            slug: row.slug.parse::<Slug>().map_err(|e| StoreError::corrupt("the slug of a build service", e))?,
            display_name: row.display_name,
            repository: document.repository,
            settings: document.settings,
            environments: document.environments,
            config_ref: row.config_ref,
            created_at: instant(row.created_at)?,
            removed_at: maybe_instant(row.removed_at)?,
        })
    }
}
