//! How this service is known to OAuth servers. The clients of origins are the administrator's; that of one environment is its
//! owner's.

use alm_domain::{Binding, EnvironmentId, OAuthClient, OAuthClientId, Principal, Sealed, SecretKind, Timestamp};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::{
    Store, StoreError,
    audit::Act,
    entity::{environment, oauth_client},
    error::is_unique_violation,
    grants::{self, NOBODY, service_itself},
    projects::expect_revision,
    secrets,
    visibility::administrator,
};

/// Most clients of origins.
const MOST_CLIENTS: u64 = 1_000;

impl Store {
    /// Registers the client of an origin.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::Taken`] when the origin has one.
    pub async fn register_oauth_client(
        &self,
        principal: &Principal,
        client: OAuthClient,
        secret: Option<&Sealed>,
    ) -> Result<OAuthClient, StoreError> {
        administrator(principal)?;
        let tx = self.begin().await?;
        insert(tx.db(), &client, secret, self.now()).await?;
        self.note(&tx, principal, Act::instance("oAuthClient.register", client.id, about(&client))).await?;
        tx.commit().await?;
        Ok(client)
    }

    /// Changes the client of an origin; with `expected`, only if that is its revision.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::NotFound`], [`StoreError::StaleRevision`].
    pub async fn update_oauth_client(
        &self,
        principal: &Principal,
        id: OAuthClientId,
        expected: Option<u64>,
        secret: Option<&Sealed>,
        change: impl FnOnce(&mut OAuthClient) + Send,
    ) -> Result<OAuthClient, StoreError> {
        administrator(principal)?;
        let tx = self.begin().await?;
        let mut client = locked(tx.db(), id, expected).await?;
        change(&mut client);
        client.revision += 1;
        if let Some(secret) = secret {
            client.has_secret = true;
            secrets::put(tx.db(), &client_secret(id), secret, self.now(), None).await?;
        } else if !client.has_secret {
            secrets::remove(tx.db(), &client_secret(id)).await?;
        }
        let row = oauth_client::Model::of(&client)?;
        oauth_client::Entity::update(row.into_active_model().reset_all()).exec_without_returning(tx.db()).await?;
        look_again(tx.db(), &client.origin, self.now()).await?;
        self.note(&tx, principal, Act::instance("oAuthClient.update", id, about(&client))).await?;
        tx.commit().await?;
        Ok(client)
    }

    /// Removes the client of an origin. What was connected by it works on until it ends.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::NotFound`], [`StoreError::StaleRevision`].
    pub async fn remove_oauth_client(
        &self,
        principal: &Principal,
        id: OAuthClientId,
        expected: Option<u64>,
    ) -> Result<(), StoreError> {
        administrator(principal)?;
        let tx = self.begin().await?;
        let client = locked(tx.db(), id, expected).await?;
        oauth_client::Entity::delete_by_id(id.as_uuid()).exec(tx.db()).await?;
        secrets::remove(tx.db(), &client_secret(id)).await?;
        look_again(tx.db(), &client.origin, self.now()).await?;
        self.note(&tx, principal, Act::instance("oAuthClient.remove", id, about(&client))).await?;
        tx.commit().await
    }

    /// The clients of origins, by origin; at most 1,000.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`].
    pub async fn oauth_clients(&self, principal: &Principal) -> Result<Vec<OAuthClient>, StoreError> {
        administrator(principal)?;
        oauth_client::Entity::find()
            .filter(oauth_client::Column::EnvironmentId.eq(NOBODY))
            .order_by_asc(oauth_client::Column::Origin)
            .limit(MOST_CLIENTS)
            .all(self.reader())
            .await?
            .into_iter()
            .map(OAuthClient::try_from)
            .collect()
    }

    /// The clients that there are for an environment at this origin: its own, and that of the origin. Only for the service itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for anybody else.
    pub async fn oauth_clients_for(
        &self,
        principal: &Principal,
        origin: &str,
        environment: EnvironmentId,
    ) -> Result<EnvironmentClients, StoreError> {
        service_itself(principal)?;
        let rows = oauth_client::Entity::find()
            .filter(oauth_client::Column::Origin.eq(origin))
            .filter(oauth_client::Column::EnvironmentId.is_in([environment.as_uuid(), NOBODY]))
            .all(self.reader())
            .await?;
        let mut found = EnvironmentClients::default();
        for row in rows {
            let client = OAuthClient::try_from(row)?;
            match client.environment {
                Some(_) => found.own = Some(client),
                None => found.of_origin = Some(client),
            }
        }
        Ok(found)
    }
}

/// What was connected at an origin is looked at soon: what the administrator allows there has changed.
async fn look_again(db: &impl ConnectionTrait, origin: &str, at: Timestamp) -> Result<(), StoreError> {
    let there = Condition::any()
        .add(environment::Column::Url.eq(origin))
        .add(environment::Column::Url.starts_with(format!("{origin}/")));
    grants::look_again(db, there, at).await
}

/// The clients that there are for an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvironmentClients {
    /// Given with the environment.
    pub own: Option<OAuthClient>,
    /// Registered by the administrator for the origin.
    pub of_origin: Option<OAuthClient>,
}

/// Adds a client.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    client: &OAuthClient,
    secret: Option<&Sealed>,
    at: Timestamp,
) -> Result<(), StoreError> {
    oauth_client::Entity::insert(oauth_client::Model::of(client)?.into_active_model())
        .exec_without_returning(db)
        .await
        .map_err(|e| if is_unique_violation(&e) { StoreError::Taken { field: "origin" } } else { e.into() })?;
    if let Some(secret) = secret {
        secrets::put(db, &client_secret(client.id), secret, at, None).await?;
    }
    Ok(())
}

/// Takes away the client of an environment.
pub(crate) async fn remove_of(db: &impl ConnectionTrait, environment: EnvironmentId) -> Result<(), StoreError> {
    let of_environment = oauth_client::Column::EnvironmentId.eq(environment.as_uuid());
    for row in oauth_client::Entity::delete_many().filter(of_environment).exec_with_returning(db).await? {
        secrets::remove(db, &client_secret(OAuthClientId::from_uuid(row.id))).await?;
    }
    Ok(())
}

/// What the secret of a client is bound to.
#[must_use]
pub fn client_secret(id: OAuthClientId) -> Binding {
    Binding::new(id, "client", SecretKind::ClientSecret)
}

/// The client of an origin, locked until the transaction ends.
async fn locked(
    db: &impl ConnectionTrait,
    id: OAuthClientId,
    expected: Option<u64>,
) -> Result<OAuthClient, StoreError> {
    let row = oauth_client::Entity::find_by_id(id.as_uuid())
        .filter(oauth_client::Column::EnvironmentId.eq(NOBODY))
        .lock_exclusive()
        .one(db)
        .await?
        .ok_or(StoreError::NotFound)?;
    expect_revision(row.revision, expected)?;
    row.try_into()
}

/// The client in the words of the audit trail.
fn about(client: &OAuthClient) -> String {
    format!("the OAuth client of {}", client.origin)
}
