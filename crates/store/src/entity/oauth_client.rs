//! Rows of OAuth clients.

use alm_domain::{EnvironmentId, OAuthClient, OAuthClientId, TokenMode};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    value::{column, counter, instant, millis, read_json, write_json},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_clients")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) origin: String,
    /// Nil where it is for all of the origin.
    pub(crate) environment_id: Uuid,
    pub(crate) revision: i64,
    pub(crate) created_at: i64,
    pub(crate) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of a client no query asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    client_id: Option<String>,
    has_secret: bool,
    issuer: Option<String>,
    scopes: Vec<String>,
    token_hosts: Vec<String>,
    own_token: Vec<TokenMode>,
    forward_tokens_for_us: bool,
    audience: Option<String>,
}

impl Model {
    pub(crate) fn of(client: &OAuthClient) -> Result<Self, StoreError> {
        let document = Document {
            client_id: client.client_id.clone(),
            has_secret: client.has_secret,
            issuer: client.issuer.clone(),
            scopes: client.scopes.clone(),
            token_hosts: client.token_hosts.clone(),
            own_token: client.own_token.clone(),
            forward_tokens_for_us: client.forward_tokens_for_us,
            audience: client.audience.clone(),
        };
        Ok(Self {
            id: client.id.as_uuid(),
            origin: client.origin.clone(),
            environment_id: client.environment.map_or(Uuid::nil(), EnvironmentId::as_uuid),
            revision: column(client.revision),
            created_at: millis(client.created_at),
            document: write_json(&document)?,
        })
    }
}

impl TryFrom<Model> for OAuthClient {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let document: Document = read_json("the document of an OAuth client", &row.document)?;
        Ok(Self {
            id: OAuthClientId::from_uuid(row.id),
            revision: counter(row.revision)?,
            origin: row.origin,
            environment: (!row.environment_id.is_nil()).then(|| EnvironmentId::from_uuid(row.environment_id)),
            client_id: document.client_id,
            has_secret: document.has_secret,
            issuer: document.issuer,
            scopes: document.scopes,
            token_hosts: document.token_hosts,
            own_token: document.own_token,
            forward_tokens_for_us: document.forward_tokens_for_us,
            audience: document.audience,
            created_at: instant(row.created_at)?,
        })
    }
}
