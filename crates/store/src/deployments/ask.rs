//! What a build is told about the environments that its stages deploy to.

use alm_domain::{
    Approval, ApprovalId, ApprovalStatus, Build, BuildState, DeploymentId, Environment, EnvironmentRole, EventSeq,
    RunStatus, Timestamp, deployment_approval, shorten,
};
use chrono::TimeDelta;

use super::fold::Concerned;

/// How long people have to decide about a deployment.
const PATIENCE: TimeDelta = TimeDelta::days(7);

/// Asks people where a stage waits for the token of an environment that needs their approval, and warns of environments that the
/// project does not have.
pub(crate) fn ask(concerned: &Concerned, before: &BuildState, after: &mut BuildState, now: Timestamp) {
    if after.build.deploys.is_some() || before.build.is_complete {
        return;
    }
    // Some engines tell where a stage has deployed when that is done.
    let is_new = |stage: &&alm_domain::Stage| {
        before.stages.get(&stage.key).is_none_or(|known| known.environment != stage.environment)
    };
    let mut warnings = Vec::new();
    for stage in after.stages.values().filter(is_new) {
        let Some(name) = stage.environment.as_deref().map(shorten) else { continue };
        let problem = match concerned.of(stage).map(|environment| environment.role) {
            Some(EnvironmentRole::Target) => continue,
            Some(EnvironmentRole::Build) => "is the build environment: name a target",
            None if stage.namespace.is_some() => {
                "is not an environment of the project: add a target with this namespace, on the cluster of the builds"
            }
            None => "is not an environment of the project: add a target of this name, or correct it in the pipeline",
        };
        warnings.push(format!("stage {:?} deploys to {name:?}, which {problem}", stage.name));
    }
    let mut questions = Vec::new();
    for environment in concerned.deployed_to(after) {
        let waits = after.stages.values().any(|stage| {
            stage.status == RunStatus::WaitingForCredential
                && stage.environment.as_deref() == Some(environment.name.as_str())
        });
        if waits && !after.build.is_complete && environment.protection.required_approvals > 0 {
            questions.push(question(&after.build, environment, now));
        }
    }
    warnings.into_iter().for_each(|message| after.warn("NOT_AN_ENVIRONMENT", message));
    questions.into_iter().for_each(|question| _ = after.ask_for_deployment(question));
}

/// The question whether the version of a build may be brought to an environment.
pub(crate) fn question(build: &Build, environment: &Environment, now: Timestamp) -> Approval {
    let key = deployment_approval(environment.id);
    let why = build.deploys.as_ref().and_then(|deploys| deploys.comment.as_deref());
    let why = why.map(|why| format!(" {why}")).unwrap_or_default();
    Approval {
        id: ApprovalId::of(build.id, &key),
        build: build.id,
        key,
        stage: None,
        deployment: Some(DeploymentId::of(build.id, environment.id)),
        required: environment.protection.required_approvals,
        self_approval: environment.protection.self_approval,
        revision: EventSeq(1),
        status: ApprovalStatus::Pending,
        message: format!("Deploy {} to {}?{why}", build.version(), environment.display_name),
        proceed_label: "Deploy".to_owned(),
        parameters: Vec::new(),
        decisions: Vec::new(),
        awaits: None,
        requested_at: now,
        expires_at: Some(now + PATIENCE),
        delivered_at: None,
    }
}
