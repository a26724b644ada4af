//! Answers to the questions of pipelines.

use alm_build_spi::{Access, Decision, DecisionReceipt, Finding, ProviderError, RunRef};
use alm_domain::{Capability, Verdict, check_parameters, shorten};
use alm_kubernetes::Place;
use kube::api::{Patch, PatchParams};

use super::openshift::{AtJenkins, Inner, build_at};
use crate::{
    build::{Asked, Decisions, open_inputs},
    jenkins::{JenkinsRun, STATUS},
    kinds::builds,
};

/// How often a decision is noted anew when others change the build.
const TRIES: usize = 8;

/// Delivers a decision. It is noted on the Build first, by whoever is first: so that one is delivered, whoever else decides, and it can
/// be delivered again when Jenkins did not answer.
///
/// # Errors
/// [`ProviderError::NotFound`] for a question that was never asked; [`ProviderError::Invalid`] for inputs that do not fit;
/// [`ProviderError::Unavailable`] while Jenkins sleeps: the decision is noted, and to be delivered again.
pub(super) async fn decide(
    inner: &Inner,
    access: &Access,
    run: &RunRef,
    decision: &Decision,
) -> Result<DecisionReceipt, ProviderError> {
    let (usable, session) = inner.session(access)?;
    let place = Place::of_run(run)?;
    let api = session.api(&place.namespace, &builds());
    let mut last = None;
    for _ in 0..TRIES {
        let build = build_at(&session, &place).await?;
        let noted = Decisions::of(&build);
        let jenkins = build.annotations.get(STATUS).and_then(|text| JenkinsRun::parse(text).ok());
        let asked = open_inputs(&build, jenkins.as_ref()).map_err(|why| ProviderError::Unavailable {
            message: format!("what the pipeline asks cannot be understood: {why}"),
            retry_after: None,
            cause: None,
        })?;
        let before = noted.about(&decision.approval).cloned();
        let Some(Asked { input, .. }) = asked.into_iter().find(|asked| asked.key == decision.approval) else {
            return match before {
                Some(_) => Ok(DecisionReceipt::AlreadySettled),
                None => Err(never_asked(decision)),
            };
        };
        if before.as_ref().is_some_and(|noted| noted.verdict != decision.verdict) {
            return Ok(DecisionReceipt::AlreadySettled);
        }
        let mut parameters = Vec::new();
        if decision.verdict == Verdict::Approve {
            parameters = check_parameters(&input.parameters, &decision.parameters).map_err(|problems| {
                let finding =
                    |p: &alm_domain::ParameterProblem| Finding::new(["parameters", &p.name], p.problem.as_str());
                ProviderError::Invalid(problems.iter().map(finding).collect())
            })?;
        }
        let jenkins = match inner.jenkins(&usable, &session, access, &build).await? {
            AtJenkins::Run(jenkins) => jenkins,
            AtJenkins::Refused(reason) => {
                return Err(ProviderError::Unsupported { what: Capability::Approvals, reason });
            }
            AtJenkins::NotYet => {
                let reason = "the build does not say where its run is at Jenkins".to_owned();
                return Err(ProviderError::Unsupported { what: Capability::Approvals, reason });
            }
        };
        if before.is_none() {
            let patch = noted.noting(&build, decision.approval.clone(), decision.verdict, &decision.decided_by);
            match session.call(api.patch(&place.name, &PatchParams::default(), &Patch::Merge(patch))).await {
                Ok(_) => {}
                // Somebody has changed the build: perhaps by deciding.
                Err(ProviderError::Conflict(why)) => {
                    last = Some(ProviderError::Conflict(why));
                    continue;
                }
                Err(error) => return Err(error),
            }
        }
        return match jenkins.answer(&input, decision.verdict, &parameters).await {
            Ok(()) => Ok(DecisionReceipt::Accepted),
            // It was answered at Jenkins; or by us, and only the answer to that was lost.
            Err(ProviderError::NotFound(_)) => Ok(DecisionReceipt::AlreadySettled),
            Err(error) => Err(error),
        };
    }
    Err(last.unwrap_or_else(|| never_asked(decision)))
}

fn never_asked(decision: &Decision) -> ProviderError {
    ProviderError::NotFound(format!("the build does not ask {:?}", shorten(decision.approval.as_str())))
}
