//! Connecting accounts: attempts, and the sealed tokens that come of them.

use alm_domain::{
    Binding, EnvironmentId, Grant, GrantId, GrantStatus, OAuthClientId, Principal, ProjectId, Sealed, SecretKind,
    Timestamp, UserId,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::{
    GrantRecord, Store, StoreError,
    audit::Act,
    entity::{environment, grant, oauth_state},
    grants::{own, write},
    secrets,
    value::{instant, millis, read_json, write_json},
    visibility::visible,
};

/// How many attempts that have lapsed are swept out when another one begins.
const SWEPT: u64 = 100;

/// An attempt to connect an account: somebody was sent to a sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The SHA-256 of its state.
    pub state_hash: [u8; 32],
    /// Who.
    pub user: UserId,
    /// Where to.
    pub environment: EnvironmentId,
    /// When it lapses.
    pub expires_at: Timestamp,
    /// By which client.
    pub client: OAuthClientId,
    /// Who has to answer it.
    pub issuer: String,
    /// Where the answer has to arrive.
    pub redirect: String,
    /// Where the person wants to be afterwards.
    pub return_to: String,
}

impl Attempt {
    /// What the PKCE verifier of this attempt is bound to.
    #[must_use]
    pub fn binding(&self) -> Binding {
        verifier(self.user, &self.state_hash)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Document {
    client: OAuthClientId,
    issuer: String,
    redirect: String,
    return_to: String,
}

impl TryFrom<oauth_state::Model> for Attempt {
    type Error = StoreError;

    fn try_from(row: oauth_state::Model) -> Result<Self, StoreError> {
        let document: Document = read_json("an attempt to connect an account", &row.document)?;
        let state_hash = <[u8; 32]>::try_from(row.state_hash.as_slice())
            .map_err(|_| StoreError::corrupt("the hash of a state", "it has another length"))?;
        Ok(Self {
            state_hash,
            user: UserId::from_uuid(row.user_id),
            environment: EnvironmentId::from_uuid(row.environment_id),
            expires_at: instant(row.expires_at)?,
            client: document.client,
            issuer: document.issuer,
            redirect: document.redirect,
            return_to: document.return_to,
        })
    }
}

/// What becomes of the tokens of a grant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TokenChange {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are taken away.
    Forget,
    /// A new access token; and a new refresh token, where there is one.
    Store {
        /// The access token.
        access: Sealed,
        /// A refresh token that takes the place of the one before.
        refresh: Option<Sealed>,
        /// Whether a refresh token that is not replaced stays.
        keep_refresh: bool,
    },
}

impl Store {
    /// Begins an attempt in place of any other of the same person and environment; the grant is PENDING then, unless what was
    /// connected before still works.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller is somebody else, or does not see the environment.
    pub async fn begin_attempt(
        &self,
        principal: &Principal,
        attempt: &Attempt,
        sealed: &Sealed,
    ) -> Result<Grant, StoreError> {
        own(principal, attempt.user)?;
        let now = self.now();
        let document = Document {
            client: attempt.client,
            issuer: attempt.issuer.clone(),
            redirect: attempt.redirect.clone(),
            return_to: attempt.return_to.clone(),
        };
        let row = oauth_state::Model {
            state_hash: attempt.state_hash.to_vec(),
            user_id: attempt.user.as_uuid(),
            environment_id: attempt.environment.as_uuid(),
            expires_at: millis(attempt.expires_at),
            document: write_json(&document)?,
        };
        let tx = self.begin().await?;
        let environment = seen_environment(tx.db(), principal, attempt.environment).await?;
        sweep(tx.db(), now).await?;
        drop_attempts(tx.db(), attempt.environment, attempt.user).await?;
        oauth_state::Entity::insert(row.into_active_model()).exec_without_returning(tx.db()).await?;
        secrets::put(tx.db(), &attempt.binding(), sealed, now, None).await?;
        let mut record = locked(tx.db(), attempt.environment, attempt.user).await?;
        if !record.grant.status.is_usable() {
            record.grant.status = GrantStatus::Pending;
            record.grant.reason = None;
            write(tx.db(), &mut record, Some(attempt.expires_at)).await?;
        }
        self.note(&tx, principal, act("oAuthConnection.start", &environment, &record)).await?;
        tx.commit().await?;
        Ok(record.grant)
    }

    /// Uses the caller's attempt of this state up, in one statement, so that of two who bring the same state one gets it. `None`
    /// where there is none, it has lapsed, was used, or is somebody else's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn use_up_attempt(
        &self,
        principal: &Principal,
        state_hash: &[u8; 32],
    ) -> Result<Option<(Attempt, Sealed)>, StoreError> {
        let Some(user) = principal.user() else { return Ok(None) };
        let tx = self.begin().await?;
        let used = oauth_state::Entity::delete_many()
            .filter(oauth_state::Column::StateHash.eq(state_hash.to_vec()))
            .filter(oauth_state::Column::UserId.eq(user.as_uuid()))
            .filter(oauth_state::Column::ExpiresAt.gt(millis(self.now())))
            .exec_with_returning(tx.db())
            .await?
            .pop();
        let Some(row) = used else { return Ok(None) };
        let attempt = Attempt::try_from(row)?;
        let sealed = secrets::get(tx.db(), &attempt.binding()).await?;
        secrets::remove(tx.db(), &attempt.binding()).await?;
        tx.commit().await?;
        Ok(sealed.map(|sealed| (attempt, sealed)))
    }

