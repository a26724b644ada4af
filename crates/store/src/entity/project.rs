//! Rows of projects.

use alm_domain::{Project, ProjectId, ProjectSeq, Slug};
use sea_orm::entity::prelude::*;

use crate::{
    StoreError,
    value::{counter, instant},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "projects")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) display_name: String,
    pub(crate) sort_name: String,
    pub(crate) search_text: String,
    pub(crate) description: Option<String>,
    pub(crate) is_archived: bool,
    pub(crate) revision: i64,
    pub(crate) event_head: i64,
    pub(crate) active_at: i64,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Project {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: ProjectId::from_uuid(row.id),
            revision: ProjectSeq(counter(row.revision)?),
            slug: row.slug.parse::<Slug>().map_err(|e| StoreError::corrupt("the slug of a project", e))?,
            display_name: row.display_name,
            description: row.description,
            is_archived: row.is_archived,
            created_at: instant(row.created_at)?,
        })
    }
}

/// How a name is sorted; cut so that a position stays short.
pub(crate) fn sort_name(display_name: &str) -> String {
    display_name.to_lowercase().chars().take(60).collect()
}

/// What a search looks in.
pub(crate) fn search_text(slug: &str, display_name: &str) -> String {
    format!("{slug}\n{}", display_name.to_lowercase())
}
