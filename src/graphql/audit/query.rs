//! Reading the audit trail.

use alm_domain::{CursorKind, ProjectId};
use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use super::{AuditEventNode, AuditFilter};
use crate::graphql::{
    context::ContextExt,
    error::store_fault,
    ids,
    paging::{PageArguments, Pages, connection, rows},
};

#[derive(Default)]
pub(crate) struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What was done, newest first. Depends on who asks.
    #[graphql(complexity = "rows(first, last) * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection, and how to filter it")]
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only in this project, for its owners; in all of them and on the instance, for administrators, when absent."
        )]
        project_id: Option<ID>,
        #[graphql(desc = "Page size from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which events.")] filter: Option<AuditFilter>,
    ) -> Result<Option<Pages<AuditEventNode>>> {
        let project: Option<ProjectId> = project_id.map(|id| ids::argument(&id, "projectId")).transpose()?;
        let owner = project.map_or(Uuid::nil(), ProjectId::as_uuid);
        let request = PageArguments { first, after, last, before }.request(ctx, CursorKind::Audit, owner)?;
        let filter = AuditFilter::to_store(filter, project)?;
        let page = ctx.app()?.store().audit_events(ctx.principal()?, &filter, &request).await.map_err(store_fault)?;
        Ok(Some(connection(page, CursorKind::Audit, owner, AuditEventNode)))
    }
}
