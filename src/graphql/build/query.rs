//! Queries about builds.

use alm_domain::BuildId;
use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result};

use super::BuildNode;
use crate::graphql::{context::ContextExt, error::store_fault, ids, loaders::LoadError};

/// How to find a build.
#[derive(OneofObject)]
pub(crate) enum BuildLookup {
    /// By id.
    Id(ID),
    /// By the numbers in its address.
    Address(BuildAddress),
}

/// The readable address of a build.
#[derive(InputObject)]
pub(crate) struct BuildAddress {
    /// Slug of the project.
    project: String,
    /// Slug of the build service.
    service: String,
    /// Number of the build.
    number: i32,
}

#[derive(Default)]
pub(crate) struct BuildQuery;

#[Object]
impl BuildQuery {
    /// One build.
    async fn build(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id or number.")] by: BuildLookup,
    ) -> Result<Option<BuildNode>> {
        let build = match by {
            BuildLookup::Id(id) => {
                let id: BuildId = ids::argument(&id, "by.id")?;
                ctx.loader()?.load_one(id).await.map_err(LoadError::fault)?
            }
            BuildLookup::Address(BuildAddress { project, service, number }) => match u32::try_from(number) {
                Ok(number) => {
                    let store = ctx.app()?.store();
                    store.build_by_address(ctx.principal()?, &project, &service, number).await.map_err(store_fault)?
                }
                Err(_) => None,
            },
        };
        Ok(build.map(BuildNode))
    }
}
