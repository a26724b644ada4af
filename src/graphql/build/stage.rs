//! A stage as the API shows it.

use alm_domain::Stage;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{ApprovalNode, BuildNode, RunStatus, status::StatusReasonCode};
use crate::graphql::{
    actions::{self, ActionState},
    context::ContextExt,
    error::internal,
    loaders::{ApprovalsOf, LoadError, RangesOf, StagesOf},
    log::LogRange,
    node::revision,
    prompt::HasPromptFields,
    scalars::{Instant, Millis},
};

/// Part of a build. Order is given by dependsOn, nesting by parent.
pub(crate) struct StageNode(pub(crate) Stage);

impl StageNode {
    async fn ranges(&self, ctx: &Context<'_>) -> Result<Vec<alm_store::StageLogRange>> {
        let ranges = ctx.loader()?.load_one(RangesOf(self.0.build)).await.map_err(LoadError::fault)?;
        Ok(ranges.unwrap_or_default().into_iter().filter(|range| range.stage == self.0.key).collect())
    }
}

impl HasPromptFields for StageNode {
    const PROMPT: &'static [&'static str] = &[
        "id",
        "revision",
        "key",
        "name",
        "kind",
        "status",
        "statusReason",
        "statusReasonCode",
        "position",
        "queuedAt",
        "startedAt",
        "finishedAt",
        "duration",
        "pausedFor",
        "environment",
        "agent",
    ];
}

