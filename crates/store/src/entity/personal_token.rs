//! Rows of personal access tokens.

use alm_domain::{PersonalToken, PersonalTokenId, ProjectId, TokenScope, UserId, shorten};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{instant, maybe_instant, read_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "personal_tokens")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) hash: Vec<u8>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) last_used_at: Option<i64>,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a token no query asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) projects: Option<Vec<ProjectId>>,
}

impl TryFrom<Model> for PersonalToken {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of a personal token", &row.document)?;
        let scope = |name: &String| {
            let known = TokenScope::ALL.into_iter().find(|scope| scope.name() == name);
            known.ok_or_else(|| StoreError::corrupt("the scope of a personal token", shorten(name)))
        };
        Ok(Self {
            id: PersonalTokenId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            name: document.name,
            scopes: document.scopes.iter().map(scope).collect::<Result<_, _>>()?,
            projects: document.projects,
            created_at: instant(row.created_at)?,
            expires_at: instant(row.expires_at)?,
            last_used_at: maybe_instant(row.last_used_at)?,
        })
    }
}
