//! Which verbs may be used right now, and why not.
//!
//! **Architecture Invariant:** `allowed` here means that the mutation succeeds, and the other way round; a test holds the two
//! together.

use alm_build_spi::Verb;
use alm_domain::{
    Approval, ApprovalStatus, Build, BuildService, Capability, Environment, Principal, Project, ProjectRole, Provider,
    Stage,
};

use super::{App, denials::Denied};

/// Verbs that are offered as buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionBlocker {
    /// The provider does not offer it.
    NotSupported,
    /// The subject is not in a state that allows it.
    WrongState,
    /// The caller lacks the role.
    NotPermitted,
    /// The provider is switched off.
    ProviderDown,
}

/// Whether one verb may be used right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionState {
    /// The verb.
    pub action: Action,
    /// Why not; `None` when it may.
    pub blocked: Option<(ActionBlocker, String)>,
}

fn state(action: Action, blocked: Option<Blocked<'_>>) -> ActionState {
    ActionState { action, blocked: blocked.map(|(code, why)| (code, why.to_owned())) }
}

type Blocked<'a> = (ActionBlocker, &'a str);

/// The role in its project that a verb on something of a project needs. The store asks for the same.
const fn needed(action: Action) -> ProjectRole {
    match action {
        // Whoever sees an environment may have an account there.
        Action::Connect => ProjectRole::Viewer,
        Action::StartBuild
        | Action::CancelBuild
        | Action::RerunBuild
        | Action::RerunFromStage
        | Action::DecideApproval
        | Action::Promote
        | Action::RollBack
        | Action::CancelDeployment => ProjectRole::Developer,
        Action::Edit | Action::Remove | Action::Probe => ProjectRole::Owner,
    }
}

/// The same verbs, on something of a project, for somebody who has this role there.
#[must_use]
pub fn permitted(mut states: Vec<ActionState>, role: Option<ProjectRole>) -> Vec<ActionState> {
    for state in &mut states {
        let needed = needed(state.action);
        if role.is_none_or(|role| role < needed) {
            let why = format!("this needs the role {} in the project: ask one of its owners", needed.name());
            state.blocked = Some((ActionBlocker::NotPermitted, why));
        }
    }
    states
}

impl App {
    /// Verbs on a project.
    #[must_use]
    pub fn project_actions(&self, _: &Principal, _: &Project) -> Vec<ActionState> {
        vec![state(Action::Edit, None)]
    }

    /// Verbs on a provider. `services` says whether a build service refers to it.
    #[must_use]
    pub fn provider_actions(&self, principal: &Principal, in_use: bool) -> Vec<ActionState> {
        let role =
            (!principal.may_administer()).then_some((ActionBlocker::NotPermitted, "only an administrator may do this"));
        let used = in_use.then_some((ActionBlocker::WrongState, "build services use this provider"));
        vec![state(Action::Edit, role), state(Action::Probe, role), state(Action::Remove, role.or(used))]
    }

    /// Verbs on an environment.
    #[must_use]
    pub fn environment_actions(&self, environment: &Environment, project: &Project) -> Vec<ActionState> {
        let removed =
            environment.removed_at.is_some().then_some((ActionBlocker::WrongState, "this environment was removed"));
        let archived = project.is_archived.then_some((ActionBlocker::WrongState, "the project is archived"));
        let changed = removed.or(archived);
        vec![state(Action::Edit, changed), state(Action::Remove, changed)]
    }

    /// Verbs on a build service.
    #[must_use]
    pub fn service_actions(
        &self,
        service: &BuildService,
        project: &Project,
        provider: &Provider,
        has_running_builds: bool,
        denied: &Denied,
    ) -> Vec<ActionState> {
        let removed =
            service.removed_at.is_some().then_some((ActionBlocker::WrongState, "this build service was removed"));
        let archived = project.is_archived.then_some((ActionBlocker::WrongState, "the project is archived"));
        let off = (!provider.enabled).then_some((ActionBlocker::ProviderDown, "the provider is switched off"));
        let unset = service
            .config_ref
            .is_none()
            .then_some((ActionBlocker::WrongState, "the build service is not set up at its provider"));
        let running =
            has_running_builds.then_some((ActionBlocker::WrongState, "builds of this build service are running"));
        vec![
            state(Action::StartBuild, removed.or(archived).or(off).or(unset).or(denied.why(Verb::Start))),
            state(Action::Edit, removed.or(denied.why(Verb::Edit))),
            state(Action::Remove, removed.or(running)),
        ]
    }