/// Part of a build. Order is given by dependsOn, nesting by parent.
#[Object(name = "Stage")]
impl StageNode {
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
        build.map(BuildNode).ok_or_else(|| internal("a stage without its build"))
    }

    /// Name within the definition; the same in every build, so that builds can be compared.
    async fn key(&self) -> &str {
        self.0.key.as_str()
    }

    /// Name for display.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What kind of node to draw.
    async fn kind(&self) -> StageKind {
        self.0.kind.into()
    }

    /// State.
    async fn status(&self) -> RunStatus {
        self.0.status.into()
    }

    /// Why it is in this state.
    async fn status_reason(&self) -> Option<&str> {
        self.0.reason.as_ref().map(|reason| reason.message.as_str())
    }

    /// Why it is in this state, for programs.
    async fn status_reason_code(&self) -> Option<StatusReasonCode> {
        self.0.reason.as_ref().map(|reason| reason.code.into())
    }

    /// The stage that it is drawn inside; null at the top.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Self>> {
        let Some(parent) = &self.0.parent else { return Ok(None) };
        let stages = ctx.loader()?.load_one(StagesOf(self.0.build)).await.map_err(LoadError::fault)?;
        Ok(stages.unwrap_or_default().into_iter().find(|stage| stage.key == *parent).map(Self))
    }

    /// Stages that must end first; at most 200.
    #[graphql(complexity = "5 * child_complexity")]
    async fn depends_on(&self, ctx: &Context<'_>) -> Result<Vec<Self>> {
        if self.0.depends_on.is_empty() {
            return Ok(vec![]);
        }
        let stages = ctx.loader()?.load_one(StagesOf(self.0.build)).await.map_err(LoadError::fault)?;
        let wanted = |stage: &Stage| self.0.depends_on.contains(&stage.key);
        Ok(stages.unwrap_or_default().into_iter().filter(wanted).map(Self).collect())
    }

    /// Position among all stages, for reading order.
    async fn position(&self) -> u32 {
        self.0.position
    }

    /// When it became ready to run.
    async fn queued_at(&self) -> Option<Instant> {
        self.0.queued_at.map(Instant::from)
    }

    /// When work began.
    async fn started_at(&self) -> Option<Instant> {
        self.0.started_at.map(Instant::from)
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<Instant> {
        self.0.finished_at.map(Instant::from)
    }

    /// Time at work: what has passed since startedAt, without pausedFor. Grows while it runs, so count on from there; stands still
    /// while it waits for people.
    async fn duration(&self, ctx: &Context<'_>) -> Result<Option<Millis>> {
        let now = ctx.app()?.clock().now();
        let paused = self.0.paused_for(now).unwrap_or_default();
        Ok(self.0.lasted(now).map(|lasted| Millis((lasted - paused).num_milliseconds())))
    }

    /// For how long it has waited for people since startedAt; grows while it is WAITING_FOR_APPROVAL. Null where its engine does not say.
    async fn paused_for(&self, ctx: &Context<'_>) -> Result<Option<Millis>> {
        let now = ctx.app()?.clock().now();
        Ok(self.0.paused_for(now).map(|paused| Millis(paused.num_milliseconds())))
    }

    /// Every try, oldest first; one entry unless it was retried; at most 50.
    #[graphql(complexity = "2 * child_complexity")]
    async fn attempts(&self, ctx: &Context<'_>) -> Result<Vec<StageAttempt>> {
        let ranges = if ctx.look_ahead().field("logRange").exists() { self.ranges(ctx).await? } else { vec![] };
        Ok(self
            .0
            .attempts
            .iter()
            .map(|attempt| StageAttempt {
                number: attempt.number,
                status: attempt.status.into(),
                status_reason: attempt.reason.as_ref().map(|reason| reason.message.clone()),
                started_at: attempt.started_at.map(Instant::from),
                finished_at: attempt.finished_at.map(Instant::from),
                log_range: ranges
                    .iter()
                    .find(|range| range.attempt == attempt.number)
                    .map(|range| LogRange::from(range.range)),
            })
            .collect())
    }

    /// The decision it waits for, or waited for last.
    async fn approval(&self, ctx: &Context<'_>) -> Result<Option<ApprovalNode>> {
        let approvals = ctx.loader()?.load_one(ApprovalsOf(self.0.build)).await.map_err(LoadError::fault)?;
        let own = approvals.unwrap_or_default().into_iter().filter(|a| a.stage.as_ref() == Some(&self.0.key));
        Ok(own.max_by_key(|approval| (approval.requested_at, approval.id)).map(ApprovalNode))
    }

    /// Span of the log lines that belong to it, all attempts together; null while it has none. Lines of stages that ran at the
    /// same time lie within.
    async fn log_range(&self, ctx: &Context<'_>) -> Result<Option<LogRange>> {
        let ranges = self.ranges(ctx).await?;
        let from = ranges.iter().map(|range| range.range.from).min();
        let to = ranges.iter().map(|range| range.range.to).max();
        Ok(from.zip(to).map(|(from, to)| alm_domain::LogRange { from, to }.into()))
    }

    /// Name of the target that it deploys to.
    async fn environment(&self) -> Option<&str> {
        self.0.environment.as_deref()
    }

    /// The machine or pod that ran it.
    async fn agent(&self) -> Option<&str> {
        self.0.agent.as_deref()
    }

    /// Verbs on this stage. Depends on who asks.
    #[graphql(complexity = "5 * child_complexity")]
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<ActionState>> {
        let loader = ctx.loader()?;
        let Some(build) = loader.load_one(self.0.build).await.map_err(LoadError::fault)? else { return Ok(vec![]) };
        let (project, service, provider) = futures::try_join!(
            loader.load_one(build.project),
            loader.load_one(build.service),
            loader.load_one(build.provider),
        )
        .map_err(LoadError::fault)?;
        let (Some(project), Some(service), Some(provider)) = (project, service, provider) else { return Ok(vec![]) };
        let denied = actions::denied(ctx, build.service, &provider).await?;
        let states = ctx.app()?.stage_actions(&self.0, &build, &service, &project, &provider, &denied);
        actions::in_project(ctx, build.project, states).await
    }
}

/// Kinds of stages.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::StageKind")]
pub(crate) enum StageKind {
    /// Work.
    Work,
    /// A frame around stages that run one after another.
    Sequence,
    /// A frame around stages that run side by side.
    Parallel,
    /// A frame around variants of one stage.
    Matrix,
    /// A decision by a person.
    Approval,
    /// Runs at the end whatever happened before.
    Finally,
}

/// One try at a stage.
#[derive(SimpleObject)]
pub(crate) struct StageAttempt {
    /// Counts from 1.
    number: u32,
    /// How it went.
    status: RunStatus,
    /// Why.
    status_reason: Option<String>,
    /// When work began.
    started_at: Option<Instant>,
    /// When it ended.
    finished_at: Option<Instant>,
    /// Span of its lines of the log.
    log_range: Option<LogRange>,
}
