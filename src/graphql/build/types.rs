//! A build as the API shows it.

use alm_domain::{Build, Cursor, CursorKind, DeploymentId};
use async_graphql::{
    ComplexObject, Context, Enum, ID, Object, Result, SimpleObject,
    connection::{Edge, EmptyFields},
};
use uuid::Uuid;

use super::{
    ApprovalNode, RunStatus, StageNode,
    hold::{self, AwaitedAccount, BuildHold, HeldStage},
    parameter::ParameterValue,
    status::{BuildShape, StatusReasonCode},
    step::BuildStep,
};
use crate::{
    app::Failure,
    graphql::{
        actions::{self, ActionState},
        context::ContextExt,
        deployment::{DeploymentNode, connected},
        error::{fault, internal},
        loaders::{ApprovalsOf, DeploymentOwner, ExpectedOf, LoadError, LogOf, StagesOf},
        log::{LogInfo, LogLine},
        node::revision,
        paging::{PageArguments, Pages, rows},
        project::ProjectNode,
        prompt::Prompt,
        provider::ProviderCapability,
        scalars::{Instant, Int53, Millis},
        service::ServiceNode,
        viewer::Actor,
    },
};

/// One run of a build service. A plain build is a pipeline with no stages.
#[derive(Clone)]
pub(crate) struct BuildNode(pub(crate) Build);

impl BuildNode {
    /// The build as an edge of the list of builds that this owner has.
    pub(crate) fn into_edge(self, owner: Uuid) -> Edge<String, Self, EmptyFields> {
        let position = self.0.id.as_uuid().as_bytes().to_vec();
        Edge::new(Cursor { kind: CursorKind::Builds, subject: owner, position }.encode(), self)
    }
}

