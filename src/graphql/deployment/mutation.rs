//! Mutations about deployments.

use alm_domain::{BuildId, Deployment, DeploymentId, EnvironmentId};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{DeploymentNode, PromotionCell};
use crate::{
    app::{Action, PromoteBuild, RollBack},
    graphql::{
        context::ContextExt,
        error::fault,
        ids,
        user_error::{UserError, outcome},
    },
};

/// Input of `promoteBuild`.
#[derive(InputObject)]
pub(crate) struct PromoteBuildInput {
    /// The build whose version is to be brought there.
    build_id: ID,
    /// The environment.
    environment_id: ID,
    /// Why, for the approvers.
    comment: Option<String>,
    /// The same key: the first result is returned, nothing is done twice. Holds for the life of the build.
    idempotency_key: Option<String>,
}

/// Input of `rollBackDeployment`.
#[derive(InputObject)]
pub(crate) struct RollBackDeploymentInput {
    /// The deployment to take back: the one that runs now.
    deployment_id: ID,
    /// Why.
    reason: Option<String>,
    /// The same key: the first result is returned, nothing is done twice. Holds for the life of the build.
    idempotency_key: Option<String>,
}

/// Input of `cancelDeployment`.
#[derive(InputObject)]
pub(crate) struct CancelDeploymentInput {
    /// The deployment.
    deployment_id: ID,
}

/// Result of `promoteBuild`.
#[derive(SimpleObject)]
pub(crate) struct PromoteBuildPayload {
    /// The new deployment.
    deployment: Option<DeploymentNode>,
    /// The cells of the board in the row of its build service; at most 50.
    #[graphql(complexity = "5 * child_complexity")]
    cells: Option<Vec<PromotionCell>>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Result of `rollBackDeployment`.
#[derive(SimpleObject)]
pub(crate) struct RollBackDeploymentPayload {
    /// The new deployment of the older version.
    deployment: Option<DeploymentNode>,
    /// The cells of the board in the row of its build service; at most 50.
    #[graphql(complexity = "5 * child_complexity")]
    cells: Option<Vec<PromotionCell>>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Result of `cancelDeployment`.
#[derive(SimpleObject)]
pub(crate) struct CancelDeploymentPayload {
    /// The deployment as it stands.
    deployment: Option<DeploymentNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct DeploymentMutation;

#[Object]
impl DeploymentMutation {
    /// Bring the version of a build to an environment, by way of its approvals: a new build that runs only what deploys there.
    async fn promote_build(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: PromoteBuildInput,
    ) -> Result<Option<PromoteBuildPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let promoted = async {
            let build: BuildId = ids::input(&input.build_id, "buildId")?;
            let environment: EnvironmentId = ids::input(&input.environment_id, "environmentId")?;
            let (comment, idempotency_key) = (input.comment, input.idempotency_key);
            let request = PromoteBuild { build, environment, comment, idempotency_key };
            app.promote_build(principal, request).await
        };
        let (deployment, user_errors) = outcome(ctx, promoted.await, Action::Promote)?;
        let cells = row(ctx, deployment.as_ref()).await?;
        Ok(Some(PromoteBuildPayload { deployment: deployment.map(DeploymentNode), cells, user_errors }))
    }

    /// Return an environment to the version that ran there before, by a new deployment of it.
    async fn roll_back_deployment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RollBackDeploymentInput,
    ) -> Result<Option<RollBackDeploymentPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let taken = async {
            let deployment: DeploymentId = ids::input(&input.deployment_id, "deploymentId")?;
            let (reason, idempotency_key) = (input.reason, input.idempotency_key);
            app.roll_back(principal, RollBack { deployment, reason, idempotency_key }).await
        };
        let (deployment, user_errors) = outcome(ctx, taken.await, Action::RollBack)?;
        let cells = row(ctx, deployment.as_ref()).await?;
        Ok(Some(RollBackDeploymentPayload { deployment: deployment.map(DeploymentNode), cells, user_errors }))
    }

    /// Stop a deployment on its way: cancels the build that carries it out.
    async fn cancel_deployment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: CancelDeploymentInput,
    ) -> Result<Option<CancelDeploymentPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let cancelled = async {
            let id: DeploymentId = ids::input(&input.deployment_id, "deploymentId")?;
            app.cancel_deployment(principal, id).await
        };
        let (deployment, user_errors) = outcome(ctx, cancelled.await, Action::CancelDeployment)?;
        Ok(Some(CancelDeploymentPayload { deployment: deployment.map(DeploymentNode), user_errors }))
    }
}

/// The cells that a deployment may have changed: those of its build service.
async fn row(ctx: &Context<'_>, deployment: Option<&Deployment>) -> Result<Option<Vec<PromotionCell>>> {
    let Some(deployment) = deployment.filter(|_| ctx.look_ahead().field("cells").exists()) else { return Ok(None) };
    let boards = ctx.app()?.boards(ctx.principal()?, &[deployment.project]).await.map_err(|e| fault(&e))?;
    let rows = boards.into_values().flat_map(|board| board.rows);
    let own = rows.filter(|row| row.service.id == deployment.service).flat_map(|row| row.cells);
    Ok(Some(own.map(PromotionCell).collect()))
}
