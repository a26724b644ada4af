//! Mutations about environments.

use alm_domain::{EnvironmentId, ProjectId};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    EnvironmentNode,
    client::EnvironmentClientInput,
    types::{EnvironmentRole, TokenMode},
};
use crate::{
    app::{Action, AddEnvironment, AppError, EnvironmentChanges, ProtectionChanges},
    graphql::{
        context::ContextExt,
        ids,
        loaders::LoadError,
        project::{ProjectNode, expected},
        user_error::{UserError, outcome},
    },
};

/// The address of a cluster, and the name that an environment has in its project.
#[derive(InputObject)]
pub(crate) struct EndpointInput {
    /// Address of the cluster: https, without credentials, query and fragment.
    url: String,
    /// Name, unique in the project: 1 to 40 of a-z, 0-9 and `-`, beginning with a letter. Builds get the token under it.
    name: String,
}

/// Rules before a deployment; absent ones stay as they are.
#[derive(InputObject, Default)]
pub(crate) struct EnvironmentProtectionInput {
    /// How many people must approve, 0 to 10.
    required_approvals: Option<i32>,
    /// Whether the person who asked for it may approve.
    self_approval: Option<bool>,
    /// Whether the environment before this one comes first.
    in_order: Option<bool>,
}

impl EnvironmentProtectionInput {
    fn changes(self) -> Result<ProtectionChanges, AppError> {
        let required_approvals = self
            .required_approvals
            .map(|n| {
                u32::try_from(n)
                    .map_err(|_| AppError::invalid(["protection", "requiredApprovals"], "is negative: use 0 to 10"))
            })
            .transpose()?;
        Ok(ProtectionChanges { required_approvals, self_approval: self.self_approval, in_order: self.in_order })
    }
}

/// Input of `addEnvironment`.
#[derive(InputObject)]
pub(crate) struct AddEnvironmentInput {
    /// The project.
    project_id: ID,
    /// Address and name.
    endpoint: EndpointInput,
    /// Name for display.
    display_name: String,
    /// The part of the cluster that is meant, where it has parts.
    namespace: Option<String>,
    /// Use.
    role: EnvironmentRole,
    /// Place among the targets, from 1 on; last when absent.
    position: Option<i32>,
    /// Rules before a deployment.
    protection: Option<EnvironmentProtectionInput>,
    /// Certificates, in PEM, that sign the cluster's own; at most 64 KiB.
    ca_bundle: Option<String>,
    /// Host of the registry that images are pushed to.
    registry_host: Option<String>,
    /// Where people's tokens come from. Absent: what asks them for least, of all that the administrator allows for the cluster and
    /// that works with the caller's own sign-in.
    token_mode: Option<TokenMode>,
    /// The OAuth client that is for this environment alone; absent to use the one of its origin.
    client: Option<EnvironmentClientInput>,
}

