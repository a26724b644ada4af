//! Queries about providers.

use alm_build_spi::ProviderDescriptor;
use alm_domain::{CursorKind, ProviderKind};
use async_graphql::{Context, Object, Result};
use uuid::Uuid;

use super::{ProviderNode, kind::ProviderKindInfo};
use crate::graphql::{
    context::ContextExt,
    error::store_fault,
    paging::{PageArguments, Pages, connection, rows},
};

#[derive(Default)]
pub(crate) struct ProviderQuery;

#[Object]
impl ProviderQuery {
    /// Registered providers, by short name.
    #[graphql(complexity = "rows(first, last) * child_complexity")]
    async fn providers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
        #[graphql(desc = "Also those that are switched off.", default = false)] include_disabled: bool,
    ) -> Result<Option<Pages<ProviderNode>>> {
        let page = PageArguments { first, after, last, before }.request(ctx, CursorKind::Providers, Uuid::nil())?;
        let store = ctx.app()?.store();
        let page = store.list_providers(ctx.principal()?, include_disabled, &page).await.map_err(store_fault)?;
        Ok(Some(connection(page, CursorKind::Providers, Uuid::nil(), ProviderNode)))
    }

    /// Families of build backends that this server has: what may be registered. At most 10.
    #[graphql(complexity = "5 * child_complexity")]
    async fn provider_kinds(&self, ctx: &Context<'_>) -> Result<Option<Vec<ProviderKindInfo>>> {
        let app = ctx.app()?;
        let known = ProviderKind::ALL.into_iter().filter_map(|kind| app.descriptor(kind));
        let info = |descriptor: ProviderDescriptor| {
            let settings = app.settings(descriptor.kind);
            ProviderKindInfo { descriptor, settings }
        };
        Ok(Some(known.map(info).collect()))
    }
}
