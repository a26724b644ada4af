//! Queries about projects.

use alm_domain::{CursorKind, ProjectId};
use alm_store::ProjectFilter;
use async_graphql::{Context, Enum, ID, Object, OneofObject, Result};

use super::{ProjectNode, types::NOBODY};
use crate::graphql::{
    context::ContextExt,
    error::{bad_argument, store_fault},
    ids,
    loaders::LoadError,
    paging::{PageArguments, Pages, connection, rows},
    provider::HealthState,
};

const LONGEST_SEARCH: usize = 200;

/// Orders of projects.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_store::ProjectOrder")]
pub(crate) enum ProjectOrder {
    /// The latest activity first.
    Activity,
    /// By name.
    Name,
}

/// How to find a project.
#[derive(OneofObject)]
pub(crate) enum ProjectLookup {
    /// By id.
    Id(ID),
    /// By slug.
    Slug(String),
}

#[derive(Default)]
pub(crate) struct ProjectQuery;

#[Object]
impl ProjectQuery {
    /// Projects that the caller may see.
    #[graphql(complexity = "rows(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection, and how to filter it")]
    async fn projects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
        #[graphql(desc = "Words in the name or the slug of the project or of its build services.")] search: Option<
            String,
        >,
        #[graphql(desc = "Also those that are archived.", default = false)] include_archived: bool,
        #[graphql(desc = "Only those with this verdict.")] health: Option<HealthState>,
        #[graphql(
            desc = "Order. A cursor belongs to the order that it came with.",
            default_with = "ProjectOrder::Activity"
        )]
        order_by: ProjectOrder,
    ) -> Result<Option<Pages<ProjectNode>>> {
        if search.as_ref().is_some_and(|text| text.len() > LONGEST_SEARCH) {
            return Err(bad_argument("search", &format!("has more than {LONGEST_SEARCH} bytes")));
        }
        let page = PageArguments { first, after, last, before }.request(ctx, CursorKind::Projects, NOBODY)?;
        let filter = ProjectFilter { search, include_archived, health: health.map(Into::into) };
        let store = ctx.app()?.store();
        let page = store.list_projects(ctx.principal()?, &filter, order_by.into(), &page).await.map_err(store_fault)?;
        Ok(Some(connection(page, CursorKind::Projects, NOBODY, ProjectNode)))
    }

    /// One project.
    async fn project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id or slug.")] by: ProjectLookup,
    ) -> Result<Option<ProjectNode>> {
        let project = match by {
            ProjectLookup::Id(id) => {
                let id: ProjectId = ids::argument(&id, "by.id")?;
                ctx.loader()?.load_one(id).await.map_err(LoadError::fault)?
            }
            ProjectLookup::Slug(slug) => {
                ctx.app()?.store().project_by_slug(ctx.principal()?, &slug).await.map_err(store_fault)?
            }
        };
        Ok(project.map(ProjectNode))
    }
}