    /// Writes what is known of a grant, and what becomes of its tokens. With `expected`, only while its token still has this
    /// number; `check_at` is when it is to be looked at again.
    ///
    /// # Errors
    /// [`StoreError::StaleRevision`] when another one was faster; [`StoreError::NotFound`] when the caller is somebody else, or the
    /// environment is gone.
    pub async fn write_grant(
        &self,
        principal: &Principal,
        grant: Grant,
        tokens: TokenChange,
        expected: Option<u64>,
        check_at: Option<Timestamp>,
    ) -> Result<Grant, StoreError> {
        own(principal, grant.user)?;
        let now = self.now();
        let (environment, user) = (grant.environment, grant.user);
        let tx = self.begin().await?;
        let row = seen_environment(tx.db(), principal, environment).await?;
        let mut record = locked(tx.db(), environment, user).await?;
        if expected.is_some_and(|expected| expected != record.token_version) {
            return Err(StoreError::StaleRevision { current: record.token_version });
        }
        record.grant = grant;
        match &tokens {
            TokenChange::Keep => {}
            TokenChange::Forget => {
                record.token_version += 1;
                forget_tokens(tx.db(), environment, user).await?;
                drop_attempts(tx.db(), environment, user).await?;
            }
            TokenChange::Store { access, refresh, keep_refresh } => {
                record.token_version += 1;
                secrets::put(tx.db(), &token(user, environment, SecretKind::AccessToken), access, now, None).await?;
                let binding = token(user, environment, SecretKind::RefreshToken);
                match refresh {
                    Some(refresh) => secrets::put(tx.db(), &binding, refresh, now, None).await?,
                    None if *keep_refresh => {}
                    None => _ = secrets::remove(tx.db(), &binding).await?,
                }
            }
        }
        write(tx.db(), &mut record, check_at).await?;
        // What the service does to keep a connection alive is nobody's act.
        let verb = match (&tokens, record.grant.status) {
            _ if principal.user().is_none() => None,
            (TokenChange::Store { .. }, _) => Some("oAuthConnection.complete"),
            (TokenChange::Forget, GrantStatus::NotConnected) => Some("oAuthConnection.disconnect"),
            _ => None,
        };
        if let Some(verb) = verb {
            self.note(&tx, principal, act(verb, &row, &record)).await?;
        }
        tx.commit().await?;
        Ok(record.grant)
    }
}

/// What the audit trail is told of a connection.
fn act(verb: &'static str, environment: &environment::Model, record: &GrantRecord) -> Act {
    let summary = format!("account in environment {}", environment.name);
    Act::within(ProjectId::from_uuid(environment.project_id), verb, record.grant.id, summary)
}

/// What a token of a grant is bound to.
#[must_use]
pub fn token(user: UserId, environment: EnvironmentId, kind: SecretKind) -> Binding {
    Binding::new(user, environment, kind)
}

fn verifier(user: UserId, state_hash: &[u8]) -> Binding {
    let name: String = state_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Binding::new(user, name, SecretKind::PkceVerifier)
}

/// The grant of these two, locked until the transaction ends; one that says so where there never was one.
async fn locked(
    db: &impl ConnectionTrait,
    environment: EnvironmentId,
    user: UserId,
) -> Result<GrantRecord, StoreError> {
    let id = GrantId::of(environment, user).as_uuid();
    let row = grant::Entity::find_by_id(id).lock_exclusive().one(db).await?;
    row.map_or_else(
        || Ok(GrantRecord { grant: Grant::none(environment, user), token_version: 0 }),
        GrantRecord::try_from,
    )
}

/// Refuses what concerns an environment that was removed, or that the principal does not see. It stays until the commit.
async fn seen_environment(
    db: &impl ConnectionTrait,
    principal: &Principal,
    id: EnvironmentId,
) -> Result<environment::Model, StoreError> {
    let row = environment::Entity::find_by_id(id.as_uuid())
        .filter(environment::Column::RemovedAt.is_null())
        .filter(visible(principal).projects(environment::Column::ProjectId))
        .lock_shared()
        .one(db)
        .await?;
    row.ok_or(StoreError::NotFound)
}

/// Takes away the tokens of a grant.
pub(crate) async fn forget_tokens(
    db: &impl ConnectionTrait,
    environment: EnvironmentId,
    user: UserId,
) -> Result<(), StoreError> {
    for kind in [SecretKind::AccessToken, SecretKind::RefreshToken] {
        secrets::remove(db, &token(user, environment, kind)).await?;
    }
    Ok(())
}

/// Takes away the attempts of these two.
pub(crate) async fn drop_attempts(
    db: &impl ConnectionTrait,
    environment: EnvironmentId,
    user: UserId,
) -> Result<(), StoreError> {
    let of_both = Condition::all()
        .add(oauth_state::Column::EnvironmentId.eq(environment.as_uuid()))
        .add(oauth_state::Column::UserId.eq(user.as_uuid()));
    drop_where(db, of_both).await
}

/// Takes away attempts that have lapsed.
async fn sweep(db: &impl ConnectionTrait, now: Timestamp) -> Result<(), StoreError> {
    let lapsed: Vec<Vec<u8>> = oauth_state::Entity::find()
        .filter(oauth_state::Column::ExpiresAt.lte(millis(now)))
        .select_only()
        .column(oauth_state::Column::StateHash)
        .limit(SWEPT)
        .into_tuple()
        .all(db)
        .await?;
    if lapsed.is_empty() {
        return Ok(());
    }
    drop_where(db, Condition::all().add(oauth_state::Column::StateHash.is_in(lapsed))).await
}

async fn drop_where(db: &impl ConnectionTrait, which: Condition) -> Result<(), StoreError> {
    for row in oauth_state::Entity::delete_many().filter(which).exec_with_returning(db).await? {
        secrets::remove(db, &verifier(UserId::from_uuid(row.user_id), &row.state_hash)).await?;
    }
    Ok(())
}
