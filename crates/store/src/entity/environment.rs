//! Rows of environments.

use alm_domain::{Environment, EnvironmentId, EnvironmentName, EnvironmentRole, ProjectId, Protection, TokenMode};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, instant, maybe_instant, millis, read_json, write_json},
};

pub(crate) const BUILD: &str = "BUILD";
const TARGET: &str = "TARGET";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "environments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) url: String,
    pub(crate) role: String,
    pub(crate) position: i64,
    pub(crate) revision: i64,
    pub(crate) created_at: i64,
    pub(crate) removed_at: Option<i64>,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of an environment no query asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    namespace: Option<String>,
    protection: Protection,
    ca_bundle: Option<String>,
    registry_host: Option<String>,
    token_mode: TokenMode,
}

impl Model {
    pub(crate) fn of(environment: &Environment) -> Result<Self, StoreError> {
        let document = Document {
            namespace: environment.namespace.clone(),
            protection: environment.protection,
            ca_bundle: environment.ca_bundle.clone(),
            registry_host: environment.registry_host.clone(),
            token_mode: environment.token_mode,
        };
        let role = match environment.role {
            EnvironmentRole::Build => BUILD,
            EnvironmentRole::Target => TARGET,
        };
        Ok(Self {
            id: environment.id.as_uuid(),
            project_id: environment.project.as_uuid(),
            name: environment.name.to_string(),
            display_name: environment.display_name.clone(),
            url: environment.url.clone(),
            role: role.to_owned(),
            position: environment.position.into(),
            revision: column(environment.revision),
            created_at: millis(environment.created_at),
            removed_at: environment.removed_at.map(millis),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for Environment {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of an environment", &row.document)?;
        let role = match row.role.as_str() {
            BUILD => EnvironmentRole::Build,
            TARGET => EnvironmentRole::Target,
            other => return Err(StoreError::corrupt("the role of an environment", alm_domain::shorten(other))),
        };
        let name = row.name.parse::<EnvironmentName>();
        Ok(Self {
            id: EnvironmentId::from_uuid(row.id),
            project: ProjectId::from_uuid(row.project_id),
            revision: counter(row.revision)?,
            name: name.map_err(|e| StoreError::corrupt("the name of an environment", e))?,
            display_name: row.display_name,
            url: row.url,
            namespace: document.namespace,
            role,
            position: counter(row.position)?,
            protection: document.protection,
            ca_bundle: document.ca_bundle,
            registry_host: document.registry_host,
            token_mode: document.token_mode,
            created_at: instant(row.created_at)?,
            removed_at: maybe_instant(row.removed_at)?,
        })
    }
}
