//! An environment as the API shows it.

use alm_domain::{Environment, EnvironmentRole as DomainRole, Protection, TokenMode as DomainMode};
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::GrantNode;
use crate::graphql::{
    actions::{self, ActionState},
    context::ContextExt,
    deployment::{DeploymentNode, connected},
    error::internal,
    loaders::{DeploymentOwner, GrantIn, LiveIn, LoadError},
    node::revision,
    paging::{PageArguments, Pages, rows},
    project::ProjectNode,
    scalars::Instant,
};

/// A cluster, or a part of one, as a project uses it.
pub(crate) struct EnvironmentNode(pub(crate) Environment);

/// A cluster, or a part of one, as a project uses it.
#[Object(name = "Environment")]
impl EnvironmentNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Grows with every change.
    pub(crate) async fn revision(&self) -> i32 {
        revision(self.0.revision)
    }

    /// The project.
    async fn project(&self, ctx: &Context<'_>) -> Result<ProjectNode> {
        let project = ctx.loader()?.load_one(self.0.project).await.map_err(LoadError::fault)?;
        project.map(ProjectNode).ok_or_else(|| internal("an environment without its project"))
    }

    /// Name, unique in the project; builds get its token under this name.
    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// Name for display.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// Address of the cluster, in normal form; never changes.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// The part of the cluster that is meant; null for a cluster without parts.
    async fn namespace(&self) -> Option<&str> {
        self.0.namespace.as_deref()
    }

    /// Use.
    async fn role(&self) -> EnvironmentRole {
        self.0.role.into()
    }

    /// Place in the order of promotion: 0 for the build environment, 1 and so on for the targets, without gaps.
    async fn position(&self) -> i32 {
        i32::try_from(self.0.position).unwrap_or(i32::MAX)
    }

    /// Where people's tokens for it come from.
    async fn token_mode(&self) -> TokenMode {
        self.0.token_mode.into()
    }

    /// The caller's own connection to it; NOT_CONNECTED where there never was one, null for the service itself. Where one's own sign-in
    /// is used, it is tried when it is first asked for with a new one; `viewerUpdates` tells what came of it. Depends on who asks.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn connection(&self, ctx: &Context<'_>) -> Result<Option<GrantNode>> {
        ctx.app()?.notice(ctx.principal()?, &self.0);
        let grant = ctx.loader()?.load_one(GrantIn(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(grant.map(GrantNode))
    }

    /// What must happen before a deployment.
    async fn protection(&self) -> EnvironmentProtection {
        self.0.protection.into()
    }

    /// Certificates, in PEM, that sign the cluster's own, besides those that everybody trusts.
    async fn ca_bundle(&self) -> Option<&str> {
        self.0.ca_bundle.as_deref()
    }

    /// Host of the registry that images are pushed to.
    async fn registry_host(&self) -> Option<&str> {
        self.0.registry_host.as_deref()
    }

    /// What runs here, of each build service one; at most 100.
    #[graphql(complexity = "10 * child_complexity")]
    async fn current(&self, ctx: &Context<'_>) -> Result<Vec<DeploymentNode>> {
        let live = ctx.loader()?.load_one(LiveIn(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(live.unwrap_or_default().into_iter().take(100).map(DeploymentNode).collect())
    }

    /// Deployments, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity")]
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
    ) -> Result<Pages<DeploymentNode>> {
        let arguments = PageArguments { first, after, last, before };
        connected(ctx, DeploymentOwner::Environment(self.0.id), None, arguments).await
    }

    /// When it was added.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }

    /// When it was removed; what was deployed there stays readable.
    async fn removed_at(&self) -> Option<Instant> {
        self.0.removed_at.map(Instant::from)
    }

    /// Verbs on this environment. Depends on who asks.
    #[graphql(complexity = "5 * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<ActionState>> {
        let project = ctx.loader()?.load_one(self.0.project).await.map_err(LoadError::fault)?;
        let Some(project) = project else { return Ok(vec![]) };
        actions::in_project(ctx, self.0.project, ctx.app()?.environment_actions(&self.0, &project)).await
    }
}

/// Uses of an environment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DomainRole")]
pub(crate) enum EnvironmentRole {
    /// Builds run here; one per project.
    Build,
    /// Deployments go here; one or more per project.
    Target,
}

/// Where the token for an environment comes from. An account that a person has connected comes before the person's own sign-in.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DomainMode")]
pub(crate) enum TokenMode {
    /// Each person connects an account, once.
    Grant,
    /// The token with which a person signs in here is used there as it is.
    SameToken,
    /// The token with which a person signs in here is exchanged for one that is valid there (RFC 8693).
    Exchange,
    /// Each person connects an account and is asked nothing (`prompt=none`): the identity provider there is the one of the sign-in.
    Silent,
}

/// Rules before a deployment.
#[derive(SimpleObject)]
pub(crate) struct EnvironmentProtection {
    /// How many people must approve; 0 for none.
    required_approvals: i32,
    /// Whether the person who asked for it may approve.
    self_approval: bool,
    /// Whether a build must run in the environment before this one first.
    in_order: bool,
}

impl From<Protection> for EnvironmentProtection {
    fn from(rules: Protection) -> Self {
        Self {
            required_approvals: i32::try_from(rules.required_approvals).unwrap_or(i32::MAX),
            self_approval: rules.self_approval,
            in_order: rules.in_order,
        }
    }
}
