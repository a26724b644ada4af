//! Mutations about build services.

use alm_domain::{EnvironmentId, MOST_ENVIRONMENTS, ProjectId, ProviderId, RepositoryRef, ServiceId, Settings};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::ServiceNode;
use crate::{
    app::{Action, AppError, CreateService, RemovedService, UpdateService},
    graphql::{
        context::ContextExt,
        ids,
        loaders::LoadError,
        project::{ProjectNode, expected, slug},
        provider::{ConfigurationInput, changes},
        user_error::{UserError, outcome},
    },
};

/// A place in version control.
#[derive(InputObject)]
pub(crate) struct RepositoryInput {
    /// Clone address, without credentials; a path where local repositories are allowed.
    url: String,
    /// Branch, tag or commit.
    #[graphql(name = "ref")]
    reference: String,
    /// Folder to build in.
    directory: Option<String>,
}

impl From<RepositoryInput> for RepositoryRef {
    fn from(input: RepositoryInput) -> Self {
        Self { url: input.url, reference: input.reference, directory: input.directory.filter(|d| !d.is_empty()) }
    }
}

/// Input of `createBuildService`.
#[derive(InputObject)]
pub(crate) struct CreateBuildServiceInput {
    /// The project. With `validateOnly` it may be left out by those who may create projects: what is to be the first build service
    /// of a project is checked before there is one.
    project_id: Option<ID>,
    /// The provider.
    provider_id: ID,
    /// Short name, unique within the project: 1 to 63 of a-z, 0-9 and `-`.
    slug: String,
    /// Name for display.
    display_name: String,
    /// Where the source is.
    repository: RepositoryInput,
    /// Settings on top of the provider's.
    configuration: Option<Vec<ConfigurationInput>>,
    /// The environments that its builds use; all of the project when absent.
    environment_ids: Option<Vec<ID>>,
    /// Check everything, change nothing.
    #[graphql(default = false)]
    validate_only: bool,
}

/// Result of `createBuildService`.
#[derive(SimpleObject)]
pub(crate) struct CreateBuildServicePayload {
    /// The new build service; null when only validated.
    service: Option<ServiceNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `updateBuildService`.
#[derive(InputObject)]
pub(crate) struct UpdateBuildServiceInput {
    /// The build service.
    service_id: ID,
    /// New name.
    display_name: Option<String>,
    /// New place of the source.
    repository: Option<RepositoryInput>,
    /// Settings to change; the others stay.
    configuration: Option<Vec<ConfigurationInput>>,
    /// The environments that its builds use; null for all of the project, absent to leave them as they are.
    environment_ids: MaybeUndefined<Vec<ID>>,
    /// Check everything, change nothing.
    #[graphql(default = false)]
    validate_only: bool,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `updateBuildService`.
#[derive(SimpleObject)]
pub(crate) struct UpdateBuildServicePayload {
    /// The build service as it stands; null when only validated.
    service: Option<ServiceNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `removeBuildService`.
#[derive(InputObject)]
pub(crate) struct RemoveBuildServiceInput {
    /// The build service.
    service_id: ID,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `removeBuildService`.
#[derive(SimpleObject)]
pub(crate) struct RemoveBuildServicePayload {
    /// Its id, to evict it.
    removed_service_id: Option<ID>,
    /// The project as it stands.
    project: Option<ProjectNode>,
    /// What is left of it at the engine, and why; null when nothing is. It is tried again, with the caller's account there.
    left_behind: Option<String>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Ids of environments; each is kept once.
fn environments(ids: &[ID]) -> Result<Vec<EnvironmentId>, AppError> {
    if ids.len() > MOST_ENVIRONMENTS {
        let problem = format!("has more than {MOST_ENVIRONMENTS} ids, which is more than a project can have");
        return Err(AppError::invalid(["environmentIds"], problem));
    }
    let mut read = Vec::with_capacity(ids.len());
    for id in ids {
        let id = ids::input(id, "environmentIds")?;
        if !read.contains(&id) {
            read.push(id);
        }
    }
    Ok(read)
}

#[derive(Default)]
pub(crate) struct ServiceMutation;

#[Object]
impl ServiceMutation {
    /// Give a project its own instance of a provider.
    async fn create_build_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: CreateBuildServiceInput,
    ) -> Result<Option<CreateBuildServicePayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let created = async {
            let project: Option<ProjectId> =
                input.project_id.as_ref().map(|id| ids::input(id, "projectId")).transpose()?;
            let provider: ProviderId = ids::input(&input.provider_id, "providerId")?;
            let settings: Settings =
                changes(input.configuration)?.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
            let request = CreateService {
                project,
                provider,
                slug: slug(&input.slug)?,
                display_name: input.display_name,
                repository: input.repository.into(),
                settings,
                environments: input.environment_ids.as_deref().map(environments).transpose()?,
                validate_only: input.validate_only,
            };
            app.create_service(principal, request).await
        };
        let (service, user_errors) = outcome(ctx, created.await, Action::Edit)?;
        Ok(Some(CreateBuildServicePayload { service: service.flatten().map(ServiceNode), user_errors }))
    }

    /// Change a build service.
    async fn update_build_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: UpdateBuildServiceInput,
    ) -> Result<Option<UpdateBuildServicePayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let updated = async {
            let id: ServiceId = ids::input(&input.service_id, "serviceId")?;
            let changes = UpdateService {
                display_name: input.display_name,
                repository: input.repository.map(RepositoryRef::from),
                settings: changes(input.configuration)?,
                environments: match &input.environment_ids {
                    MaybeUndefined::Undefined => None,
                    MaybeUndefined::Null => Some(None),
                    MaybeUndefined::Value(ids) => Some(Some(environments(ids)?)),
                },
                validate_only: input.validate_only,
            };
            app.update_service(principal, id, changes, expected(input.expected_revision)?).await
        };
        let (service, user_errors) = outcome(ctx, updated.await, Action::Edit)?;
        Ok(Some(UpdateBuildServicePayload { service: service.flatten().map(ServiceNode), user_errors }))
    }

    /// Remove a build service; its builds stay readable, its short name is not used again.
    async fn remove_build_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RemoveBuildServiceInput,
    ) -> Result<Option<RemoveBuildServicePayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let removed = async {
            let id: ServiceId = ids::input(&input.service_id, "serviceId")?;
            app.remove_service(principal, id, expected(input.expected_revision)?).await
        };
        let (removed, user_errors) = outcome(ctx, removed.await, Action::Remove)?;
        let project = match &removed {
            Some(RemovedService { service, .. }) => {
                ctx.loader()?.load_one(service.project).await.map_err(LoadError::fault)?
            }
            None => None,
        };
        Ok(Some(RemoveBuildServicePayload {
            removed_service_id: removed.is_some().then_some(input.service_id),
            project: project.map(ProjectNode),
            left_behind: removed.and_then(|removed| removed.left),
            user_errors,
        }))
    }
}
