//! Rows of runs: how builds are followed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "build_runs")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) build_id: Uuid,
    pub(crate) event_head: i64,
    pub(crate) line_head: i64,
    pub(crate) log_bytes: i64,
    pub(crate) open_bytes: i64,
    pub(crate) open_segments: i64,
    pub(crate) epoch: i64,
    pub(crate) is_released: bool,
    pub(crate) config_ref: String,
    pub(crate) run_ref: Option<String>,
    pub(crate) resume: Option<String>,
    pub(crate) spec: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(belongs_to = "super::build::Entity", from = "Column::BuildId", to = "super::build::Column::Id")]
    Build,
}

impl ActiveModelBehavior for ActiveModel {}
