//! Verbs as the API shows them.

use alm_domain::{ProjectId, Provider, ServiceId};
use async_graphql::{Context, Enum, Result, SimpleObject};

use super::{
    context::ContextExt,
    loaders::{DeniedOn, LoadError, RoleIn},
};
use crate::app::{self, Denied};

/// Verbs that the UI offers as buttons.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::Action")]
pub(crate) enum Action {
    /// Start a build.
    StartBuild,
    /// Stop a build.
    CancelBuild,
    /// Run the same build again.
    RerunBuild,
    /// Run again from a chosen stage.
    RerunFromStage,
    /// Connect or reconnect an account.
    Connect,
    /// Answer an approval.
    DecideApproval,
    /// Bring a version to an environment.
    Promote,
    /// Return an environment to the version before.
    RollBack,
    /// Stop a deployment on its way.
    CancelDeployment,
    /// Change the settings of the subject.
    Edit,
    /// Remove the subject.
    Remove,
    /// Probe a provider.
    Probe,
}

/// Reasons for which a verb is blocked.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::ActionBlocker")]
pub(crate) enum ActionBlocker {
    /// The provider does not offer it.
    NotSupported,
    /// The subject is not in a state that allows it.
    WrongState,
    /// The caller lacks the role.
    NotPermitted,
    /// The provider is switched off.
    ProviderDown,
}

/// Whether one verb may be used right now. Depends on who asks.
#[derive(SimpleObject, Debug, Clone)]
pub(crate) struct ActionState {
    /// The verb.
    action: Action,
    /// True when the caller may do it now.
    allowed: bool,
    /// Why not, as a sentence for a tooltip; null when allowed.
    reason: Option<String>,
    /// Why not, for programs; null when allowed.
    reason_code: Option<ActionBlocker>,
}

impl From<app::ActionState> for ActionState {
    fn from(state: app::ActionState) -> Self {
        let (code, reason) = state.blocked.unzip();
        Self {
            action: state.action.into(),
            allowed: reason.is_none(),
            reason,
            reason_code: code.map(ActionBlocker::from),
        }
    }
}

/// What the engine does not let the caller do with a build service.
pub(crate) async fn denied(ctx: &Context<'_>, service: ServiceId, provider: &Provider) -> Result<Denied> {
    // Most engines have no rights of their own for people: nothing is read for them.
    if !ctx.app()?.is_asked(provider) {
        return Ok(Denied::default());
    }
    Ok(ctx.loader()?.load_one(DeniedOn(service)).await.map_err(LoadError::fault)?.unwrap_or_default())
}

/// Verbs on something of this project, as they are for the caller.
pub(crate) async fn in_project(
    ctx: &Context<'_>,
    project: ProjectId,
    states: Vec<app::ActionState>,
) -> Result<Vec<ActionState>> {
    let role = ctx.loader()?.load_one(RoleIn(project)).await.map_err(LoadError::fault)?;
    Ok(views(app::permitted(states, role)))
}

pub(crate) fn views(states: Vec<app::ActionState>) -> Vec<ActionState> {
    states.into_iter().map(Into::into).collect()
}
