//! Lists of builds, and how many there are at a provider.

use alm_domain::{Build, Principal, ProjectId, ProviderId, RunStatus, ServiceId};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, LikeExpr},
};
use uuid::Uuid;

use crate::{
    Page, PageRequest, Store, StoreError,
    entity::build,
    page::{Keyset, page},
    value::{counter, status, storable},
    visibility::visible,
};

/// Which builds are wanted. What is `None` or empty does not narrow the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildFilter {
    /// Of this project.
    pub project: Option<ProjectId>,
    /// Of one of these build services.
    pub services: Vec<ServiceId>,
    /// In one of these states.
    pub statuses: Vec<RunStatus>,
    /// For which exactly this was asked for.
    pub reference: Option<String>,
    /// Of a commit whose hash begins so, in any case.
    pub sha_prefix: Option<String>,
    /// Set off by this principal; see [`Principal::key`].
    pub actor_key: Option<String>,
}

/// How busy a provider is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProviderLoad {
    /// Builds at work, waiting for a decision or stopping.
    pub running: u64,
    /// Builds that wait for their turn.
    pub queued: u64,
}

const NEWEST_FIRST: Keyset<build::Entity> = Keyset {
    columns: &[build::Column::Id],
    descending: true,
    encode: |row| row.id.as_bytes().to_vec(),
    decode: |position| Uuid::from_slice(position).ok().map(|id| vec![id.into()]),
};

impl Store {
    /// A page of builds, newest first.
    ///
    /// # Errors
    /// [`StoreError::BadPosition`], [`StoreError::Invalid`].
    pub async fn list_builds(
        &self,
        principal: &Principal,
        filter: &BuildFilter,
        request: &PageRequest,
    ) -> Result<Page<Build>, StoreError> {
        let mut wanted = Condition::all().add(visible(principal).projects(build::Column::ProjectId));
        if let Some(project) = filter.project {
            wanted = wanted.add(build::Column::ProjectId.eq(project.as_uuid()));
        }
        if !filter.services.is_empty() {
            wanted = wanted.add(build::Column::ServiceId.is_in(filter.services.iter().map(|id| id.as_uuid())));
        }
        if !filter.statuses.is_empty() {
            wanted = wanted.add(build::Column::Status.is_in(filter.statuses.iter().map(|status| status.name())));
        }
        if let Some(reference) = &filter.reference {
            storable("reference", reference)?;
            wanted = wanted.add(build::Column::Reference.eq(reference.as_str()));
        }
        if let Some(prefix) = &filter.sha_prefix {
            if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
                let problem = "is not the beginning of a commit's hash: use 1 to 64 hexadecimal digits".to_owned();
                return Err(StoreError::Invalid { field: "sha", problem });
            }
            let pattern = LikeExpr::new(format!("{}%", prefix.to_ascii_lowercase()));
            wanted = wanted.add(Expr::col(build::Column::Sha).like(pattern));
        }
        if let Some(actor) = &filter.actor_key {
            storable("actor", actor)?;
            wanted = wanted.add(build::Column::ActorKey.eq(actor.as_str()));
        }
        page(self.reader(), build::Entity::find().filter(wanted), &NEWEST_FIRST, request).await
    }

    /// How many builds of a provider are not over.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn count_builds(&self, principal: &Principal, provider: ProviderId) -> Result<ProviderLoad, StoreError> {
        let living = RunStatus::ALL.into_iter().filter(|status| !status.is_terminal()).map(RunStatus::name);
        let counts: Vec<(String, i64)> = build::Entity::find()
            .filter(build::Column::ProviderId.eq(provider.as_uuid()))
            .filter(build::Column::Status.is_in(living))
            .filter(visible(principal).projects(build::Column::ProjectId))
            .select_only()
            .column(build::Column::Status)
            .column_as(build::Column::Id.count(), "builds")
            .group_by(build::Column::Status)
            .into_tuple()
            .all(self.reader())
            .await?;
        let mut load = ProviderLoad::default();
        for (name, count) in counts {
            match status(&name)? {
                RunStatus::Planned | RunStatus::Queued => load.queued += counter::<u64>(count)?,
                _ => load.running += counter::<u64>(count)?,
            }
        }
        Ok(load)
    }
}
