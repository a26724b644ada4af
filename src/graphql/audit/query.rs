//! Reading the audit trail.

use alm_domain::{CursorKind, ProjectId};
use async_graphql::{Context, Object, Result};
use uuid::Uuid;

use super::{AuditEventNode, AuditFilter};
use crate::graphql::{
    context::ContextExt,
    error::store_fault,
    paging::{PageArguments, Pages, connection, rows},
};

#[derive(Default)]
pub(crate) struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What was done in all projects and on the instance, newest first; administrators only. Depends on who asks.
    #[graphql(complexity = "rows(first, last) * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which events.")] filter: Option<AuditFilter>,
    ) -> Result<Option<Pages<AuditEventNode>>> {
        page(ctx, None, PageArguments { first, after, last, before }, filter).await.map(Some)
    }
}

/// A page of the trail of a project, or of the instance.
pub(crate) async fn page(
    ctx: &Context<'_>,
    project: Option<ProjectId>,
    arguments: PageArguments,
    filter: Option<AuditFilter>,
) -> Result<Pages<AuditEventNode>> {
    let owner = project.map_or(Uuid::nil(), ProjectId::as_uuid);
    let request = arguments.request(ctx, CursorKind::Audit, owner)?;
    let filter = AuditFilter::to_store(filter, project)?;
    let page = ctx.app()?.store().audit_events(ctx.principal()?, &filter, &request).await.map_err(store_fault)?;
    Ok(connection(page, CursorKind::Audit, owner, AuditEventNode))
}
