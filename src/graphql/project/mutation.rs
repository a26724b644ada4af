//! Mutations about projects.

use alm_domain::{ProjectId, ProjectSeq, Slug, SlugError};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::ProjectNode;
use crate::{
    app::{Action, AppError},
    graphql::{
        context::ContextExt,
        ids,
        user_error::{UserError, outcome},
    },
};

/// Input of `createProject`.
#[derive(InputObject)]
pub(crate) struct CreateProjectInput {
    /// Unique short name: 1 to 63 of a-z, 0-9 and `-`.
    slug: String,
    /// Name for display.
    display_name: String,
    /// What it is about.
    description: Option<String>,
}

/// Result of `createProject`.
#[derive(SimpleObject)]
pub(crate) struct CreateProjectPayload {
    /// The new project.
    project: Option<ProjectNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `updateProject`.
#[derive(InputObject)]
pub(crate) struct UpdateProjectInput {
    /// The project.
    project_id: ID,
    /// New name.
    display_name: Option<String>,
    /// New description; an empty one takes it away.
    description: Option<String>,
    /// Keep for reference only.
    archived: Option<bool>,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `updateProject`.
#[derive(SimpleObject)]
pub(crate) struct UpdateProjectPayload {
    /// The project as it stands.
    project: Option<ProjectNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// A short name inside the input of a mutation.
pub(crate) fn slug(text: &str) -> Result<Slug, AppError> {
    text.parse().map_err(|error: SlugError| AppError::invalid(["slug"], error.to_string()))
}

/// A revision inside the input of a mutation.
pub(crate) fn expected(revision: Option<i32>) -> Result<Option<u64>, AppError> {
    revision
        .map(|n| {
            u64::try_from(n).map_err(|_| AppError::invalid(["expectedRevision"], "is not a revision: it is negative"))
        })
        .transpose()
}

#[derive(Default)]
pub(crate) struct ProjectMutation;

#[Object]
impl ProjectMutation {
    /// Create a project; its build services are added next.
    async fn create_project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: CreateProjectInput,
    ) -> Result<Option<CreateProjectPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let created = async {
            let slug = slug(&input.slug)?;
            app.create_project(principal, slug, &input.display_name, input.description).await
        };
        let (project, user_errors) = outcome(ctx, created.await, Action::Edit)?;
        Ok(Some(CreateProjectPayload { project: project.map(ProjectNode), user_errors }))
    }

    /// Change a project.
    async fn update_project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: UpdateProjectInput,
    ) -> Result<Option<UpdateProjectPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let updated = async {
            let id: ProjectId = ids::input(&input.project_id, "projectId")?;
            let expected = expected(input.expected_revision)?.map(ProjectSeq);
            let UpdateProjectInput { display_name, description, archived, .. } = input;
            app.update_project(principal, id, display_name, description, archived, expected).await
        };
        let (project, user_errors) = outcome(ctx, updated.await, Action::Edit)?;
        Ok(Some(UpdateProjectPayload { project: project.map(ProjectNode), user_errors }))
    }
}