/// Result of `addEnvironment`.
#[derive(SimpleObject)]
pub(crate) struct AddEnvironmentPayload {
    /// The new environment.
    environment: Option<EnvironmentNode>,
    /// The project as it stands.
    project: Option<ProjectNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `updateEnvironment`.
#[derive(InputObject)]
pub(crate) struct UpdateEnvironmentInput {
    /// The environment.
    environment_id: ID,
    /// New name for display.
    display_name: Option<String>,
    /// The part of the cluster that is meant; an empty one takes it away.
    namespace: Option<String>,
    /// New place among the targets.
    position: Option<i32>,
    /// Rules to change.
    protection: Option<EnvironmentProtectionInput>,
    /// Certificates, in PEM; an empty text takes them away.
    ca_bundle: Option<String>,
    /// Host of the registry; an empty one takes it away.
    registry_host: Option<String>,
    /// Where people's tokens come from.
    token_mode: Option<TokenMode>,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `updateEnvironment`.
#[derive(SimpleObject)]
pub(crate) struct UpdateEnvironmentPayload {
    /// The environment as it stands.
    environment: Option<EnvironmentNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `removeEnvironment`.
#[derive(InputObject)]
pub(crate) struct RemoveEnvironmentInput {
    /// The environment.
    environment_id: ID,
    /// Fail with CONFLICT when the subject has moved on from this revision.
    expected_revision: Option<i32>,
}

/// Result of `removeEnvironment`.
#[derive(SimpleObject)]
pub(crate) struct RemoveEnvironmentPayload {
    /// Its id, to evict it.
    removed_environment_id: Option<ID>,
    /// The project as it stands.
    project: Option<ProjectNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

fn position(place: Option<i32>) -> Result<Option<u32>, AppError> {
    place
        .map(|n| u32::try_from(n).map_err(|_| AppError::invalid(["position"], "is negative: the first target is 1")))
        .transpose()
}

#[derive(Default)]
pub(crate) struct EnvironmentMutation;

#[Object]
impl EnvironmentMutation {
    /// Add an environment to a project; at most 50.
    async fn add_environment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: AddEnvironmentInput,
    ) -> Result<Option<AddEnvironmentPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let added = async {
            let project: ProjectId = ids::input(&input.project_id, "projectId")?;
            let request = AddEnvironment {
                project,
                url: input.endpoint.url,
                name: input.endpoint.name,
                display_name: input.display_name,
                namespace: input.namespace,
                role: input.role.into(),
                position: position(input.position)?,
                protection: input.protection.unwrap_or_default().changes()?.over(Default::default())?,
                ca_bundle: input.ca_bundle,
                registry_host: input.registry_host,
                token_mode: input.token_mode.map(Into::into),
                client: input.client.map(Into::into),
            };
            app.add_environment(principal, request).await
        };
        let (added, user_errors) = outcome(ctx, added.await, Action::Edit)?;
        let project = match &added {
            Some(environment) => ctx.loader()?.load_one(environment.project).await.map_err(LoadError::fault)?,
            None => None,
        };
        Ok(Some(AddEnvironmentPayload {
            environment: added.map(EnvironmentNode),
            project: project.map(ProjectNode),
            user_errors,
        }))
    }

    /// Change an environment. Its address never changes: what was connected was connected to it.
    async fn update_environment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: UpdateEnvironmentInput,
    ) -> Result<Option<UpdateEnvironmentPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let updated = async {
            let id: EnvironmentId = ids::input(&input.environment_id, "environmentId")?;
            let changes = EnvironmentChanges {
                display_name: input.display_name,
                namespace: input.namespace,
                position: position(input.position)?,
                protection: input.protection.unwrap_or_default().changes()?,
                ca_bundle: input.ca_bundle,
                registry_host: input.registry_host,
                token_mode: input.token_mode.map(Into::into),
            };
            app.update_environment(principal, id, changes, expected(input.expected_revision)?).await
        };
        let (environment, user_errors) = outcome(ctx, updated.await, Action::Edit)?;
        Ok(Some(UpdateEnvironmentPayload { environment: environment.map(EnvironmentNode), user_errors }))
    }

    /// Remove an environment from a project; what runs there is left alone, what people have connected to it is forgotten.
    async fn remove_environment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RemoveEnvironmentInput,
    ) -> Result<Option<RemoveEnvironmentPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let removed = async {
            let id: EnvironmentId = ids::input(&input.environment_id, "environmentId")?;
            app.remove_environment(principal, id, expected(input.expected_revision)?).await
        };
        let (removed, user_errors) = outcome(ctx, removed.await, Action::Remove)?;
        let project = match &removed {
            Some(environment) => ctx.loader()?.load_one(environment.project).await.map_err(LoadError::fault)?,
            None => None,
        };
        Ok(Some(RemoveEnvironmentPayload {
            removed_environment_id: removed.map(|environment| environment.id.to_string().into()),
            project: project.map(ProjectNode),
            user_errors,
        }))
    }
}
