//! A deployment as the API shows it.

use alm_domain::{CursorKind, Deployment, DeploymentStatus as DomainStatus, EnvironmentId, deployment_approval};
use async_graphql::{Context, Enum, ID, Object, Result};

use crate::graphql::{
    actions::{self, ActionState},
    build::{ApprovalNode, BuildNode, Commit},
    context::ContextExt,
    environment::EnvironmentNode,
    error::{internal, store_fault},
    loaders::{ApprovalsOf, BeforeOf, DeploymentOwner, DeploymentsOf, LoadError, OpenIn, RoleIn},
    node::revision,
    paging::{PageArguments, Pages, connection},
    scalars::Instant,
    service::ServiceNode,
    viewer::Actor,
};

/// A version of one build service, and how it got to one environment, or did not.
pub(crate) struct DeploymentNode(pub(crate) Deployment);

/// A version of one build service, and how it got to one environment, or did not.
#[Object(name = "Deployment")]
impl DeploymentNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Grows with every change.
    pub(crate) async fn revision(&self) -> i32 {
        revision(self.0.revision)
    }

    /// The build service.
    async fn service(&self, ctx: &Context<'_>) -> Result<ServiceNode> {
        let service = ctx.loader()?.load_one(self.0.service).await.map_err(LoadError::fault)?;
        service.map(ServiceNode).ok_or_else(|| internal("a deployment without its build service"))
    }

    /// Where to.
    async fn environment(&self, ctx: &Context<'_>) -> Result<EnvironmentNode> {
        let environment = ctx.loader()?.load_one(self.0.environment).await.map_err(LoadError::fault)?;
        environment.map(EnvironmentNode).ok_or_else(|| internal("a deployment without its environment"))
    }

    /// What, as the build that made it.
    async fn build(&self, ctx: &Context<'_>) -> Result<BuildNode> {
        let build = ctx.loader()?.load_one(self.0.build).await.map_err(LoadError::fault)?;
        build.map(BuildNode).ok_or_else(|| internal("a deployment without its build"))
    }

    /// The build that brings it there, with its log: the one that made it, or one of its own.
    async fn carried_out_by(&self, ctx: &Context<'_>) -> Result<BuildNode> {
        let build = ctx.loader()?.load_one(self.0.by).await.map_err(LoadError::fault)?;
        build.map(BuildNode).ok_or_else(|| internal("a deployment that no build carries out"))
    }

    /// What, as a label for people: branch or tag, number of the build, beginning of the commit's hash.
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// Its commit; null for an engine that knows none.
    async fn commit(&self) -> Option<Commit> {
        self.0.commit.clone().map(Commit::from)
    }

    /// Where it can be visited once it is there: an http or https address; null where nobody says.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// State.
    async fn status(&self) -> DeploymentStatus {
        self.0.status.into()
    }

    /// Why it is in this state.
    async fn status_reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Who asked for it.
    async fn requested_by(&self) -> Actor {
        (&self.0.requested_by).into()
    }

    /// When it was asked for.
    async fn requested_at(&self) -> Instant {
        self.0.requested_at.into()
    }

    /// Why, in the words of who asked for it.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }

    /// When it went live; null if it never did.
    async fn activated_at(&self) -> Option<Instant> {
        self.0.activated_at.map(Instant::from)
    }

    /// When it went live, or failed.
    async fn finished_at(&self) -> Option<Instant> {
        self.0.finished_at.map(Instant::from)
    }

    /// The decision that it waits for, or waited for; null where none is needed.
    async fn approval(&self, ctx: &Context<'_>) -> Result<Option<ApprovalNode>> {
        let key = deployment_approval(self.0.environment);
        let approvals = ctx.loader()?.load_one(ApprovalsOf(self.0.by)).await.map_err(LoadError::fault)?;
        Ok(approvals.unwrap_or_default().into_iter().find(|approval| approval.key == key).map(ApprovalNode))
    }

    /// What ran there before.
    async fn previous(&self, ctx: &Context<'_>) -> Result<Option<DeploymentNode>> {
        let Some(id) = self.0.previous else { return Ok(None) };
        Ok(ctx.loader()?.load_one(id).await.map_err(LoadError::fault)?.map(DeploymentNode))
    }

    /// The deployment whose version would run there again if this one were taken back; null where it cannot be.
    async fn returns_to(&self, ctx: &Context<'_>) -> Result<Option<DeploymentNode>> {
        let before = ctx.loader()?.load_one(BeforeOf(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(before.map(DeploymentNode))
    }

    /// The deployment that it takes back; null for any other.
    async fn takes_back(&self, ctx: &Context<'_>) -> Result<Option<DeploymentNode>> {
        let Some(id) = self.0.takes_back else { return Ok(None) };
        Ok(ctx.loader()?.load_one(id).await.map_err(LoadError::fault)?.map(DeploymentNode))
    }

    /// Verbs on this deployment. Depends on who asks.
    #[graphql(complexity = "5 * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<ActionState>> {
        let (loader, one) = (ctx.loader()?, &self.0);
        let (project, service, environment, by, role, open, before) = futures::try_join!(
            loader.load_one(one.project),
            loader.load_one(one.service),
            loader.load_one(one.environment),
            loader.load_one(one.by),
            loader.load_one(RoleIn(one.project)),
            loader.load_one(OpenIn(one.project)),
            loader.load_one(BeforeOf(one.id)),
        )
        .map_err(LoadError::fault)?;
        let (Some(project), Some(service), Some(environment), Some(by)) = (project, service, environment, by) else {
            return Ok(vec![]);
        };
        let Some(provider) = loader.load_one(service.provider).await.map_err(LoadError::fault)? else {
            return Ok(vec![]);
        };
        let before = match before {
            Some(before) => loader.load_one(before.build).await.map_err(LoadError::fault)?,
            None => None,
        };
        let open = open.unwrap_or_default();
        let pending = open.iter().find(|other| {
            (other.service, other.environment) == (one.service, one.environment) && other.status.is_pending()
        });
        let on = (&service, &project, &provider, &environment);
        let (app, denied) = (ctx.app()?, actions::denied(ctx, service.id, &provider).await?);
        Ok(actions::views(app.deployment_actions((role, &denied), one, before.as_ref(), on, &by, pending)))
    }
}

/// A page of the deployments of an owner, newest first.
pub(crate) async fn connected(
    ctx: &Context<'_>,
    owner: DeploymentOwner,
    environment: Option<EnvironmentId>,
    arguments: PageArguments,
) -> Result<Pages<DeploymentNode>> {
    let subject = owner.as_uuid();
    let page = arguments.request(ctx, CursorKind::Deployments, subject)?;
    let page = if page.from.is_none() {
        let key = DeploymentsOf { owner, environment, page };
        let page = ctx.loader()?.load_one(key).await.map_err(LoadError::fault)?;
        page.ok_or_else(|| internal("no page of deployments"))?
    } else {
        let store = ctx.app()?.store();
        store.list_deployments(ctx.principal()?, &owner.alone(), environment, &page).await.map_err(store_fault)?
    };
    Ok(connection(page, CursorKind::Deployments, subject, DeploymentNode))
}

/// States of a deployment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DomainStatus")]
pub(crate) enum DeploymentStatus {
    /// Held until people decide.
    WaitingForApproval,
    /// Waiting for its turn.
    Queued,
    /// On its way.
    Running,
    /// Runs there now.
    Active,
    /// Ran there once.
    Superseded,
    /// Did not get there.
    Failed,
    /// Stopped on its way.
    Cancelled,
    /// Taken back.
    RolledBack,
}
