//! Which deployments are possible right now, and why not.

use alm_build_spi::Verb;
use alm_domain::{
    Build, BuildService, Capability, Deployment, Environment, Principal, Project, ProjectRole, Promotion, Provider,
};
use alm_store::PromotionFacts;

use super::super::{
    App, AppError, Denied,
    actions::{Action, ActionBlocker, ActionState},
};

/// Everything that decides whether a version may be brought to an environment.
pub(super) struct Case<'a> {
    pub(super) role: Option<ProjectRole>,
    pub(super) build: &'a Build,
    pub(super) service: &'a BuildService,
    pub(super) project: Project,
    pub(super) provider: Provider,
    pub(super) facts: PromotionFacts,
    pub(super) denied: Denied,
}

/// Why a verb is blocked.
pub(super) type Why = (ActionBlocker, String);

impl App {
    pub(super) async fn deployment_case<'a>(
        &self,
        principal: &Principal,
        build: &'a Build,
        service: &'a BuildService,
        environment: &Environment,
    ) -> Result<Case<'a>, AppError> {
        let store = self.store();
        let role = store.roles_in(principal, &[build.project]).await?.pop().map(|(_, role)| role);
        let project = self.project(principal, service.project).await?;
        let provider = self.provider(principal, service.provider).await?;
        let facts = store.promotion_facts(principal, environment.id, service.id, build.id).await?;
        let denied = self.denials(principal, &[(service, &provider)]).await.remove(&service.id).unwrap_or_default();
        Ok(Case { role, build, service, project, provider, facts, denied })
    }

    pub(super) fn deployment_blocked(&self, case: &Case<'_>, takes_back: bool) -> Option<Why> {
        let rules = case.facts.promotion(case.build.number, takes_back);
        self.promotion_blocked(
            case.role,
            case.build,
            (case.service, &case.project, &case.provider),
            &case.denied,
            &rules,
        )
    }

    /// Why the version of a build may not be brought to an environment now.
    pub(super) fn promotion_blocked(
        &self,
        role: Option<ProjectRole>,
        build: &Build,
        on: (&BuildService, &Project, &Provider),
        denied: &Denied,
        rules: &Promotion<'_>,
    ) -> Option<Why> {
        let (service, project, provider) = on;
        let wrong = |why: String| Some((ActionBlocker::WrongState, why));
        if let Some(missing) = role_missing(role) {
            return Some(missing);
        }
        if let Some((code, why)) = self.lacks(provider, build, Capability::Deploy) {
            return Some((code, why.to_owned()));
        }
        if let Some(deploys) = &build.deploys {
            return wrong(format!(
                "this build only brought {} somewhere: choose the build that made it",
                deploys.version
            ));
        }
        if !rules.takes_back && !build.is_promotable() {
            return wrong(format!("the build made no version: it is {}", build.status));
        }
        let name = rules.environment.name.as_str();
        let needs_stage = self.descriptor(provider.kind).is_none_or(|descriptor| !descriptor.deploys_itself);
        if needs_stage && !build.targets.iter().any(|target| target == name) {
            let why =
                format!("no stage of the build deploys to {name}: give one `environment: {name}`, and build again");
            return Some((ActionBlocker::NotSupported, why));
        }
        if service.environments.as_ref().is_some_and(|linked| !linked.contains(&rules.environment.id)) {
            return wrong(format!("the build service does not use the environment {name}: add it there first"));
        }
        if let Some((code, why)) = super::super::actions::start_blocked(service, project, provider) {
            return Some((code, why.to_owned()));
        }
        let refused = || denied.why(Verb::Deploy).map(|(code, why)| (code, why.to_owned()));
        rules.blocked().and_then(wrong).or_else(refused)
    }

    /// Verbs on a deployment, for somebody with this role, whom the engine denies this. `before` is the one that it can be taken back to, with the build that made that version.
    #[must_use]
    pub fn deployment_actions(
        &self,
        (role, denied): (Option<ProjectRole>, &Denied),
        deployment: &Deployment,
        before: Option<&Build>,
        on: (&BuildService, &Project, &Provider, &Environment),
        by: &Build,
        pending: Option<&Deployment>,
    ) -> Vec<ActionState> {
        let (service, project, provider, environment) = on;
        let back = match before {
            None => role_missing(role).or_else(|| Some((ActionBlocker::WrongState, nothing_before(deployment)))),
            Some(build) => {
                let rules = Promotion {
                    environment,
                    number: build.number,
                    current: Some(deployment),
                    pending,
                    before: None,
                    takes_back: true,
                };
                self.promotion_blocked(role, build, (service, project, provider), denied, &rules)
            }
        };
        let lacks = || self.lacks(provider, by, Capability::Cancel).map(|(code, why)| (code, why.to_owned()));
        let stop = role_missing(role).or_else(|| not_pending(deployment)).or_else(lacks);
        vec![
            ActionState { action: Action::RollBack, blocked: back },
            ActionState { action: Action::CancelDeployment, blocked: stop },
        ]
    }
}

fn role_missing(role: Option<ProjectRole>) -> Option<Why> {
    let why = || "this needs the role DEVELOPER in the project: ask one of its owners".to_owned();
    role.is_none_or(|role| role < ProjectRole::Developer).then(|| (ActionBlocker::NotPermitted, why()))
}

/// That a deployment is not on its way.
pub(super) fn not_pending(deployment: &Deployment) -> Option<Why> {
    let why = || (ActionBlocker::WrongState, format!("the deployment is not on its way: it is {}", deployment.status));
    (!deployment.status.is_pending()).then(why)
}

/// That there is nothing to return to.
pub(super) fn nothing_before(deployment: &Deployment) -> String {
    match deployment.status {
        alm_domain::DeploymentStatus::Active => "no other version ran there before: promote one".to_owned(),
        status => format!("only what runs now can be taken back: this deployment is {status}"),
    }
}
