//! Queries about environments.

use alm_domain::EnvironmentId;
use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result};

use super::EnvironmentNode;
use crate::graphql::{context::ContextExt, error::store_fault, ids, loaders::LoadError};

/// How to find an environment.
#[derive(OneofObject)]
pub(crate) enum EnvironmentLookup {
    /// By id.
    Id(ID),
    /// By its project and its name there.
    Address(EnvironmentAddress),
}

/// The project and the name of an environment.
#[derive(InputObject)]
pub(crate) struct EnvironmentAddress {
    /// Short name of the project.
    project_slug: String,
    /// Name in the project.
    name: String,
}

#[derive(Default)]
pub(crate) struct EnvironmentQuery;

#[Object]
impl EnvironmentQuery {
    /// One environment; by id also one that was removed.
    async fn environment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id, or project and name.")] by: EnvironmentLookup,
    ) -> Result<Option<EnvironmentNode>> {
        let environment = match by {
            EnvironmentLookup::Id(id) => {
                let id: EnvironmentId = ids::argument(&id, "by.id")?;
                ctx.loader()?.load_one(id).await.map_err(LoadError::fault)?
            }
            EnvironmentLookup::Address(EnvironmentAddress { project_slug, name }) => ctx
                .app()?
                .store()
                .environment_by_address(ctx.principal()?, &project_slug, &name)
                .await
                .map_err(store_fault)?,
        };
        Ok(environment.map(EnvironmentNode))
    }
}
