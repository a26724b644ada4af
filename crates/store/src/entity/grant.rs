//! Rows of what people have connected.

use alm_domain::{EnvironmentId, Grant, GrantId, GrantStatus, Timestamp, UserId};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, maybe_instant, millis, read_json, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "grants")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) environment_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) revision: i64,
    pub(crate) token_version: i64,
    pub(crate) status: String,
    pub(crate) expires_at: Option<i64>,
    pub(crate) check_at: Option<i64>,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a grant no query asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    reason: Option<String>,
    account: Option<String>,
    scopes: Vec<String>,
    connected_at: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    renews_itself: bool,
    checked_at: Option<Timestamp>,
    #[serde(default)]
    is_own_token: bool,
}

impl Model {
    pub(crate) fn of(grant: &Grant, token_version: u64, check_at: Option<Timestamp>) -> Result<Self, StoreError> {
        let document = Document {
            reason: grant.reason.clone(),
            account: grant.account.clone(),
            scopes: grant.scopes.clone(),
            connected_at: grant.connected_at,
            issued_at: grant.issued_at,
            renews_itself: grant.renews_itself,
            checked_at: grant.checked_at,
            is_own_token: grant.is_own_token,
        };
        Ok(Self {
            id: grant.id.as_uuid(),
            environment_id: grant.environment.as_uuid(),
            user_id: grant.user.as_uuid(),
            revision: column(grant.revision),
            token_version: column(token_version),
            status: grant.status.name().to_owned(),
            expires_at: grant.expires_at.map(millis),
            check_at: check_at.map(millis),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for Grant {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of a grant", &row.document)?;
        let status = GrantStatus::ALL.into_iter().find(|status| status.name() == row.status);
        Ok(Self {
            id: GrantId::from_uuid(row.id),
            environment: EnvironmentId::from_uuid(row.environment_id),
            user: UserId::from_uuid(row.user_id),
            revision: counter(row.revision)?,
            status: status
                .ok_or_else(|| StoreError::corrupt("the state of a grant", alm_domain::shorten(&row.status)))?,
            reason: document.reason,
            account: document.account,
            scopes: document.scopes,
            connected_at: document.connected_at,
            issued_at: document.issued_at,
            expires_at: maybe_instant(row.expires_at)?,
            renews_itself: document.renews_itself,
            checked_at: document.checked_at,
            is_own_token: document.is_own_token,
        })
    }
}
