//! Rows of people.

use alm_domain::{User, UserId};
use sea_orm::entity::prelude::*;

use crate::{StoreError, value::instant};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) login: String,
    pub(crate) display_name: String,
    pub(crate) is_admin: bool,
    pub(crate) created_at: i64,
    pub(crate) last_seen_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for User {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: UserId::from_uuid(row.id),
            issuer: row.issuer,
            subject: row.subject,
            login: row.login,
            display_name: row.display_name,
            is_admin: row.is_admin,
            created_at: instant(row.created_at)?,
            last_seen_at: instant(row.last_seen_at)?,
        })
    }
}
