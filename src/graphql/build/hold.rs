//! What a build waits for before it goes on.

use alm_domain::{ApprovalStatus, Build, Environment, Hold, RunStatus, Stage, deployment_approval};
use async_graphql::{Context, Enum, Result, SimpleObject};

use super::StageNode;
use crate::graphql::{
    context::ContextExt,
    environment::EnvironmentNode,
    loaders::{ApprovalsOf, EnvironmentsOf, LoadError, StagesOf},
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
    /// The stage that waits; null when all of the build does.
    stage: Option<StageNode>,
    /// What is wrong, and what to do, as a sentence for people.
    message: String,
}

/// Every account that this build waits for: all of it, or a stage.
pub(super) async fn awaited(ctx: &Context<'_>, build: &Build) -> Result<Vec<AwaitedAccount>> {
    let loader = ctx.loader()?;
    let mut found = Vec::new();
    let awaited = |environment: Environment, stage: Option<Stage>, message: String| AwaitedAccount {
        environment: EnvironmentNode(environment),
        owner: (&build.trigger.actor).into(),
        stage: stage.map(StageNode),
        message,
    };
    if let Some(Hold::Credential { awaited: named, .. }) = &build.hold {
        let ids = named.iter().map(|one| one.environment);
        let environments = loader.load_many(ids).await.map_err(LoadError::fault)?;
        for one in named {
            let environment = environments.get(&one.environment).cloned();
            found.extend(environment.map(|environment| awaited(environment, None, one.message.clone())));
        }
    }
    if build.is_complete || build.hold.is_some() {
        return Ok(found);
    }
    let stages = loader.load_one(StagesOf(build.id)).await.map_err(LoadError::fault)?.unwrap_or_default();
    let waiting: Vec<Stage> =
        stages.into_iter().filter(|stage| stage.status == RunStatus::WaitingForCredential).collect();
    if waiting.is_empty() {
        return Ok(found);
    }
    let environments = loader.load_one(EnvironmentsOf(build.project)).await.map_err(LoadError::fault)?;
    let environments = environments.unwrap_or_default();
    let approvals = loader.load_one(ApprovalsOf(build.id)).await.map_err(LoadError::fault)?.unwrap_or_default();
    // Where people must say yes first, no account is missing.
    let is_asked = |environment: &Environment| {
        let key = deployment_approval(environment.id);
        approvals.iter().any(|approval| approval.key == key && approval.status == ApprovalStatus::Pending)
    };
    for stage in waiting {
        let named = environments.iter().find(|known| Some(known.name.as_str()) == stage.environment.as_deref());
        if let Some(environment) = named.filter(|environment| !is_asked(environment)).cloned() {
            let message = stage.reason.as_ref().map(|reason| reason.message.clone());
            let message = message.unwrap_or_else(|| format!("the token for {} is missing", environment.display_name));
            found.push(awaited(environment, Some(stage), message));
        }
    }
    Ok(found)
}
