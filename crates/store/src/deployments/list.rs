//! Lists of deployments, newest first.

use std::collections::HashMap;

use alm_domain::{BuildId, Deployment, DeploymentId, EnvironmentId, Principal, ProjectId, Timestamp};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Alias, Expr, Query},
};
use uuid::Uuid;

use super::read::is_open;
use crate::{
    Page, PageRequest, Store, StoreError,
    among::among,
    entity::deployment,
    page::{Keyset, Owned, page, page_of_each},
    value::millis,
    visibility::visible,
};

/// Whose deployments are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeploymentOwners {
    /// Those of each of these projects.
    Projects(Vec<ProjectId>),
    /// Those to each of these environments.
    Environments(Vec<EnvironmentId>),
    /// Those of the version that each of these builds made.
    Builds(Vec<BuildId>),
}

const NEWEST_FIRST: Keyset<deployment::Entity> = Keyset {
    columns: &[deployment::Column::Id],
    descending: true,
    encode: |row| row.id.as_bytes().to_vec(),
    decode: |position| Uuid::from_slice(position).ok().map(|id| vec![id.into()]),
};

const OF_PROJECTS: Owned<deployment::Entity> =
    Owned { owner: deployment::Column::ProjectId, id: deployment::Column::Id, owner_of: |row| row.project_id };
const OF_ENVIRONMENTS: Owned<deployment::Entity> =
    Owned { owner: deployment::Column::EnvironmentId, id: deployment::Column::Id, owner_of: |row| row.environment_id };
const OF_BUILDS: Owned<deployment::Entity> =
    Owned { owner: deployment::Column::BuildId, id: deployment::Column::Id, owner_of: |row| row.build_id };

impl DeploymentOwners {
    fn owned(&self) -> (&'static Owned<deployment::Entity>, Vec<Uuid>) {
        match self {
            Self::Projects(ids) => (&OF_PROJECTS, ids.iter().map(|id| id.as_uuid()).collect()),
            Self::Environments(ids) => (&OF_ENVIRONMENTS, ids.iter().map(|id| id.as_uuid()).collect()),
            Self::Builds(ids) => (&OF_BUILDS, ids.iter().map(|id| id.as_uuid()).collect()),
        }
    }
}

impl Store {
    /// A page of the deployments of these owners, newest first, only those to one environment if one is given.
    ///
    /// # Errors
    /// [`StoreError::BadPosition`].
    pub async fn list_deployments(
        &self,
        principal: &Principal,
        owners: &DeploymentOwners,
        environment: Option<EnvironmentId>,
        request: &PageRequest,
    ) -> Result<Page<Deployment>, StoreError> {
        let (owned, ids) = owners.owned();
        let wanted = wanted(principal, environment).add(owned.owner.is_in(ids));
        page(self.reader(), deployment::Entity::find().filter(wanted), &NEWEST_FIRST, request).await
    }

    /// The first page of the deployments of each of these owners, newest first; each has a page, if an empty one. `request` must
    /// not go on from a position.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list_deployments_of_each(
        &self,
        principal: &Principal,
        owners: &DeploymentOwners,
        environment: Option<EnvironmentId>,
        request: &PageRequest,
    ) -> Result<HashMap<Uuid, Page<Deployment>>, StoreError> {
        let (owned, ids) = owners.owned();
        page_of_each(self.reader(), owned, &ids, &wanted(principal, environment), &NEWEST_FIRST, request).await
    }

    /// The deployments with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn deployments(
        &self,
        principal: &Principal,
        ids: &[DeploymentId],
    ) -> Result<Vec<Deployment>, StoreError> {
        self.some(principal, deployment::Column::Id, ids.iter().map(|id| id.as_uuid()), Condition::all()).await
    }

    /// What these builds bring somewhere, each its own deployments: by the build that carries them out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn deployments_by(
        &self,
        principal: &Principal,
        builds: &[BuildId],
    ) -> Result<Vec<Deployment>, StoreError> {
        let ids = builds.iter().map(|id| id.as_uuid());
        self.some(principal, deployment::Column::ByBuildId, ids, Condition::all()).await
    }

    /// What runs in the environments of these projects, and what is on its way there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn open_deployments(
        &self,
        principal: &Principal,
        projects: &[ProjectId],
    ) -> Result<Vec<Deployment>, StoreError> {
        let ids = projects.iter().map(|id| id.as_uuid());
        self.some(principal, deployment::Column::ProjectId, ids, is_open()).await
    }

    /// What failed to come to the environments of these projects, where nothing has been tried since: of each build service and
    /// environment one at most.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn failed_deployments(
        &self,
        principal: &Principal,
        projects: &[ProjectId],
    ) -> Result<Vec<Deployment>, StoreError> {
        use deployment::Column::{EnvironmentId, Id, ServiceId, Status};
        let later = Alias::new("later");
        let here = |column: deployment::Column| Expr::col((deployment::Entity, column));
        let there = |column: deployment::Column| Expr::col((later.clone(), column));
        let since = Query::select()
            .expr(Expr::val(1))
            .from_as(deployment::Entity, later.clone())
            .and_where(there(ServiceId).eq(here(ServiceId)))
            .and_where(there(EnvironmentId).eq(here(EnvironmentId)))
            .and_where(there(Id).gt(here(Id)))
            .to_owned();
        let failed = Status.eq(alm_domain::DeploymentStatus::Failed.name());
        let wanted = Condition::all().add(failed).add(Expr::exists(since).not());
        let ids = projects.iter().map(|id| id.as_uuid());
        self.some(principal, deployment::Column::ProjectId, ids, wanted).await
    }

    /// What runs in these environments, of each build service one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn live_deployments(
        &self,
        principal: &Principal,
        environments: &[EnvironmentId],
    ) -> Result<Vec<Deployment>, StoreError> {
        let ids = environments.iter().map(|id| id.as_uuid());
        let live = deployment::Column::Status.eq(alm_domain::DeploymentStatus::Active.name());
        self.some(principal, deployment::Column::EnvironmentId, ids, Condition::all().add(live)).await
    }

    /// The deployments about which people were asked, and did not decide in time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn lapsed_deployments(&self, now: Timestamp) -> Result<Vec<Deployment>, StoreError> {
        let rows = deployment::Entity::find()
            .filter(deployment::Column::LapsesAt.lte(millis(now)))
            .order_by_asc(deployment::Column::LapsesAt)
            .limit(100)
            .all(self.reader())
            .await?;
        rows.into_iter().map(Deployment::try_from).collect()
    }

    async fn some(
        &self,
        principal: &Principal,
        column: deployment::Column,
        ids: impl Iterator<Item = Uuid>,
        wanted: Condition,
    ) -> Result<Vec<Deployment>, StoreError> {
        let rows = deployment::Entity::find()
            .filter(wanted)
            .filter(visible(principal).projects(deployment::Column::ProjectId))
            .order_by_asc(deployment::Column::Id);
        among(self.reader(), rows, column, ids).await
    }
}

fn wanted(principal: &Principal, environment: Option<EnvironmentId>) -> Condition {
    let seen = visible(principal).projects(deployment::Column::ProjectId);
    let only = environment.map(|id| deployment::Column::EnvironmentId.eq(id.as_uuid()));
    Condition::all().add(seen).add_option(only)
}
