//! An approval as the API shows it.

use alm_domain::Approval;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{BuildNode, ParameterDefinition, StageNode, parameter::ParameterValue};
use crate::graphql::{
    actions::{self, ActionState},
    context::ContextExt,
    deployment::DeploymentNode,
    error::internal,
    loaders::{LoadError, StagesOf},
    node::revision,
    scalars::Instant,
    viewer::Actor,
};

/// A decision asked of people.
pub(crate) struct ApprovalNode(pub(crate) Approval);

/// A decision asked of people.
#[Object(name = "Approval")]
impl ApprovalNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Grows with every change.
    pub(crate) async fn revision(&self) -> i32 {
        revision(self.0.revision.0)
    }

    /// The build.
    async fn build(&self, ctx: &Context<'_>) -> Result<BuildNode> {
        let build = ctx.loader()?.load_one(self.0.build).await.map_err(LoadError::fault)?;
        build.map(BuildNode).ok_or_else(|| internal("an approval without its build"))
    }

    /// The stage that waits; null for a deployment, and where the engine does not say.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Option<StageNode>> {
        let Some(key) = &self.0.stage else { return Ok(None) };
        let stages = ctx.loader()?.load_one(StagesOf(self.0.build)).await.map_err(LoadError::fault)?;
        Ok(stages.unwrap_or_default().into_iter().find(|stage| stage.key == *key).map(StageNode))
    }

    /// The deployment that waits; null for a stage.
    async fn deployment(&self, ctx: &Context<'_>) -> Result<Option<DeploymentNode>> {
        let Some(id) = self.0.deployment else { return Ok(None) };
        Ok(ctx.loader()?.load_one(id).await.map_err(LoadError::fault)?.map(DeploymentNode))
    }

    /// How many must say yes.
    async fn required(&self) -> i32 {
        i32::try_from(self.0.required).unwrap_or(i32::MAX)
    }

    /// State.
    async fn status(&self) -> ApprovalStatus {
        self.0.status.into()
    }

    /// The question.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// Label of the button that says yes.
    async fn proceed_label(&self) -> &str {
        &self.0.proceed_label
    }

    /// Inputs asked for with the decision; at most 50.
    #[graphql(complexity = "5 * child_complexity")]
    async fn parameters(&self) -> Vec<ParameterDefinition> {
        self.0.parameters.iter().cloned().map(ParameterDefinition::from).collect()
    }

    /// What was said so far, oldest first; at most 50.
    #[graphql(complexity = "2 * child_complexity")]
    async fn decisions(&self) -> Vec<ApprovalDecision> {
        self.0
            .decisions
            .iter()
            .map(|said| ApprovalDecision {
                actor: (&said.actor).into(),
                verdict: said.verdict.into(),
                comment: said.comment.clone(),
                parameters: said.parameters.iter().map(ParameterValue::from).collect(),
                at: said.at.into(),
            })
            .collect()
    }

    /// When it was asked.
    async fn requested_at(&self) -> Instant {
        self.0.requested_at.into()
    }

    /// When it lapses.
    async fn expires_at(&self) -> Option<Instant> {
        self.0.expires_at.map(Instant::from)
    }

    /// When the provider confirmed the decision.
    async fn delivered_at(&self) -> Option<Instant> {
        self.0.delivered_at.map(Instant::from)
    }

    /// Verbs on this approval. Depends on who asks.
    #[graphql(complexity = "5 * child_complexity")]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<ActionState>> {
        let loader = ctx.loader()?;
        let Some(build) = loader.load_one(self.0.build).await.map_err(LoadError::fault)? else { return Ok(vec![]) };
        let Some(provider) = loader.load_one(build.provider).await.map_err(LoadError::fault)? else {
            return Ok(vec![]);
        };
        let denied = actions::denied(ctx, build.service, &provider).await?;
        let states = ctx.app()?.approval_actions(ctx.principal()?, &self.0, &build, &provider, &denied);
        actions::in_project(ctx, build.project, states).await
    }
}

/// States of an approval.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::ApprovalStatus")]
pub(crate) enum ApprovalStatus {
    /// Open.
    Pending,
    /// Decided and stored; the provider has not confirmed it yet.
    Delivering,
    /// Enough said yes.
    Approved,
    /// Somebody said no.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// The question went away.
    Withdrawn,
}

/// Yes or no.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::Verdict")]
pub(crate) enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

/// What one person said.
#[derive(SimpleObject)]
pub(crate) struct ApprovalDecision {
    /// Who.
    actor: Actor,
    /// Yes or no.
    verdict: Verdict,
    /// In their words.
    comment: Option<String>,
    /// Inputs given with the decision.
    #[graphql(complexity = "5 * child_complexity")]
    parameters: Vec<ParameterValue>,
    /// When.
    at: Instant,
}
