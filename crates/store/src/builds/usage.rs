//! What is in use: by running builds, by build services.

use std::collections::{BTreeMap, BTreeSet};

use alm_domain::{Principal, ProviderId, RunStatus, ServiceId};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::ProviderLoad;
use crate::{
    Store, StoreError,
    among::BATCH,
    entity::{build, service},
    value::{counter, status},
    visibility::visible,
};

impl Store {
    /// Which of these build services have builds that are not complete.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn services_with_running_builds(
        &self,
        principal: &Principal,
        services: &[ServiceId],
    ) -> Result<BTreeSet<ServiceId>, StoreError> {
        let mut busy = BTreeSet::new();
        for ids in services.chunks(BATCH) {
            let found: Vec<Uuid> = build::Entity::find()
                .filter(build::Column::ServiceId.is_in(ids.iter().map(|id| id.as_uuid())))
                .filter(build::Column::IsComplete.eq(false))
                .filter(visible(principal).projects(build::Column::ProjectId))
                .select_only()
                .column(build::Column::ServiceId)
                .distinct()
                .into_tuple()
                .all(self.reader())
                .await?;
            busy.extend(found.into_iter().map(ServiceId::from_uuid));
        }
        Ok(busy)
    }

    /// Which of these providers cannot be removed: build services run on them, or builds ran on them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn providers_in_use(
        &self,
        _principal: &Principal,
        providers: &[ProviderId],
    ) -> Result<BTreeSet<ProviderId>, StoreError> {
        let mut used = BTreeSet::new();
        for ids in providers.chunks(BATCH) {
            let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
            let by_services: Vec<Uuid> = service::Entity::find()
                .filter(service::Column::ProviderId.is_in(ids.clone()))
                .filter(service::Column::RemovedAt.is_null())
                .select_only()
                .column(service::Column::ProviderId)
                .distinct()
                .into_tuple()
                .all(self.reader())
                .await?;
            let by_builds: Vec<Uuid> = build::Entity::find()
                .filter(build::Column::ProviderId.is_in(ids))
                .select_only()
                .column(build::Column::ProviderId)
                .distinct()
                .into_tuple()
                .all(self.reader())
                .await?;
            used.extend(by_services.into_iter().chain(by_builds).map(ProviderId::from_uuid));
        }
        Ok(used)
    }

    /// How many builds of each of these providers are not over.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn provider_loads(
        &self,
        principal: &Principal,
        providers: &[ProviderId],
    ) -> Result<BTreeMap<ProviderId, ProviderLoad>, StoreError> {
        let mut loads = BTreeMap::new();
        for ids in providers.chunks(BATCH) {
            let living = RunStatus::ALL.into_iter().filter(|status| !status.is_terminal()).map(RunStatus::name);
            let wanted = Condition::all()
                .add(build::Column::ProviderId.is_in(ids.iter().map(|id| id.as_uuid())))
                .add(build::Column::Status.is_in(living))
                .add(visible(principal).projects(build::Column::ProjectId));
            let counts: Vec<(Uuid, String, i64)> = build::Entity::find()
                .filter(wanted)
                .select_only()
                .column(build::Column::ProviderId)
                .column(build::Column::Status)
                .column_as(build::Column::Id.count(), "builds")
                .group_by(build::Column::ProviderId)
                .group_by(build::Column::Status)
                .into_tuple()
                .all(self.reader())
                .await?;
            for (provider, name, count) in counts {
                let load: &mut ProviderLoad = loads.entry(ProviderId::from_uuid(provider)).or_default();
                match status(&name)? {
                    RunStatus::Planned | RunStatus::Queued => load.queued += counter::<u64>(count)?,
                    _ => load.running += counter::<u64>(count)?,
                }
            }
        }
        Ok(loads)
    }
}
