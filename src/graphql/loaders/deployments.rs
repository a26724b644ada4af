//! Deployments, and boards of them, in batches.

use std::collections::HashMap;

use alm_domain::{BuildId, Deployment, EnvironmentId, ProjectId};
use alm_store::{DeploymentOwners, Page, PageRequest};
use async_graphql::dataloader::Loader;
use uuid::Uuid;

use super::{Batches, BeforeOf, BoardOf, LiveIn, LoadError, OpenIn, grouped};
use crate::app::Board;

/// The first page of the deployments of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct DeploymentsOf {
    pub(crate) owner: DeploymentOwner,
    pub(crate) environment: Option<EnvironmentId>,
    pub(crate) page: PageRequest,
}

/// Whose deployments are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DeploymentOwner {
    Project(ProjectId),
    Environment(EnvironmentId),
    Build(BuildId),
}

impl DeploymentOwner {
    pub(crate) const fn as_uuid(self) -> Uuid {
        match self {
            Self::Project(id) => id.as_uuid(),
            Self::Environment(id) => id.as_uuid(),
            Self::Build(id) => id.as_uuid(),
        }
    }

    /// This one, as the store takes it.
    pub(crate) fn alone(self) -> DeploymentOwners {
        self.with([self.as_uuid()])
    }

    /// These owners of the same kind, as the store takes them.
    fn with(self, ids: impl IntoIterator<Item = Uuid>) -> DeploymentOwners {
        let ids = ids.into_iter();
        match self {
            Self::Project(_) => DeploymentOwners::Projects(ids.map(ProjectId::from_uuid).collect()),
            Self::Environment(_) => DeploymentOwners::Environments(ids.map(EnvironmentId::from_uuid).collect()),
            Self::Build(_) => DeploymentOwners::Builds(ids.map(BuildId::from_uuid).collect()),
        }
    }
}

impl Loader<DeploymentsOf> for Batches {
    type Value = Page<Deployment>;
    type Error = LoadError;

    async fn load(&self, keys: &[DeploymentsOf]) -> Result<HashMap<DeploymentsOf, Self::Value>, LoadError> {
        let mut pages = HashMap::new();
        let mut left: Vec<&DeploymentsOf> = keys.iter().collect();
        while let Some(first) = left.first().copied() {
            let kind = std::mem::discriminant(&first.owner);
            let like = |key: &DeploymentsOf| {
                std::mem::discriminant(&key.owner) == kind
                    && key.environment == first.environment
                    && key.page == first.page
            };
            let alike: Vec<&DeploymentsOf> = left.extract_if(.., |key| like(key)).collect();
            let owners = first.owner.with(alike.iter().map(|key| key.owner.as_uuid()));
            let store = self.app.store();
            let mut found =
                store.list_deployments_of_each(&self.principal, &owners, first.environment, &first.page).await?;
            for key in alike {
                if let Some(page) = found.remove(&key.owner.as_uuid()) {
                    pages.insert(key.clone(), page);
                }
            }
        }
        Ok(pages)
    }
}

impl Loader<OpenIn> for Batches {
    type Value = Vec<Deployment>;
    type Error = LoadError;

    async fn load(&self, keys: &[OpenIn]) -> Result<HashMap<OpenIn, Self::Value>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().open_deployments(&self.principal, &ids).await?;
        Ok(grouped(keys, |key| key.0, rows, |one| one.project))
    }
}

impl Loader<LiveIn> for Batches {
    type Value = Vec<Deployment>;
    type Error = LoadError;

    async fn load(&self, keys: &[LiveIn]) -> Result<HashMap<LiveIn, Self::Value>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.app.store().live_deployments(&self.principal, &ids).await?;
        Ok(grouped(keys, |key| key.0, rows, |one| one.environment))
    }
}

impl Loader<BeforeOf> for Batches {
    type Value = Deployment;
    type Error = LoadError;

    async fn load(&self, keys: &[BeforeOf]) -> Result<HashMap<BeforeOf, Deployment>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let store = self.app.store();
        let live = store.deployments(&self.principal, &ids).await?;
        let before = store.versions_before(&live).await?;
        Ok(before.into_iter().map(|(id, one)| (BeforeOf(id), one)).collect())
    }
}

impl Loader<BoardOf> for Batches {
    type Value = Board;
    type Error = LoadError;

    async fn load(&self, keys: &[BoardOf]) -> Result<HashMap<BoardOf, Board>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let boards = self.app.boards(&self.principal, &ids).await?;
        Ok(boards.into_iter().map(|(project, board)| (BoardOf(project), board)).collect())
    }
}
