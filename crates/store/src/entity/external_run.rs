//! Rows of runs that nobody here has started.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_runs")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) service_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) run: String,
    pub(crate) build_id: Uuid,
    pub(crate) began_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
