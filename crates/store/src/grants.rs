//! What people have connected: one person, one environment. Each sees and changes their own only.
//!
//! Whoever changes a grant counts its owner's changes up, and the grant keeps the number as its revision: so a reader that asks
//! for what is newer than a number gets the newest state of everything that changed since.

use alm_domain::{
    Environment, EnvironmentId, Grant, GrantId, GrantStatus, Principal, ProjectRole, Role, Timestamp, UserId, ViewerSeq,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, OnConflict, Query, SelectStatement},
};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    among::among,
    connections::{drop_attempts, forget_tokens},
    entity::{environment, grant, membership, viewer_head},
    value::{column, counter, millis},
    visibility::visible,
};

/// Most grants that are shown of one person.
const MOST_SHOWN: u64 = 200;

/// A grant with the number of its token: whoever replaces the token says which one, so that of two who renew it at once one is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRecord {
    /// What is known of it.
    pub grant: Grant,
    /// Grows whenever its token is stored or taken away.
    pub token_version: u64,
}

impl Store {
    /// The caller's grants with these ids, in any order; those that there are not, and other people's, are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn grants(&self, principal: &Principal, ids: &[GrantId]) -> Result<Vec<Grant>, StoreError> {
        let Some(user) = principal.user() else { return Ok(Vec::new()) };
        let rows = grant::Entity::find()
            .filter(grant::Column::UserId.eq(user.as_uuid()))
            .filter(grant::Column::EnvironmentId.in_subquery(seen(principal)));
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, grant::Column::Id, ids).await
    }

    /// What the caller has in each of these environments; [`Grant::none`] where nothing was ever connected.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn grants_in(
        &self,
        principal: &Principal,
        environments: &[EnvironmentId],
    ) -> Result<Vec<Grant>, StoreError> {
        let Some(user) = principal.user() else { return Ok(Vec::new()) };
        let ids: Vec<GrantId> = environments.iter().map(|environment| GrantId::of(*environment, user)).collect();
        let mut found = self.grants(principal, &ids).await?;
        for environment in environments {
            if !found.iter().any(|grant| grant.environment == *environment) {
                found.push(Grant::none(*environment, user));
            }
        }
        Ok(found)
    }

    /// The caller's grants in environments that were not removed, most urgent first; at most 200.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn connections(&self, principal: &Principal) -> Result<Vec<Grant>, StoreError> {
        let Some(user) = principal.user() else { return Ok(Vec::new()) };
        let living = seen(principal).and_where(environment::Column::RemovedAt.is_null()).to_owned();
        let rows = grant::Entity::find()
            .filter(grant::Column::UserId.eq(user.as_uuid()))
            .filter(grant::Column::EnvironmentId.in_subquery(living))
            .order_by_desc(grant::Column::Revision)
            .limit(MOST_SHOWN)
            .all(self.reader())
            .await?;
        let mut found = rows.into_iter().map(Grant::try_from).collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(|grant| grant.status.urgency());
        Ok(found)
    }

    /// The number of the last change of what the caller has connected.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn viewer_head(&self, principal: &Principal) -> Result<ViewerSeq, StoreError> {
        let Some(user) = principal.user() else { return Ok(ViewerSeq::ZERO) };
        let row = viewer_head::Entity::find_by_id(user.as_uuid()).one(self.reader()).await?;
        row.map_or(Ok(ViewerSeq::ZERO), |row| counter(row.head).map(ViewerSeq))
    }

    /// The caller's grants that changed after this, in the order of their last changes; at most so many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn viewer_changes(
        &self,
        principal: &Principal,
        after: ViewerSeq,
        limit: u64,
    ) -> Result<Vec<Grant>, StoreError> {
        let Some(user) = principal.user() else { return Ok(Vec::new()) };
        grant::Entity::find()
            .filter(grant::Column::UserId.eq(user.as_uuid()))
            .filter(grant::Column::Revision.gt(column(after.0)))
            .filter(grant::Column::EnvironmentId.in_subquery(seen(principal)))
            .order_by_asc(grant::Column::Revision)
            .limit(limit)
            .all(self.reader())
            .await?
            .into_iter()
            .map(Grant::try_from)
            .collect()
    }

    /// What this person has in this environment, with the number of its token. For the person and for the service itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for anybody else.
    pub async fn grant_record(
        &self,
        principal: &Principal,
        environment: EnvironmentId,
        user: UserId,
    ) -> Result<GrantRecord, StoreError> {
        own(principal, user)?;
        let row = grant::Entity::find_by_id(GrantId::of(environment, user).as_uuid()).one(self.reader()).await?;
        row.map_or_else(
            || Ok(GrantRecord { grant: Grant::none(environment, user), token_version: 0 }),
            GrantRecord::try_from,
        )
    }

    /// Who may start builds in the project of an environment and has an account there, or, where people's own sign-ins are used there,
    /// may have one while they are here: owners first, then by when they came. Only for the service itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for anybody else.
    pub async fn builders_with_account(
        &self,
        principal: &Principal,
        environment: &Environment,
    ) -> Result<Vec<UserId>, StoreError> {
        service_itself(principal)?;
        let mut connected = Query::select();
        connected
            .column(grant::Column::UserId)
            .from(grant::Entity)
            .and_where(Expr::col(grant::Column::EnvironmentId).eq(environment.id.as_uuid()));
        if !environment.token_mode.is_own_token() {
            let usable = GrantStatus::ALL.into_iter().filter(|status| status.is_usable());
            connected.and_where(Expr::col(grant::Column::Status).is_in(usable.map(GrantStatus::name)));
        }
        let ids: Vec<Uuid> = membership::Entity::find()
            .filter(membership::Column::ProjectId.eq(environment.project.as_uuid()))
            .filter(membership::Column::Role.gte(membership::rank(ProjectRole::Developer)))
            .filter(membership::Column::UserId.in_subquery(connected))
            .order_by_desc(membership::Column::Role)
            .order_by_asc(membership::Column::Since)
            .order_by_asc(membership::Column::UserId)
            .select_only()
            .column(membership::Column::UserId)
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(ids.into_iter().map(UserId::from_uuid).collect())
    }

    /// Grants that are due to be looked at, those that have waited longest first. Only for the service itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for anybody else.
    pub async fn grants_to_check(
        &self,
        principal: &Principal,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<(GrantRecord, Environment)>, StoreError> {
        service_itself(principal)?;
        let rows = grant::Entity::find()
            .filter(grant::Column::CheckAt.lte(millis(now)))
            .order_by_asc(grant::Column::CheckAt)
            .limit(limit)
            .all(self.reader())
            .await?;
        self.with_environments(principal, rows).await
    }

    /// All that is known of what this person has in environments that were not removed, the newest first; at most 200. Only for the
    /// service itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for anybody else.
    pub async fn grants_of(
        &self,
        principal: &Principal,
        user: UserId,
    ) -> Result<Vec<(GrantRecord, Environment)>, StoreError> {
        service_itself(principal)?;
        let living = seen(principal).and_where(environment::Column::RemovedAt.is_null()).to_owned();
        let rows = grant::Entity::find()
            .filter(grant::Column::UserId.eq(user.as_uuid()))
            .filter(grant::Column::EnvironmentId.in_subquery(living))
            .order_by_desc(grant::Column::Revision)
            .limit(MOST_SHOWN)
            .all(self.reader())
            .await?;
        self.with_environments(principal, rows).await
    }

    async fn with_environments(
        &self,
        principal: &Principal,
        rows: Vec<grant::Model>,
    ) -> Result<Vec<(GrantRecord, Environment)>, StoreError> {
        let ids: Vec<_> = rows.iter().map(|row| EnvironmentId::from_uuid(row.environment_id)).collect();
        let environments = self.environments(principal, &ids).await?;
        let of = |id| environments.iter().find(|environment| environment.id == id).cloned();
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let record = GrantRecord::try_from(row)?;
            let environment = of(record.grant.environment);
            found.extend(environment.map(|environment| (record, environment)));
        }
        Ok(found)
    }

    /// When the next grant is due to be looked at.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn next_check(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = grant::Entity::find()
            .filter(grant::Column::CheckAt.is_not_null())
            .order_by_asc(grant::Column::CheckAt)
            .one(self.reader())
            .await?;
        crate::value::maybe_instant(row.and_then(|row| row.check_at))
    }
}

