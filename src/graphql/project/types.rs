//! A project as the API shows it.

use alm_domain::{CursorKind, Project};
use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use uuid::Uuid;

use crate::{
    app::{self, VerdictReason},
    graphql::{
        actions::{self, ActionState},
        build::{BuildFilter, BuildNode},
        context::ContextExt,
        deployment::{DeploymentNode, PromotionBoard, connected},
        environment::EnvironmentNode,
        error::{internal, store_fault},
        ids,
        loaders::{
            BoardOf, BuildOwner, BuildsOf, DeploymentOwner, EnvironmentsOf, LoadError, MembersOf, RoleIn, ServicesOf,
            VerdictOf,
        },
        node::{Node, revision},
        paging::{PageArguments, Pages, connection, rows},
        people::{MemberNode, ProjectRole},
        provider::HealthState,
        scalars::Instant,
        service::ServiceNode,
    },
};

/// A body of work: its build services and their builds.
pub(crate) struct ProjectNode(pub(crate) Project);

/// A body of work: its build services and their builds.
#[Object(name = "Project")]
impl ProjectNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Grows with every change.
    pub(crate) async fn revision(&self) -> i32 {
        revision(self.0.revision.0)
    }

    /// Unique short name, used in addresses.
    async fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// Name for display.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// What it is about, in plain text.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Whether it is kept for reference only: nothing can be started in it.
    async fn is_archived(&self) -> bool {
        self.0.is_archived
    }

    /// One verdict, with its reasons.
    async fn health(&self, ctx: &Context<'_>) -> Result<ProjectHealth> {
        let verdict = ctx.loader()?.load_one(VerdictOf(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(verdict.map_or_else(ProjectHealth::unknown, ProjectHealth::from))
    }

    /// Build services, by short name; at most 100.
    #[graphql(complexity = "10 * child_complexity")]
    async fn services(&self, ctx: &Context<'_>) -> Result<Vec<ServiceNode>> {
        let services = ctx.loader()?.load_one(ServicesOf(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(services.unwrap_or_default().into_iter().map(ServiceNode).collect())
    }

    /// The build environment and the targets, in the order of promotion; at most 50.
    #[graphql(complexity = "5 * child_complexity")]
    async fn environments(&self, ctx: &Context<'_>) -> Result<Vec<EnvironmentNode>> {
        let environments = ctx.loader()?.load_one(EnvironmentsOf(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(environments.unwrap_or_default().into_iter().map(EnvironmentNode).collect())
    }

    /// Which version is where; one row per build service.
    async fn board(&self, ctx: &Context<'_>) -> Result<PromotionBoard> {
        let board = ctx.loader()?.load_one(BoardOf(self.0.id)).await.map_err(LoadError::fault)?;
        board.map(PromotionBoard).ok_or_else(|| internal("a project without its board"))
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
        #[graphql(desc = "Only to this environment.")] environment_id: Option<ID>,
    ) -> Result<Pages<DeploymentNode>> {
        let environment = environment_id.map(|id| ids::argument(&id, "environmentId")).transpose()?;
        let arguments = PageArguments { first, after, last, before };
        connected(ctx, DeploymentOwner::Project(self.0.id), environment, arguments).await
    }

    /// Builds, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity")]
    async fn builds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which builds.")] filter: Option<BuildFilter>,
    ) -> Result<Pages<BuildNode>> {
        let owner = self.0.id.as_uuid();
        let page = PageArguments { first, after, last, before }.request(ctx, CursorKind::Builds, owner)?;
        let mut wanted = BuildFilter::to_store(filter, ctx.principal()?)?;
        let page = if page.from.is_none() {
            let key = BuildsOf { owner: BuildOwner::Project(self.0.id), filter: wanted, page };
            ctx.loader()?.load_one(key).await.map_err(LoadError::fault)?.ok_or_else(|| internal("no page of builds"))?
        } else {
            wanted.project = Some(self.0.id);
            ctx.app()?.store().list_builds(ctx.principal()?, &wanted, &page).await.map_err(store_fault)?
        };
        Ok(connection(page, CursorKind::Builds, owner, BuildNode))
    }

    /// Its members, owners first; at most 200.
    #[graphql(complexity = "20 * child_complexity")]
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<MemberNode>> {
        let members = ctx.loader()?.load_one(MembersOf(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(members.unwrap_or_default().into_iter().map(MemberNode).collect())
    }

    /// What the caller may do here. Depends on who asks.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn viewer_role(&self, ctx: &Context<'_>) -> Result<Option<ProjectRole>> {
        let role = ctx.loader()?.load_one(RoleIn(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(role.map(ProjectRole::from))
    }

    /// Verbs on this project. Depends on who asks.
    #[graphql(complexity = "5 * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<ActionState>> {
        actions::in_project(ctx, self.0.id, ctx.app()?.project_actions(ctx.principal()?, &self.0)).await
    }

    /// When it was created.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// Verdict on a project.
#[derive(SimpleObject)]
pub(crate) struct ProjectHealth {
    /// The verdict; UNKNOWN while no build has finished.
    state: HealthState,
    /// What led to it, worst first; at most 10.
    #[graphql(complexity = "5 * child_complexity")]
    reasons: Vec<HealthReason>,
}

impl ProjectHealth {
    const fn unknown() -> Self {
        Self { state: HealthState::Unknown, reasons: Vec::new() }
    }
}

impl From<app::ProjectVerdict> for ProjectHealth {
    fn from(verdict: app::ProjectVerdict) -> Self {
        Self { state: verdict.state.into(), reasons: verdict.reasons.into_iter().map(HealthReason::from).collect() }
    }
}

/// One reason for a verdict.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct HealthReason {
    /// Stable code for programs.
    code: HealthReasonCode,
    /// Sentence for people.
    message: String,
    #[graphql(skip)]
    build: alm_domain::BuildId,
}

#[ComplexObject]
impl HealthReason {
    /// What to open when it is clicked.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<Node>> {
        let build = ctx.loader()?.load_one(self.build).await.map_err(LoadError::fault)?;
        Ok(build.map(|build| Node::Build(BuildNode(build))))
    }
}

impl From<VerdictReason> for HealthReason {
    fn from(reason: VerdictReason) -> Self {
        Self { code: reason.code.into(), message: reason.message, build: reason.build }
    }
}

/// Reasons for a verdict.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::VerdictReasonCode")]
pub(crate) enum HealthReasonCode {
    /// The newest finished build of a build service failed.
    LastBuildFailed,
    /// Somebody must decide.
    WaitingForApproval,
}

/// Lists that belong to nobody.
pub(crate) const NOBODY: Uuid = Uuid::nil();