    /// Verbs on a build.
    #[must_use]
    pub fn build_actions(
        &self,
        build: &Build,
        service: &BuildService,
        project: &Project,
        provider: &Provider,
        denied: &Denied,
    ) -> Vec<ActionState> {
        let over = build.status.is_terminal().then_some((ActionBlocker::WrongState, "the build is over"));
        // Asking twice is no error: a client whose first answer was lost must be able to ask again.
        vec![
            state(Action::CancelBuild, self.lacks(provider, build, Capability::Cancel).or(over)),
            state(
                Action::RerunBuild,
                self.rerun_blocked(build, service, project, provider, Capability::Rerun).or(denied.why(Verb::Start)),
            ),
        ]
    }

    /// Verbs on a stage.
    #[must_use]
    pub fn stage_actions(
        &self,
        stage: &Stage,
        build: &Build,
        service: &BuildService,
        project: &Project,
        provider: &Provider,
        denied: &Denied,
    ) -> Vec<ActionState> {
        let no_commit =
            build.commit.is_none().then_some((ActionBlocker::WrongState, "it is not known which commit was built"));
        let frame = stage.kind.is_frame().then_some((ActionBlocker::WrongState, "choose a stage inside this frame"));
        let blocked =
            self.rerun_blocked(build, service, project, provider, Capability::RerunFromStage).or(no_commit).or(frame);
        vec![state(Action::RerunFromStage, blocked.or(denied.why(Verb::Start)))]
    }

    /// Verbs on an approval.
    #[must_use]
    pub fn approval_actions(
        &self,
        principal: &Principal,
        approval: &Approval,
        build: &Build,
        provider: &Provider,
        denied: &Denied,
    ) -> Vec<ActionState> {
        let settled = (approval.status != ApprovalStatus::Pending)
            .then_some((ActionBlocker::WrongState, "this approval can no longer be decided"));
        let lacks = || match approval.deployment {
            Some(_) => None,
            None => self.lacks(provider, build, Capability::Approvals),
        };
        let closed = approval.closed_to(&principal.actor, &build.trigger.actor);
        let closed = closed.map(|why| (ActionBlocker::WrongState, why));
        // A question about a deployment is asked here, and not by the engine.
        let refused = denied.why(Verb::Decide).filter(|_| approval.deployment.is_none());
        vec![state(Action::DecideApproval, lacks().or(settled).or(closed).or(refused))]
    }

    /// Why the provider cannot do this at all, or not for this build.
    pub(super) fn lacks<'a>(&self, provider: &Provider, build: &'a Build, needed: Capability) -> Option<Blocked<'a>> {
        // The provider has never heard of a build that is held, so that it need not be able to cancel it.
        if needed == Capability::Cancel && build.hold.is_some() {
            return None;
        }
        if !self.descriptor(provider.kind).is_some_and(|d| d.capabilities.contains(&needed)) {
            return Some((ActionBlocker::NotSupported, "the provider does not offer this"));
        }
        let note = build.without.iter().find(|note| note.capability == needed)?;
        Some((ActionBlocker::NotSupported, &note.reason))
    }

    fn rerun_blocked<'a>(
        &self,
        build: &'a Build,
        service: &BuildService,
        project: &Project,
        provider: &Provider,
        needed: Capability,
    ) -> Option<Blocked<'a>> {
        let running = (!build.status.is_terminal()).then_some((ActionBlocker::WrongState, "the build is not over"));
        let deploys = build.deploys.is_some().then_some((ActionBlocker::WrongState, super::start::NO_RERUN));
        self.lacks(provider, build, needed).or(deploys).or(running).or(start_blocked(service, project, provider))
    }
}

/// Why nothing can be started in a build service now.
pub(super) fn start_blocked<'a>(service: &BuildService, project: &Project, provider: &Provider) -> Option<Blocked<'a>> {
    if service.removed_at.is_some() {
        Some((ActionBlocker::WrongState, "this build service was removed"))
    } else if project.is_archived {
        Some((ActionBlocker::WrongState, "the project is archived"))
    } else if service.config_ref.is_none() {
        Some((ActionBlocker::WrongState, "the build service is not set up at its provider"))
    } else if !provider.enabled {
        Some((ActionBlocker::ProviderDown, "the provider is switched off"))
    } else {
        None
    }
}
