//! Personal access tokens. What makes one work is never stored, only its hash.

use alm_domain::{PersonalToken, PersonalTokenId, Principal, ProjectId, Timestamp, TokenScope, User, UserId};
use chrono::TimeDelta;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
};

use crate::{
    Store, StoreError,
    audit::Act,
    entity::{personal_token, project, user},
    value::{instant, millis, storable, write_json},
    visibility::visible,
};

/// How exactly it is known when a token was used last.
const USED: TimeDelta = TimeDelta::minutes(1);
/// Nobody has more tokens.
const MOST_TOKENS: u64 = 100;

/// A personal access token to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPersonalToken {
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// The projects beyond which it sees nothing.
    pub projects: Option<Vec<ProjectId>>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
}

impl Store {
    /// Makes a token of the principal.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] for one who has not signed in himself; [`StoreError::NotFound`] where a project is not visible;
    /// [`StoreError::Invalid`] where there are too many tokens.
    pub async fn create_personal_token(
        &self,
        principal: &Principal,
        new: NewPersonalToken,
    ) -> Result<PersonalToken, StoreError> {
        let owner = signed_in(principal)?;
        storable("name", &new.name)?;
        let document = personal_token::Document {
            name: new.name,
            scopes: new.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
            projects: new.projects,
        };
        let row = personal_token::Model {
            id: PersonalTokenId::generate(self.ids()).as_uuid(),
            user_id: owner.as_uuid(),
            hash: new.hash.to_vec(),
            created_at: millis(self.now()),
            expires_at: millis(new.expires_at),
            last_used_at: None,
            document: write_json(&document)?,
        };
        let tx = self.begin().await?;
        if let Some(projects) = &document.projects {
            let seen = project::Entity::find()
                .filter(project::Column::Id.is_in(projects.iter().map(|id| id.as_uuid())))
                .filter(visible(principal).projects(project::Column::Id));
            if seen.count(tx.db()).await? < projects.len() as u64 {
                return Err(StoreError::NotFound);
            }
        }
        let own = personal_token::Entity::find().filter(personal_token::Column::UserId.eq(row.user_id));
        if own.count(tx.db()).await? >= MOST_TOKENS {
            let problem = format!("there are {MOST_TOKENS} tokens already: revoke one that is not needed any more");
            return Err(StoreError::Invalid { field: "name", problem });
        }
        personal_token::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await?;
        let id = PersonalTokenId::from_uuid(row.id);
        let act = Act::instance("personalToken.create", id, format!("personal access token {}", document.name));
        self.note(&tx, principal, act).await?;
        tx.commit().await?;
        row.try_into()
    }

    /// The principal's own tokens, newest first, those that have ended too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn personal_tokens(&self, principal: &Principal) -> Result<Vec<PersonalToken>, StoreError> {
        let Ok(owner) = signed_in(principal) else { return Ok(Vec::new()) };
        personal_token::Entity::find()
            .filter(personal_token::Column::UserId.eq(owner.as_uuid()))
            .order_by_desc(personal_token::Column::Id)
            .all(self.reader())
            .await?
            .into_iter()
            .map(PersonalToken::try_from)
            .collect()
    }

    /// Takes one of the principal's own tokens back, for ever.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] for one who has not signed in himself; [`StoreError::NotFound`] also for a token of somebody else.
    pub async fn revoke_personal_token(
        &self,
        principal: &Principal,
        id: PersonalTokenId,
    ) -> Result<PersonalToken, StoreError> {
        let owner = signed_in(principal)?;
        let tx = self.begin().await?;
        let row = personal_token::Entity::find_by_id(id.as_uuid())
            .filter(personal_token::Column::UserId.eq(owner.as_uuid()))
            .one(tx.db())
            .await?
            .ok_or(StoreError::NotFound)?;
        personal_token::Entity::delete_by_id(row.id).exec(tx.db()).await?;
        let revoked = PersonalToken::try_from(row)?;
        let act = Act::instance("personalToken.revoke", id, format!("personal access token {}", revoked.name));
        self.note(&tx, principal, act).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    /// The token with this hash and its owner, if it has not ended. That it was used is noted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn personal_token_by_hash(&self, hash: &[u8; 32]) -> Result<Option<(PersonalToken, User)>, StoreError> {
        let now = self.now();
        let row = personal_token::Entity::find()
            .filter(personal_token::Column::Hash.eq(hash.to_vec()))
            .one(self.reader())
            .await?;
        let Some(row) = row.filter(|row| row.expires_at > millis(now)) else { return Ok(None) };
        let Some(owner) = user::Entity::find_by_id(row.user_id).one(self.reader()).await? else { return Ok(None) };
        let is_news = match row.last_used_at {
            Some(at) => now - instant(at)? >= USED,
            None => true,
        };
        if is_news {
            let tx = self.begin().await?;
            let used = personal_token::ActiveModel {
                id: Unchanged(row.id),
                last_used_at: Set(Some(millis(now))),
                ..Default::default()
            };
            match used.update(tx.db()).await {
                Ok(_) => tx.commit().await?,
                // Taken back at this very moment.
                Err(sea_orm::DbErr::RecordNotUpdated) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some((row.try_into()?, owner.try_into()?)))
    }
}

/// Who makes and takes back tokens: a person who has signed in, never a token.
fn signed_in(principal: &Principal) -> Result<UserId, StoreError> {
    let person = principal.user().filter(|_| principal.is_signed_in());
    person.ok_or(StoreError::Forbidden("a token cannot make or revoke tokens: sign in yourself"))
}
