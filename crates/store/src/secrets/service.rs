//! A build service's own secrets.

use std::collections::HashMap;

use alm_domain::{
    Actor, Binding, Principal, ProjectEventKind, ProjectId, ProjectRole, Sealed, SecretKind, ServiceId, Timestamp,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{put, remove};
use crate::{
    Store, StoreError,
    among::BATCH,
    audit::Act,
    entity::{
        sealed_secret::{Column, Entity, Model},
        service,
    },
    projects::add_event,
    value::{instant, read_json},
    visibility::visible,
};

/// What may be known of a build service's secret: everything but its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSecret {
    /// Whose it is.
    pub service: ServiceId,
    /// Its name.
    pub name: String,
    /// When its value was set.
    pub updated_at: Timestamp,
    /// Who did it.
    pub updated_by: Actor,
}

impl Store {
    /// Sets a secret of a build service, in place of one of the same name. A service has at most `most`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Forbidden`]; [`StoreError::WrongState`] when the service was removed, or has as many secrets already.
    pub async fn set_service_secret(
        &self,
        principal: &Principal,
        id: ServiceId,
        name: &str,
        sealed: &Sealed,
        most: u64,
    ) -> Result<ServiceSecret, StoreError> {
        let tx = self.begin().await?;
        let project = self.open_service(tx.db(), principal, id).await?;
        let binding = Binding::new(id, name, SecretKind::ServiceSecret);
        let others = Entity::find()
            .filter(Column::Owner.eq(binding.owner.as_str()))
            .filter(Column::Kind.eq(binding.kind.as_str()))
            .filter(Column::Subject.ne(name))
            .count(tx.db())
            .await?;
        if others >= most {
            return Err(StoreError::WrongState(format!(
                "the build service has {others} secrets already, and more than {most} are not kept: remove one first"
            )));
        }
        let now = self.now();
        put(tx.db(), &binding, sealed, now, Some(&principal.actor)).await?;
        add_event(tx.db(), project, ProjectEventKind::ServiceChanged(id), now).await?;
        self.note(&tx, principal, Act::within(project, "secret.set", id, format!("secret {name}"))).await?;
        tx.commit().await?;
        Ok(ServiceSecret { service: id, name: name.to_owned(), updated_at: now, updated_by: principal.actor.clone() })
    }

    /// Removes a secret of a build service.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such service or no such secret; [`StoreError::WrongState`] when the service was
    /// removed.
    pub async fn remove_service_secret(
        &self,
        principal: &Principal,
        id: ServiceId,
        name: &str,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let project = self.open_service(tx.db(), principal, id).await?;
        if !remove(tx.db(), &Binding::new(id, name, SecretKind::ServiceSecret)).await? {
            return Err(StoreError::NotFound);
        }
        add_event(tx.db(), project, ProjectEventKind::ServiceChanged(id), self.now()).await?;
        self.note(&tx, principal, Act::within(project, "secret.remove", id, format!("secret {name}"))).await?;
        tx.commit().await
    }

    /// What may be known of the secrets of these build services, by name; a service without any is left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn service_secrets(
        &self,
        principal: &Principal,
        services: &[ServiceId],
    ) -> Result<HashMap<ServiceId, Vec<ServiceSecret>>, StoreError> {
        let mut found = HashMap::<ServiceId, Vec<ServiceSecret>>::new();
        for services in services.chunks(BATCH) {
            let seen = self.services(principal, services).await?.into_iter().map(|s| (s.id.to_string(), s.id));
            let seen = seen.collect::<HashMap<_, _>>();
            let rows = Entity::find()
                .filter(Column::Owner.is_in(seen.keys()))
                .filter(Column::Kind.eq(SecretKind::ServiceSecret.as_str()))
                .order_by_asc(Column::Subject)
                .all(self.reader())
                .await?;
            for row in rows {
                if let Some(&service) = seen.get(&row.owner) {
                    found.entry(service).or_default().push(known(service, row)?);
                }
            }
        }
        Ok(found)
    }

    /// The sealed secrets of a build service, by name, for a build of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn sealed_service_secrets(
        &self,
        principal: &Principal,
        id: ServiceId,
    ) -> Result<Vec<(Binding, Sealed)>, StoreError> {
        if self.services(principal, &[id]).await?.is_empty() {
            return Err(StoreError::NotFound);
        }
        let rows = Entity::find()
            .filter(Column::Owner.eq(id.to_string()))
            .filter(Column::Kind.eq(SecretKind::ServiceSecret.as_str()))
            .order_by_asc(Column::Subject)
            .all(self.reader())
            .await?;
        rows.into_iter().map(|row| Ok((row.binding()?, Model::sealed(row)?))).collect()
    }

    /// The project of a service that can be changed, held until the commit.
    async fn open_service(
        &self,
        db: &impl ConnectionTrait,
        principal: &Principal,
        id: ServiceId,
    ) -> Result<ProjectId, StoreError> {
        let row = service::Entity::find_by_id(id.as_uuid())
            .filter(visible(principal).projects(service::Column::ProjectId))
            .lock_exclusive()
            .one(db)
            .await?
            .ok_or(StoreError::NotFound)?;
        visible(principal).at_least(ProjectRole::Developer).permit(db, row.project_id).await?;
        if row.removed_at.is_some() {
            return Err(StoreError::WrongState(format!("the build service {} was removed", row.slug)));
        }
        Ok(ProjectId::from_uuid(row.project_id))
    }
}

fn known(service: ServiceId, row: Model) -> Result<ServiceSecret, StoreError> {
    let by = row.changed_by.ok_or_else(|| StoreError::corrupt("a secret of a build service", "nobody has set it"))?;
    Ok(ServiceSecret {
        service,
        name: row.subject,
        updated_at: instant(row.changed_at)?,
        updated_by: read_json("who has set a secret", &by)?,
    })
}
