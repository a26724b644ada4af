//! People who have signed in.

use alm_domain::{Actor, Principal, Timestamp, User, UserId};
use chrono::TimeDelta;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};

use crate::{
    Store, StoreError,
    among::among,
    entity::user,
    error::is_unique_violation,
    value::{millis, storable},
};

/// How exactly it is known when a person was here last.
const SEEN: TimeDelta = TimeDelta::minutes(1);
/// How often a sign-in is tried again because another one took the login at the same moment.
const MOST_TRIES: usize = 3;
/// How many people a search finds.
const MOST_FOUND: u64 = 50;
/// Who vouches for the one user of single-user mode. No issuer is called so: theirs are addresses.
const LOCAL: &str = "local";

/// What an issuer vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The issuer, or the cluster.
    pub issuer: String,
    /// What it calls this person, for ever.
    pub subject: String,
    /// The short name that this person would like to have.
    pub login: String,
    /// Name for display.
    pub display_name: String,
    /// Whether the settings make this person an administrator.
    pub is_admin: bool,
}

impl Store {
    /// The person who signs in: a new one, or the one that is known by this subject, with what the issuer now tells of it. A
    /// login that somebody else has is not given away: this person's then ends with a few letters of its id.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for what cannot be stored; [`StoreError::Unavailable`].
    pub async fn sign_in(&self, seen: &SignIn) -> Result<User, StoreError> {
        for (field, text) in
            [("iss", &seen.issuer), ("sub", &seen.subject), ("login", &seen.login), ("name", &seen.display_name)]
        {
            storable(field, text)?;
        }
        if let Some(known) = self.user_of(self.reader(), seen).await?
            && !is_news(&known, seen, self.now())
        {
            return known.try_into();
        }
        let mut tries = 0;
        loop {
            match self.try_sign_in(seen).await {
                Err(StoreError::Taken { .. }) if tries < MOST_TRIES => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn try_sign_in(&self, seen: &SignIn) -> Result<User, StoreError> {
        let now = self.now();
        let tx = self.begin().await?;
        let known = self.user_of(tx.db(), seen).await?;
        let id = known.as_ref().map_or_else(|| UserId::generate(self.ids()).as_uuid(), |row| row.id);
        let holder = user::Entity::find().filter(user::Column::Login.eq(seen.login.as_str())).one(tx.db()).await?;
        let login = match (&known, holder) {
            (_, None) => seen.login.clone(),
            (_, Some(holder)) if holder.id == id => seen.login.clone(),
            (Some(known), _) => known.login.clone(),
            (None, _) => format!("{}-{}", seen.login, &id.as_simple().to_string()[26..]),
        };
        let row = user::Model {
            id,
            issuer: seen.issuer.clone(),
            subject: seen.subject.clone(),
            login,
            display_name: seen.display_name.clone(),
            is_admin: seen.is_admin,
            created_at: known.as_ref().map_or(millis(now), |row| row.created_at),
            last_seen_at: millis(now),
        };
        let stored = row.clone().into_active_model();
        let written = match known {
            Some(_) => user::Entity::update(stored.reset_all()).exec_without_returning(tx.db()).await.map(|_| ()),
            None => user::Entity::insert(stored).exec_without_returning(tx.db()).await.map(|_| ()),
        };
        written.map_err(|e| if is_unique_violation(&e) { StoreError::Taken { field: "login" } } else { e.into() })?;
        tx.commit().await?;
        row.try_into()
    }

    async fn user_of(&self, db: &impl ConnectionTrait, seen: &SignIn) -> Result<Option<user::Model>, StoreError> {
        let known = user::Entity::find()
            .filter(user::Column::Issuer.eq(seen.issuer.as_str()))
            .filter(user::Column::Subject.eq(seen.subject.as_str()));
        Ok(known.one(db).await?)
    }

    /// The people with these ids, in any order; those that there are not are left out. Everybody on the instance may know who
    /// else is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn users(&self, _principal: &Principal, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), user::Entity::find(), user::Column::Id, ids).await
    }

    /// The person with exactly this login.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn user_by_login(&self, _principal: &Principal, login: &str) -> Result<Option<User>, StoreError> {
        storable("login", login)?;
        let row = user::Entity::find().filter(user::Column::Login.eq(login)).one(self.reader()).await?;
        row.map(User::try_from).transpose()
    }

    /// The people whose logins begin so, by login; at most 50.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn search_users(&self, _principal: &Principal, login: &str, limit: u64) -> Result<Vec<User>, StoreError> {
        storable("search", login)?;
        // Logins are sorted by their bytes, so those that begin so stand together.
        user::Entity::find()
            .filter(user::Column::Login.gte(login))
            .filter(user::Column::Login.lt(format!("{login}{}", char::MAX)))
            .order_by_asc(user::Column::Login)
            .limit(limit.min(MOST_FOUND))
            .all(self.reader())
            .await?
            .into_iter()
            .map(User::try_from)
            .collect()
    }

    /// Notes the one user of single-user mode, so that projects can be its own.
    pub(crate) async fn note_single_user(&self) -> Result<(), StoreError> {
        let Actor::User { id, login, display_name } = Principal::single_user().actor else { return Ok(()) };
        let now = millis(self.now());
        let row = user::Model {
            id: id.as_uuid(),
            issuer: LOCAL.to_owned(),
            subject: login.clone(),
            login,
            display_name,
            is_admin: true,
            created_at: now,
            last_seen_at: now,
        };
        if user::Entity::find_by_id(row.id).one(self.reader()).await?.is_some() {
            return Ok(());
        }
        let tx = self.begin().await?;
        user::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::column(user::Column::Id).do_nothing().to_owned())
            .exec_without_returning(tx.db())
            .await?;
        tx.commit().await
    }
}

/// Whether what is known of a person is to be written anew.
fn is_news(known: &user::Model, seen: &SignIn, now: Timestamp) -> bool {
    let has_own_login = known.login == seen.login || known.login.starts_with(&format!("{}-", seen.login));
    !has_own_login
        || known.display_name != seen.display_name
        || known.is_admin != seen.is_admin
        || millis(now) - known.last_seen_at >= SEEN.num_milliseconds()
}
