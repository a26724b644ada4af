//! Rows of memberships.

use alm_domain::{Membership, ProjectId, ProjectRole, UserId};
use sea_orm::entity::prelude::*;

use crate::{StoreError, value::instant};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) project_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) user_id: Uuid,
    pub(crate) role: i64,
    pub(crate) since: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Membership {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            project: ProjectId::from_uuid(row.project_id),
            user: UserId::from_uuid(row.user_id),
            role: role(row.role)?,
            since: instant(row.since)?,
        })
    }
}

/// A role as a column: the higher number may more.
pub(crate) const fn rank(role: ProjectRole) -> i64 {
    match role {
        ProjectRole::Viewer => 1,
        ProjectRole::Developer => 2,
        ProjectRole::Owner => 3,
    }
}

/// The role of a column.
pub(crate) fn role(column: i64) -> Result<ProjectRole, StoreError> {
    ProjectRole::ALL
        .into_iter()
        .find(|role| rank(*role) == column)
        .ok_or_else(|| StoreError::corrupt("the role of a member", format!("{column} is none")))
}