impl TryFrom<grant::Model> for GrantRecord {
    type Error = StoreError;

    fn try_from(row: grant::Model) -> Result<Self, StoreError> {
        let token_version = counter(row.token_version)?;
        Ok(Self { grant: row.try_into()?, token_version })
    }
}

/// The environments that the principal sees, removed ones too.
fn seen(principal: &Principal) -> SelectStatement {
    Query::select()
        .column(environment::Column::Id)
        .from(environment::Entity)
        .cond_where(visible(principal).projects(environment::Column::ProjectId))
        .to_owned()
}

/// Refuses everybody but the person and the service itself.
pub(crate) fn own(principal: &Principal, user: UserId) -> Result<(), StoreError> {
    if principal.user() == Some(user) { Ok(()) } else { service_itself(principal) }
}

/// Refuses everybody but the service itself.
pub(crate) fn service_itself(principal: &Principal) -> Result<(), StoreError> {
    if principal.role == Role::System { Ok(()) } else { Err(StoreError::NotFound) }
}

/// Writes a grant as its owner's newest change.
pub(crate) async fn write(
    db: &impl ConnectionTrait,
    record: &mut GrantRecord,
    check_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    record.grant.revision = count_up(db, record.grant.user).await?;
    let row = grant::Model::of(&record.grant, record.token_version, check_at)?;
    let replaced = [
        grant::Column::Revision,
        grant::Column::TokenVersion,
        grant::Column::Status,
        grant::Column::ExpiresAt,
        grant::Column::CheckAt,
        grant::Column::Document,
    ];
    grant::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(grant::Column::Id).update_columns(replaced).to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// The number of the next change of what this person has connected.
async fn count_up(db: &impl ConnectionTrait, user: UserId) -> Result<u64, StoreError> {
    let next = Expr::col((viewer_head::Entity, viewer_head::Column::Head)).add(1);
    let first = viewer_head::Model { user_id: user.as_uuid(), head: 1 };
    let row = viewer_head::Entity::insert(first.into_active_model())
        .on_conflict(OnConflict::column(viewer_head::Column::UserId).value(viewer_head::Column::Head, next).to_owned())
        .exec_with_returning(db)
        .await?;
    counter(row.head)
}

/// Takes away all that people have connected to an environment; gives those who had.
pub(crate) async fn forget_environment(
    db: &impl ConnectionTrait,
    environment: EnvironmentId,
) -> Result<Vec<UserId>, StoreError> {
    let rows = grant::Entity::find()
        .filter(grant::Column::EnvironmentId.eq(environment.as_uuid()))
        .lock_exclusive()
        .all(db)
        .await?;
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        let mut record = GrantRecord::try_from(row)?;
        people.push(record.grant.user);
        forget_tokens(db, environment, record.grant.user).await?;
        drop_attempts(db, environment, record.grant.user).await?;
        record.token_version += 1;
        record.grant = Grant {
            status: GrantStatus::NotConnected,
            reason: Some("the environment was removed".to_owned()),
            ..Grant::none(environment, record.grant.user)
        };
        write(db, &mut record, None).await?;
    }
    Ok(people)
}

/// What is connected to these environments, and is looked at now and then, is due at this time.
pub(crate) async fn look_again(
    db: &impl ConnectionTrait,
    environments: Condition,
    at: Timestamp,
) -> Result<(), StoreError> {
    let which =
        Query::select().column(environment::Column::Id).from(environment::Entity).cond_where(environments).to_owned();
    grant::Entity::update_many()
        .col_expr(grant::Column::CheckAt, Expr::value(millis(at)))
        .filter(grant::Column::CheckAt.is_not_null())
        .filter(grant::Column::EnvironmentId.in_subquery(which))
        .exec(db)
        .await?;
    Ok(())
}

/// The nil id, for what belongs to nobody.
pub(crate) const NOBODY: Uuid = Uuid::nil();