/// One run of a build service. A plain build is a pipeline with no stages.
#[Object(name = "Build")]
impl BuildNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Grows with every change.
    pub(crate) async fn revision(&self) -> i32 {
        revision(self.0.revision.0)
    }

    /// Counts up within the build service.
    async fn number(&self) -> u32 {
        self.0.number
    }

    /// The project.
    async fn project(&self, ctx: &Context<'_>) -> Result<ProjectNode> {
        let project = ctx.loader()?.load_one(self.0.project).await.map_err(LoadError::fault)?;
        project.map(ProjectNode).ok_or_else(|| internal("a build without its project"))
    }

    /// The build service.
    async fn service(&self, ctx: &Context<'_>) -> Result<ServiceNode> {
        let service = ctx.loader()?.load_one(self.0.service).await.map_err(LoadError::fault)?;
        service.map(ServiceNode).ok_or_else(|| internal("a build without its build service"))
    }

    /// State of the whole.
    async fn status(&self) -> RunStatus {
        self.0.status.into()
    }

    /// Why it is in this state, for example what it waits for.
    async fn status_reason(&self) -> Option<&str> {
        self.0.reason.as_ref().map(|reason| reason.message.as_str())
    }

    /// Why it is in this state, for programs.
    async fn status_reason_code(&self) -> Option<StatusReasonCode> {
        self.0.reason.as_ref().map(|reason| reason.code.into())
    }

    /// Since when the provider cannot be asked; what is shown is the last that is known. Null while all is well.
    async fn degraded_since(&self) -> Option<Instant> {
        self.0.degraded_since.map(Instant::from)
    }

    /// Why the provider cannot be asked.
    async fn degraded_reason(&self) -> Option<&str> {
        self.0.degraded_reason.as_deref()
    }

    /// The same for programs: CREDENTIAL where somebody must connect an account again. Null while all is well, and for builds of
    /// earlier versions.
    async fn degraded_reason_code(&self) -> Option<StatusReasonCode> {
        self.0.degraded_code.map(StatusReasonCode::from)
    }

    /// Why it has no run at its engine yet; null once it may have one.
    async fn hold(&self) -> Option<BuildHold> {
        self.0.hold.as_ref().map(BuildHold::from)
    }

    /// Accounts that somebody must connect before it, or a stage of it, goes on; at most 50 for the build, and one for each stage.
    #[graphql(complexity = "5 * child_complexity")]
    async fn waits_for(&self, ctx: &Context<'_>) -> Result<Vec<AwaitedAccount>> {
        hold::awaited(ctx, &self.0).await
    }

    /// Stages that are kept waiting though no account is missing; each goes on by itself when it is its turn.
    #[graphql(complexity = "20 * child_complexity")]
    async fn held_stages(&self, ctx: &Context<'_>) -> Result<Vec<HeldStage>> {
        hold::held(ctx, &self.0).await
    }

    /// Whether stages are to be expected: tells "none" from "none yet".
    async fn shape(&self) -> BuildShape {
        self.0.shape.into()
    }

    /// All stages as one flat list in display order, planned ones included; at most 2000.
    #[graphql(complexity = "20 * child_complexity")]
    async fn stages(&self, ctx: &Context<'_>) -> Result<Vec<Prompt<StageNode>>> {
        let stages = ctx.loader()?.load_one(StagesOf(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(stages.unwrap_or_default().into_iter().map(|stage| Prompt(StageNode(stage))).collect())
    }

    /// Stages per state, frames left out, for a summary line and for screen readers.
    #[graphql(complexity = "5 * child_complexity")]
    async fn stage_counts(&self, ctx: &Context<'_>) -> Result<Vec<StageCount>> {
        let stages = ctx.loader()?.load_one(StagesOf(self.0.id)).await.map_err(LoadError::fault)?.unwrap_or_default();
        Ok(alm_domain::RunStatus::ALL
            .into_iter()
            .map(|status| (status, stages.iter().filter(|s| s.status == status && !s.kind.is_frame()).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(status, count)| StageCount { status: status.into(), count })
            .collect())
    }

    /// What was built; null until the source is there.
    async fn commit(&self) -> Option<Commit> {
        self.0.commit.clone().map(Commit::from)
    }

    /// Branch, tag or commit that was asked for.
    #[graphql(name = "ref")]
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// What set it off.
    async fn trigger(&self) -> Trigger {
        Trigger { kind: self.0.trigger.kind.into(), actor: (&self.0.trigger.actor).into() }
    }

    /// Inputs as given.
    #[graphql(complexity = "5 * child_complexity")]
    async fn parameters(&self) -> Vec<ParameterValue> {
        self.0.parameters.iter().map(ParameterValue::from).collect()
    }

    /// The build that this one repeats.
    async fn rerun_of(&self, ctx: &Context<'_>) -> Result<Option<Self>> {
        let Some(of) = &self.0.rerun_of else { return Ok(None) };
        Ok(ctx.loader()?.load_one(of.build).await.map_err(LoadError::fault)?.map(Self))
    }

    /// When it was asked for.
    async fn queued_at(&self) -> Instant {
        self.0.queued_at.into()
    }

    /// When work began.
    async fn started_at(&self) -> Option<Instant> {
        self.0.started_at.map(Instant::from)
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<Instant> {
        self.0.finished_at.map(Instant::from)
    }

    /// Time at work; grows while it runs, so count on from startedAt.
    async fn duration(&self, ctx: &Context<'_>) -> Result<Option<Millis>> {
        Ok(self.0.duration_ms(ctx.app()?.clock().now()).map(Millis))
    }

    /// Time spent waiting before work began.
    async fn queue_duration(&self) -> Option<Millis> {
        let waited = self.0.started_at? - self.0.queued_at;
        Some(Millis(waited.num_milliseconds().max(0)))
    }

    /// Likely duration: the median of the last 20 builds that succeeded; null while there are none.
    async fn expected_duration(&self, ctx: &Context<'_>) -> Result<Option<Millis>> {
        Ok(ctx.loader()?.load_one(ExpectedOf(self.0.service)).await.map_err(LoadError::fault)?.map(Millis))
    }

    /// First failure worth looking at; null unless it ended badly.
    async fn failure(&self, ctx: &Context<'_>) -> Result<Option<BuildFailure>> {
        if !self.0.status.is_bad() {
            return Ok(None);
        }
        let stages = ctx.loader()?.load_one(StagesOf(self.0.id)).await.map_err(LoadError::fault)?.unwrap_or_default();
        Ok(Failure::of(&self.0, &stages).map(|failure| BuildFailure { summary: failure.summary.clone(), failure }))
    }

    /// Decisions asked for, newest first; at most 100.
    #[graphql(complexity = "5 * child_complexity")]
    async fn approvals(&self, ctx: &Context<'_>) -> Result<Vec<ApprovalNode>> {
        let approvals = ctx.loader()?.load_one(ApprovalsOf(self.0.id)).await.map_err(LoadError::fault)?;
        let mut approvals = approvals.unwrap_or_default();
        approvals.sort_by_key(|approval| (std::cmp::Reverse(approval.requested_at), approval.id));
        Ok(approvals.into_iter().map(ApprovalNode).collect())
    }

    /// Files that it left behind; at most 1000.
    #[graphql(complexity = "10 * child_complexity")]
    async fn artifacts(&self) -> Vec<Artifact> {
        self.0.artifacts.iter().map(|artifact| Artifact::new(self.0.id, artifact)).collect()
    }

    /// What it says that it made and that is kept elsewhere: images by their digests, results; at most 200.
    #[graphql(complexity = "5 * child_complexity")]
    async fn outputs(&self) -> Vec<BuildOutput> {
        self.0.outputs.iter().map(|output| BuildOutput::new(self.0.id, output)).collect()
    }

    /// What it is made of where it has no stages, as far as its engine tells, in the order of beginning; at most 200. None is at work
    /// once it has ended.
    #[graphql(complexity = "10 * child_complexity")]
    async fn steps(&self) -> Vec<BuildStep> {
        self.0.steps.iter().map(BuildStep::from).collect()
    }

    /// Oddities that did not stop it, oldest first; at most 100.
    #[graphql(complexity = "5 * child_complexity")]
    async fn warnings(&self) -> Vec<BuildWarning> {
        let view = |w: &alm_domain::Warning| BuildWarning { code: w.code.clone(), message: w.message.clone() };
        self.0.warnings.iter().map(view).collect()
    }

    /// What this build cannot do although its provider can; at most 15.
    #[graphql(complexity = "2 * child_complexity")]
    async fn without(&self) -> Vec<CapabilityNote> {
        let view = |note: &alm_domain::CapabilityNote| CapabilityNote {
            capability: note.capability.into(),
            reason: note.reason.clone(),
        };
        self.0.without.iter().map(view).collect()
    }

    /// Facts about the log; read lines through Query.log.
    async fn log(&self, ctx: &Context<'_>) -> Result<LogInfo> {
        let info = ctx.loader()?.load_one(LogOf(self.0.id)).await.map_err(LoadError::fault)?;
        Ok(LogInfo::new(&self.0, info))
    }

    /// Where the version that it made was brought, newest first.
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
        connected(ctx, DeploymentOwner::Build(self.0.id), None, arguments).await
    }

    /// The deployment that it carries out, and for which alone it was started; null for a build that makes a version of its own.
    async fn deployment(&self, ctx: &Context<'_>) -> Result<Option<DeploymentNode>> {
        let Some(deploys) = &self.0.deploys else { return Ok(None) };
        let id = DeploymentId::of(self.0.id, deploys.environment);
        Ok(ctx.loader()?.load_one(id).await.map_err(LoadError::fault)?.map(DeploymentNode))
    }

    /// The same build in the provider's own interface.
    async fn external_url(&self) -> Option<&str> {
        self.0.external_url.as_deref()
    }

    /// Verbs on this build. Depends on who asks.
    #[graphql(complexity = "5 * child_complexity", directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<ActionState>> {
        let loader = ctx.loader()?;
        let (project, service, provider) = futures::try_join!(
            loader.load_one(self.0.project),
            loader.load_one(self.0.service),
            loader.load_one(self.0.provider),
        )
        .map_err(LoadError::fault)?;
        let (Some(project), Some(service), Some(provider)) = (project, service, provider) else { return Ok(vec![]) };
        let denied = actions::denied(ctx, self.0.service, &provider).await?;
        let states = ctx.app()?.build_actions(&self.0, &service, &project, &provider, &denied);
        actions::in_project(ctx, self.0.project, states).await
    }
}

/// How many stages are in a state.
#[derive(SimpleObject)]
pub(crate) struct StageCount {
    /// The state.
    status: RunStatus,
    /// How many.
    count: usize,
}

/// A commit.
#[derive(SimpleObject)]
pub(crate) struct Commit {
    /// Full hash.
    sha: String,
    /// First line of the message.
    title: Option<String>,
    /// Who wrote it, as recorded.
    author: Option<String>,
}

impl From<alm_domain::Commit> for Commit {
    fn from(commit: alm_domain::Commit) -> Self {
        Self { sha: commit.sha, title: commit.title, author: commit.author }
    }
}

/// What set a build off.
#[derive(SimpleObject)]
pub(crate) struct Trigger {
    /// Kind.
    kind: TriggerKind,
    /// Who or what.
    actor: Actor,
}

/// Kinds of triggers.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::TriggerKind")]
pub(crate) enum TriggerKind {
    /// Somebody asked for it, through the API or the UI.
    Manual,
    /// Running again.
    Rerun,
    /// Somebody asked to bring the version of an earlier build to an environment.
    Promotion,
    /// Somebody asked to return an environment to the version that ran there before.
    Rollback,
    /// Nobody here asked for it: the engine began it by itself, or somebody did there. Such a build is given no secrets.
    External,
}

/// A file that a build left behind.
#[derive(SimpleObject)]
pub(crate) struct Artifact {
    /// Relative path; unique within the build.
    path: String,
    /// The stage that made it.
    stage_id: Option<ID>,
    /// Size in bytes.
    size: Int53,
    /// SHA-256 of the content, lower-case hexadecimal.
    sha256: String,
    /// Path on this server to download it from, with the same bearer token.
    download_path: String,
}

impl Artifact {
    fn new(build: alm_domain::BuildId, artifact: &alm_domain::Artifact) -> Self {
        Self {
            path: artifact.path.clone(),
            stage_id: artifact.stage.as_ref().map(|key| alm_domain::StageId::of(build, key).to_string().into()),
            size: Int53(artifact.size),
            sha256: artifact.sha256.clone(),
            download_path: crate::links::artifact_path(build, &artifact.path),
        }
    }
}

/// Something that a build made, or found out, and that is kept elsewhere or is nothing but a value.
#[derive(SimpleObject)]
pub(crate) struct BuildOutput {
    /// What the pipeline calls it.
    name: String,
    /// What it is.
    kind: BuildOutputKind,
    /// The stage that told it; null for the build as a whole.
    stage_id: Option<ID>,
    /// Where it is kept, such as the address of an image; or the value.
    value: String,
    /// What is kept there, as `ALGORITHM:HEX`; always there for an image.
    digest: Option<String>,
    /// How it was made, where the engine has signed that.
    provenance: Option<Provenance>,
}

/// Kinds of outputs.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::OutputKind")]
pub(crate) enum BuildOutputKind {
    /// An image in a registry.
    Image,
    /// Another thing that is kept elsewhere under a digest.
    Object,
    /// A value.
    Result,
}

/// That the engine has signed how something was made. It is what the engine says; the signature was not checked here.
#[derive(SimpleObject)]
pub(crate) struct Provenance {
    /// Who says so.
    by: String,
    /// The entry in a transparency log.
    log_url: Option<String>,
}

impl BuildOutput {
    fn new(build: alm_domain::BuildId, output: &alm_domain::Output) -> Self {
        let provenance = output.provenance.as_ref();
        Self {
            name: output.name.clone(),
            kind: output.kind.into(),
            stage_id: output.stage.as_ref().map(|key| alm_domain::StageId::of(build, key).to_string().into()),
            value: output.value.clone(),
            digest: output.digest.clone(),
            provenance: provenance.map(|it| Provenance { by: it.by.clone(), log_url: it.log_url.clone() }),
        }
    }
}

/// Something odd that did not stop a build.
#[derive(SimpleObject)]
pub(crate) struct BuildWarning {
    /// For programs.
    code: String,
    /// For people.
    message: String,
}

/// That one build cannot do what its provider can.
#[derive(SimpleObject)]
pub(crate) struct CapabilityNote {
    /// What it cannot do.
    capability: ProviderCapability,
    /// Why, for people.
    reason: String,
}

/// Where to look first after a bad end.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct BuildFailure {
    /// One sentence.
    summary: String,
    #[graphql(skip)]
    failure: Failure,
}

#[ComplexObject]
impl BuildFailure {
    /// The stage that failed first; null for a plain build.
    async fn stage(&self) -> Option<StageNode> {
        self.failure.stage.clone().map(StageNode)
    }

    /// Up to 20 lines that lead there, the line to jump to last, so that most questions need no log.
    #[graphql(complexity = "50 + 20 * child_complexity")]
    async fn excerpt(&self, ctx: &Context<'_>) -> Result<Vec<LogLine>> {
        let lines = ctx.app()?.excerpt(ctx.principal()?, &self.failure).await.map_err(|error| fault(&error))?;
        Ok(lines.iter().map(|line| LogLine::new(self.failure.build, line)).collect())
    }
}
