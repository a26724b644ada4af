//! A build service as the API shows it.

use std::time::Duration;

use alm_domain::{BuildService, CursorKind, EnvironmentId, RepositoryRef as DomainRepository};
use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{
    at_engine::{self, ConfigurationAtEngine},
    secret::SecretInfo,
    stats::BuildStats,
};
use crate::graphql::{
    actions::{self, ActionState},
    build::{BuildFilter, BuildNode, ParameterDefinition},
    context::ContextExt,
    environment::EnvironmentNode,
    error::{bad_argument, internal, store_fault},
    loaders::{BuildOwner, BuildsOf, EnvironmentsOf, LatestOf, LoadError, RunningOf, SecretsOf, StatsOf},
    node::revision,
    paging::{PageArguments, Pages, connection, rows},
    project::ProjectNode,
    provider::{ConfigurationEntry, ProviderNode},
    scalars::Instant,
};

/// How long a page waits for a provider to tell the parameters.
const DESCRIBE_WITHIN: Duration = Duration::from_secs(5);
const LARGEST_WINDOW: i32 = 100;

/// A project's own instance of a provider: the provider's settings plus its own.
pub(crate) struct ServiceNode(pub(crate) BuildService);

/// A project's own instance of a provider: the provider's settings plus its own.
#[Object(name = "BuildService")]
impl ServiceNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Grows with every change.
    pub(crate) async fn revision(&self) -> i32 {
        revision(self.0.revision)
    }

    /// Short name, unique within the project.
    async fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// Name for display.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The project it belongs to.
    async fn project(&self, ctx: &Context<'_>) -> Result<ProjectNode> {
        let project = ctx.loader()?.load_one(self.0.project).await.map_err(LoadError::fault)?;
        project.map(ProjectNode).ok_or_else(|| internal("a build service without its project"))
    }

    /// The backend it runs on.
    async fn provider(&self, ctx: &Context<'_>) -> Result<ProviderNode> {
        let provider = ctx.loader()?.load_one(self.0.provider).await.map_err(LoadError::fault)?;
        provider.map(ProviderNode).ok_or_else(|| internal("a build service without its provider"))
    }

    /// Where the source is.
    async fn repository(&self) -> RepositoryRef {
        (&self.0.repository).into()
    }

    /// Effective settings: a strict superset of the provider's, each with its origin; at most 400. Those that the engine keeps are as it
    /// has them, where it could be asked (`atEngine.problem`). Depends on who asks: it is asked with the caller's account.
    #[graphql(complexity = "20 * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn configuration(&self, ctx: &Context<'_>) -> Result<Vec<ConfigurationEntry>> {
        let provider = ctx.loader()?.load_one(self.0.provider).await.map_err(LoadError::fault)?;
        let Some(provider) = provider else { return Ok(vec![]) };
        let there = at_engine::read(ctx, self.0.id, &provider).await?;
        let entries = ctx.app()?.configuration(&provider, &self.0, there.as_ref());
        Ok(entries.into_iter().map(ConfigurationEntry::from).collect())
    }

    /// What the engine itself has of the build configuration, where it keeps one that others can change there; null where it keeps none.
    /// Depends on who asks: it is asked with the caller's account.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn at_engine(&self, ctx: &Context<'_>) -> Result<Option<ConfigurationAtEngine>> {
        let provider = ctx.loader()?.load_one(self.0.provider).await.map_err(LoadError::fault)?;
        let Some(provider) = provider else { return Ok(None) };
        let there = at_engine::read(ctx, self.0.id, &provider).await?;
        Ok(there.map(|there| ConfigurationAtEngine::new(&there, &self.0)))
    }

    /// The environments whose tokens its builds get, in the order of promotion; at most 50.
    #[graphql(complexity = "5 * child_complexity")]
    async fn environments(&self, ctx: &Context<'_>) -> Result<Vec<EnvironmentNode>> {
        let all = ctx.loader()?.load_one(EnvironmentsOf(self.0.project)).await.map_err(LoadError::fault)?;
        let chosen = self.0.environments.as_ref();
        let used = |id: &EnvironmentId| chosen.is_none_or(|chosen| chosen.contains(id));
        Ok(all.unwrap_or_default().into_iter().filter(|e| used(&e.id)).map(EnvironmentNode).collect())
    }

    /// Names of the secrets it holds, values never; at most 100.
    #[graphql(complexity = "10 * child_complexity")]
    async fn secrets(&self, ctx: &Context<'_>) -> Result<Vec<SecretInfo>> {
        let secrets = ctx.loader()?.load_one(SecretsOf(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(secrets.unwrap_or_default().into_iter().map(SecretInfo::from).collect())
    }

    /// Inputs that a build takes, read from the definition now; null when the provider could not tell.
    #[graphql(complexity = "200 + 10 * child_complexity")]
    async fn parameters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Branch, tag or commit; the default when absent.")] r#ref: Option<String>,
    ) -> Result<Option<Vec<ParameterDefinition>>> {
        let describing = ctx.app()?.describe(ctx.principal()?, &self.0, r#ref.as_deref());
        Ok(match tokio::time::timeout(DESCRIBE_WITHIN, describing).await {
            Ok(Ok(described)) => Some(described.parameters.into_iter().map(ParameterDefinition::from).collect()),
            Ok(Err(_)) | Err(_) => None,
        })
    }

    /// Newest build, of any state.
    async fn latest_build(&self, ctx: &Context<'_>) -> Result<Option<BuildNode>> {
        Ok(ctx.loader()?.load_one(LatestOf(self.0.id)).await.map_err(LoadError::fault)?.map(BuildNode))
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
        if !wanted.services.is_empty() && !wanted.services.contains(&self.0.id) {
            return Err(bad_argument("filter.serviceIds", "names other build services than this one: leave it out"));
        }
        let page = if page.from.is_none() {
            let key = BuildsOf { owner: BuildOwner::Service(self.0.id), filter: wanted, page };
            ctx.loader()?.load_one(key).await.map_err(LoadError::fault)?.ok_or_else(|| internal("no page of builds"))?
        } else {
            wanted.services = vec![self.0.id];
            ctx.app()?.store().list_builds(ctx.principal()?, &wanted, &page).await.map_err(store_fault)?
        };
        Ok(connection(page, CursorKind::Builds, owner, BuildNode))
    }

    /// Figures over recent finished builds, for the sparkline and the tiles.
    async fn stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many finished builds to look at, 1 to 100.", default = 30)] window: i32,
        #[graphql(desc = "Only this branch; all of them when absent.")] branch: Option<String>,
    ) -> Result<BuildStats> {
        let window = u32::try_from(window)
            .ok()
            .filter(|n| (1..=LARGEST_WINDOW.unsigned_abs()).contains(n))
            .ok_or_else(|| bad_argument("window", &format!("{window} is not a window: use 1 to {LARGEST_WINDOW}")))?;
        let key = StatsOf { service: self.0.id, window, branch };
        let stats = ctx.loader()?.load_one(key).await.map_err(LoadError::fault)?;
        stats.map(BuildStats::from).ok_or_else(|| internal("no figures"))
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }

    /// When it was removed; its builds stay readable.
    async fn removed_at(&self) -> Option<Instant> {
        self.0.removed_at.map(Instant::from)
    }

    /// Verbs on this build service. Depends on who asks.
    #[graphql(complexity = "5 * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<ActionState>> {
        let loader = ctx.loader()?;
        let project = loader.load_one(self.0.project).await.map_err(LoadError::fault)?;
        let provider = loader.load_one(self.0.provider).await.map_err(LoadError::fault)?;
        let running = loader.load_one(RunningOf(self.0.id)).await.map_err(LoadError::fault)?.unwrap_or_default();
        let (Some(project), Some(provider)) = (project, provider) else { return Ok(vec![]) };
        let denied = actions::denied(ctx, self.0.id, &provider).await?;
        let states = ctx.app()?.service_actions(&self.0, &project, &provider, running, &denied);
        actions::in_project(ctx, self.0.project, states).await
    }
}

/// A place in version control.
#[derive(SimpleObject)]
pub(crate) struct RepositoryRef {
    /// Clone address, without credentials; a path where local repositories are allowed.
    url: String,
    /// Branch, tag or commit to build by default.
    #[graphql(name = "ref")]
    reference: String,
    /// Folder to build in, from the root of the repository.
    directory: Option<String>,
}

impl From<&DomainRepository> for RepositoryRef {
    fn from(repository: &DomainRepository) -> Self {
        Self {
            url: repository.url.clone(),
            reference: repository.reference.clone(),
            directory: repository.directory.clone(),
        }
    }
}
