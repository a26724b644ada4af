//! Lists of builds, and how many there are at a provider.

use std::collections::HashMap;

use alm_domain::{Build, Principal, ProjectId, RunStatus, ServiceId};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, LikeExpr},
};
use uuid::Uuid;

use crate::{
    Page, PageRequest, Store, StoreError,
    entity::build,
    page::{Keyset, Owned, page, page_of_each},
    value::storable,
    visibility::visible,
};

/// Which builds are wanted. What is `None` or empty does not narrow the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
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

impl BuildFilter {
    fn condition(&self, principal: &Principal) -> Result<Condition, StoreError> {
        let filter = self;
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
        Ok(wanted)
    }
}

/// Whose builds are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildOwners {
    /// Those of each of these projects.
    Projects(Vec<ProjectId>),
    /// Those of each of these build services.
    Services(Vec<ServiceId>),
}

const OF_PROJECTS: Owned<build::Entity> =
    Owned { owner: build::Column::ProjectId, id: build::Column::Id, owner_of: |row| row.project_id };
const OF_SERVICES: Owned<build::Entity> =
    Owned { owner: build::Column::ServiceId, id: build::Column::Id, owner_of: |row| row.service_id };

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
        let wanted = filter.condition(principal)?;
        page(self.reader(), build::Entity::find().filter(wanted), &NEWEST_FIRST, request).await
    }

    /// The first page of builds of each of these owners, newest first; each has a page, if an empty one. `request` must not go on
    /// from a position.
    ///
    /// # Errors
    /// [`StoreError::Invalid`].
    pub async fn list_builds_of_each(
        &self,
        principal: &Principal,
        owners: &BuildOwners,
        filter: &BuildFilter,
        request: &PageRequest,
    ) -> Result<HashMap<Uuid, Page<Build>>, StoreError> {
        let wanted = filter.condition(principal)?;
        let (owned, ids): (_, Vec<Uuid>) = match owners {
            BuildOwners::Projects(ids) => (OF_PROJECTS, ids.iter().map(|id| id.as_uuid()).collect()),
            BuildOwners::Services(ids) => (OF_SERVICES, ids.iter().map(|id| id.as_uuid()).collect()),
        };
        page_of_each(self.reader(), &owned, &ids, &wanted, &NEWEST_FIRST, request).await
    }
}
