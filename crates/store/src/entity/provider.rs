//! Rows of providers.

use alm_domain::{Actor, Capability, Provider, ProviderHealth, ProviderId, ProviderKind, Settings, Slug, shorten};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, instant, millis, read_json, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "providers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) display_name: String,
    pub(crate) kind: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) revision: i64,
    pub(crate) registered_at: i64,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a provider no query asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) settings: Settings,
    pub(crate) version: Option<String>,
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) health: Option<ProviderHealth>,
    pub(crate) registered_by: Actor,
}

impl Model {
    pub(crate) fn of(provider: &Provider) -> Result<Self, StoreError> {
        let document = Document {
            settings: provider.settings.clone(),
            version: provider.version.clone(),
            capabilities: provider.capabilities.clone(),
            health: provider.health.clone(),
            registered_by: provider.registered_by.clone(),
        };
        Ok(Self {
            id: provider.id.as_uuid(),
            slug: provider.slug.to_string(),
            display_name: provider.display_name.clone(),
            kind: provider.kind.name().to_owned(),
            endpoint: provider.endpoint.clone(),
            enabled: provider.enabled,
            revision: column(provider.revision),
            registered_at: millis(provider.registered_at),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for Provider {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of a provider", &row.document)?;
        let kind = ProviderKind::ALL
            .into_iter()
            .find(|kind| kind.name() == row.kind)
            .ok_or_else(|| StoreError::corrupt("the kind of a provider", shorten(&row.kind)))?;
        Ok(Self {
            id: ProviderId::from_uuid(row.id),
            revision: counter(row.revision)?,
            slug: row.slug.parse::<Slug>().map_err(|e| StoreError::corrupt("the slug of a provider", e))?,
            display_name: row.display_name,
            kind,
            endpoint: row.endpoint,
            enabled: row.enabled,
            settings: document.settings,
            version: document.version,
            capabilities: document.capabilities,
            health: document.health,
            registered_by: document.registered_by,
            registered_at: instant(row.registered_at)?,
        })
    }
}
