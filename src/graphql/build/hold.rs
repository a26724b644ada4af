//! What a build waits for before it goes on.

use alm_domain::{Approval, Build, Environment, Hold, RunStatus, Stage};
use alm_store::Clearance;
use async_graphql::{Context, Enum, Result, SimpleObject};

use super::{ApprovalNode, StageNode};
use crate::graphql::{
    context::ContextExt,
    environment::EnvironmentNode,
    loaders::{ApprovalsOf, ClearanceOf, EnvironmentsOf, LoadError, StagesOf},
    scalars::Instant,
    viewer::Actor,
};

/// Why a build has no run at its engine yet.
#[derive(SimpleObject)]
pub(crate) struct BuildHold {
    /// For what.
    reason: BuildHoldReason,
    /// Since when.
    since: Instant,
    /// When the build is cancelled, if nobody has done anything; null for never.
    deadline: Option<Instant>,
}

impl From<&Hold> for BuildHold {
    fn from(hold: &Hold) -> Self {
        Self {
            reason: match hold {
                Hold::Credential { .. } => BuildHoldReason::Credential,
                Hold::Approval { .. } => BuildHoldReason::Approval,
            },
            since: hold.since().into(),
            deadline: hold.deadline().map(Instant::from),
        }
    }
}

/// What builds are held for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuildHoldReason {
    /// For accounts; the build goes on by itself when they are connected.
    Credential,
    /// For people who must approve the deployment.
    Approval,
}

/// An account that must be connected, or connected again, before something of a build goes on.
#[derive(SimpleObject)]
pub(crate) struct AwaitedAccount {
    /// What the account opens.
    environment: EnvironmentNode,
    /// Whose account.
    owner: Actor,
    /// The stage that waits; null when all of the build does, or an answer.
    stage: Option<StageNode>,
    /// The question whose answer is delivered when the account is there; null where no answer waits.
    approval: Option<ApprovalNode>,
    /// What is wrong, and what to do, as a sentence for people.
    message: String,
}

/// A stage that is kept waiting though no account is missing: it goes on by itself when it is its turn.
#[derive(SimpleObject)]
pub(crate) struct HeldStage {
    /// Where it deploys to.
    environment: EnvironmentNode,
    /// The stage.
    stage: StageNode,
    /// What it waits for, as a sentence for people: another version that is on its way there, an environment that comes first,
    /// people who must say yes.
    message: String,
}

/// Every account that this build waits for: all of it, a stage, or the answer to a question.
pub(super) async fn awaited(ctx: &Context<'_>, build: &Build) -> Result<Vec<AwaitedAccount>> {
    let awaited = |environment: Environment, stage: Option<Stage>, message: String| AwaitedAccount {
        environment: EnvironmentNode(environment),
        owner: (&build.trigger.actor).into(),
        stage: stage.map(StageNode),
        approval: None,
        message,
    };
    if let Some(hold) = &build.hold {
        let Hold::Credential { awaited: named, .. } = hold else { return Ok(Vec::new()) };
        let ids = named.iter().map(|one| one.environment);
        let environments = ctx.loader()?.load_many(ids).await.map_err(LoadError::fault)?;
        let known = named.iter().filter_map(|one| Some((one, environments.get(&one.environment)?.clone())));
        return Ok(known.map(|(one, environment)| awaited(environment, None, one.message.clone())).collect());
    }
    let mut found = answers(ctx, build).await?;
    for (environment, stage, clearance) in waiting(ctx, build).await? {
        if clearance == Clearance::Given {
            let message = stage.reason.as_ref().map(|reason| reason.message.clone());
            let message = message.unwrap_or_else(|| format!("the token for {} is missing", environment.display_name));
            found.push(awaited(environment, Some(stage), message));
        }
    }
    Ok(found)
}

/// The accounts without which answers that people have given are not delivered.
async fn answers(ctx: &Context<'_>, build: &Build) -> Result<Vec<AwaitedAccount>> {
    if build.is_complete {
        return Ok(Vec::new());
    }
    let loader = ctx.loader()?;
    let mut kept = loader.load_one(ApprovalsOf(build.id)).await.map_err(LoadError::fault)?.unwrap_or_default();
    kept.retain(|approval| approval.awaits.is_some());
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let environments = loader.load_one(EnvironmentsOf(build.project)).await.map_err(LoadError::fault)?;
    let environments = environments.unwrap_or_default();
    let account = |approval: Approval| {
        let (account, said) = (approval.awaits.clone()?, approval.decisions.last()?);
        let environment = environments.iter().find(|known| known.id == account.environment)?;
        Some(AwaitedAccount {
            environment: EnvironmentNode(environment.clone()),
            owner: (&said.actor).into(),
            stage: None,
            message: account.message,
            approval: Some(ApprovalNode(approval)),
        })
    };
    Ok(kept.into_iter().filter_map(account).collect())
}

/// Every stage of this build that waits for its turn.
pub(super) async fn held(ctx: &Context<'_>, build: &Build) -> Result<Vec<HeldStage>> {
    let waiting = waiting(ctx, build).await?.into_iter();
    Ok(waiting
        .filter_map(|(environment, stage, clearance)| match clearance {
            Clearance::Later(message) => {
                Some(HeldStage { environment: EnvironmentNode(environment), stage: StageNode(stage), message })
            }
            Clearance::Given | Clearance::Never(_) => None,
        })
        .collect())
}

/// The stages that have no token yet, each with its environment, and whether it may have one.
async fn waiting(ctx: &Context<'_>, build: &Build) -> Result<Vec<(Environment, Stage, Clearance)>> {
    if build.is_complete || build.hold.is_some() {
        return Ok(Vec::new());
    }
    let loader = ctx.loader()?;
    let stages = loader.load_one(StagesOf(build.id)).await.map_err(LoadError::fault)?.unwrap_or_default();
    let waiting: Vec<Stage> =
        stages.into_iter().filter(|stage| stage.status == RunStatus::WaitingForCredential).collect();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let environments = loader.load_one(EnvironmentsOf(build.project)).await.map_err(LoadError::fault)?;
    let environments = environments.unwrap_or_default();
    let named = |stage: Stage| {
        let found = environments.iter().find(|known| Some(known.name.as_str()) == stage.environment.as_deref());
        found.map(|environment| (environment.clone(), stage))
    };
    let waiting: Vec<_> = waiting.into_iter().filter_map(named).collect();
    let key = |environment: &Environment| ClearanceOf { build: build.id, environment: environment.id };
    let clearances = loader.load_many(waiting.iter().map(|(environment, _)| key(environment))).await;
    let clearances = clearances.map_err(LoadError::fault)?;
    let known = |(environment, stage)| {
        let clearance = clearances.get(&key(&environment))?.clone();
        Some((environment, stage, clearance))
    };
    Ok(waiting.into_iter().filter_map(known).collect())
}
