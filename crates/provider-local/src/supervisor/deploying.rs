//! Runs that only deploy: what of a pipeline they run, and what counts as done.

use alm_domain::{Artifact, ReasonCode, RunStatus, StageObservation, StatusReason};

use super::{
    plan::{Ended, Plan},
    prepare::Stopped,
    reuse::files_of,
};
use crate::spool::{DeployRequest, RerunRequest};

/// The part of a pipeline that brings a version to one environment.
#[derive(Debug)]
pub(crate) struct Deploying {
    /// The stages that deploy there and the frames around them, as they are planned.
    pub(crate) shown: Vec<StageObservation>,
    /// All other stages, by place: they count as done.
    pub(crate) done: Vec<(usize, Ended)>,
    /// What the other stages left behind, as far as the deploying ones build on it.
    pub(crate) files: Vec<Artifact>,
}

impl Deploying {
    /// Narrows a plan down to what deploys to an environment. The order of those stages stays what it is by way of the others.
    ///
    /// # Errors
    /// How the build ends when nothing deploys there.
    pub(crate) fn of(
        plan: &mut Plan,
        planned: Vec<StageObservation>,
        deploys: &DeployRequest,
        made: &RerunRequest,
    ) -> Result<Self, Stopped> {
        let stay: Vec<usize> = plan
            .leaves()
            .filter(|at| plan.stages[*at].environment.as_deref() == Some(deploys.environment.as_str()))
            .collect();
        if stay.is_empty() {
            let shown = alm_domain::shorten(&deploys.environment);
            let message = format!("the pipeline of this commit has no stage that deploys to {shown:?}");
            return Err((RunStatus::Failed, StatusReason::new(ReasonCode::DefinitionInvalid, message)));
        }
        let needed: Vec<usize> = stay.iter().flat_map(|at| plan.before(*at)).collect();
        let files = plan
            .leaves()
            .filter(|at| needed.contains(at) && !stay.contains(at))
            .flat_map(|at| files_of(made, plan.stages[at].key.as_str()))
            .cloned()
            .collect();
        plan.bridge(&stay);
        let frames = plan.frames_around(&stay);
        let is_shown = |at: &usize| stay.contains(at) || frames.contains(at);
        let shown = planned
            .into_iter()
            .enumerate()
            .filter(|(at, _)| is_shown(at))
            .map(|(at, stage)| {
                let after = plan.direct(at, &stay).into_iter().map(|need| plan.stages[need].key.clone());
                StageObservation { depends_on: after.collect(), ..stage }
            })
            .zip(0..)
            .map(|(stage, position)| StageObservation { position, ..stage })
            .collect();
        let reason = StatusReason::new(ReasonCode::Reused, format!("it was done in build {}", made.of_build));
        let done = plan
            .leaves()
            .filter(|at| !stay.contains(at))
            .map(|at| (at, Ended::new(RunStatus::Succeeded, Some(reason.clone()))))
            .collect();
        Ok(Self { shown, done, files })
    }
}
