//! Answers to the questions of pipelines.

use std::time::Duration;

use alm_build_spi::{Access, Decision, DecisionReceipt, Finding, ProviderError, RunRef};
use alm_domain::{Capability, ParameterValue, Verdict, check_parameters, shorten};
use alm_kubernetes::{Place, Session};
use kube::api::{Patch, PatchParams};

use super::openshift::{AtJenkins, Inner, build_at};
use crate::{
    build::{Asked, Build, Decisions, open_inputs},
    jenkins::{Input, Jenkins},
    kinds::builds,
};

/// How often a decision is noted anew when others change the build.
const TRIES: usize = 8;
/// How soon a Jenkins that does not know its own question is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Delivers a decision. It is noted on the Build first, by whoever is first: so that one is delivered, whoever else decides, and it can
/// be delivered again when Jenkins did not answer. Jenkins that refuses it for good leaves no note, so that others may decide.
///
/// # Errors
/// [`ProviderError::NotFound`] for a question that was never asked; [`ProviderError::Invalid`] for inputs that do not fit;
/// [`ProviderError::Forbidden`] in Jenkins' words, where it does not take it from this account; [`ProviderError::Unavailable`] while
/// Jenkins sleeps, or wakes: the decision is noted, and to be delivered again.
pub(super) async fn decide(
    inner: &Inner,
    access: &Access,
    run: &RunRef,
    decision: &Decision,
) -> Result<DecisionReceipt, ProviderError> {
    let (usable, session) = inner.session(access)?;
    let place = Place::of_run(run)?;
    for _ in 0..TRIES {
        let build = build_at(&session, &place).await?;
        let mut noted = Decisions::of(&build);
        let before = noted.about(&decision.approval).cloned();
        let Some(input) = asked(&build, decision)? else {
            return match before {
                Some(_) => Ok(DecisionReceipt::AlreadySettled),
                None => Err(never_asked(decision)),
            };
        };
        if before.as_ref().is_some_and(|noted| noted.delivered || noted.verdict != decision.verdict) {
            return Ok(DecisionReceipt::AlreadySettled);
        }
        let parameters = given(&input, decision)?;
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
            noted.note(decision.approval.clone(), decision.verdict, &decision.decided_by);
            match write(&session, &place, &build, &noted).await {
                Ok(()) => {}
                // Somebody has changed the build: perhaps by deciding.
                Err(ProviderError::Conflict(_)) => continue,
                Err(error) => return Err(error),
            }
        }
        return deliver(&session, &place, &jenkins, &input, decision, &parameters).await;
    }
    Err(no_turn())
}

/// Tells Jenkins, and notes what it says.
async fn deliver(
    session: &Session,
    place: &Place,
    jenkins: &Jenkins,
    input: &Input,
    decision: &Decision,
    parameters: &[ParameterValue],
) -> Result<DecisionReceipt, ProviderError> {
    match jenkins.answer(input, decision.verdict, parameters).await {
        Ok(()) => {
            // Without the note it is told how the question was settled as soon as the run shows it.
            if let Err(error) = renote(session, place, |noted| noted.deliver(&decision.approval)).await {
                tracing::warn!(%error, "a decision that Jenkins has taken is not noted as such");
            }
            Ok(DecisionReceipt::Accepted)
        }
        // It was answered at Jenkins, or by us, and only the answer to that was lost. Or Jenkins has just woken up and not resumed the
        // run: it does not know the questions of one until then.
        Err(ProviderError::NotFound(message)) => match asked(&build_at(session, place).await?, decision)? {
            None => Ok(DecisionReceipt::AlreadySettled),
            Some(_) => Err(ProviderError::Unavailable { message, retry_after: Some(PAUSE), cause: None }),
        },
        Err(error @ (ProviderError::Unavailable { .. } | ProviderError::Unauthorized(_))) => Err(error),
        Err(refused) => match renote(session, place, |noted| noted.forget(&decision.approval)).await {
            Err(error) if error.is_transient() => Err(error),
            Err(error) => {
                tracing::warn!(%error, "the note of a decision that Jenkins refuses is left");
                Err(refused)
            }
            Ok(()) => Err(refused),
        },
    }
}

/// The question that is decided, if the build asks it and it can be answered here.
fn asked(build: &Build, decision: &Decision) -> Result<Option<Input>, ProviderError> {
    let asked = open_inputs(build, build.jenkins_run().as_ref()).map_err(|why| ProviderError::Unavailable {
        message: format!("what the pipeline asks cannot be understood: {why}"),
        retry_after: None,
        cause: None,
    })?;
    let is_meant = |asked: &Asked| asked.key == decision.approval && asked.input.elsewhere.is_empty();
    Ok(asked.into_iter().find(is_meant).map(|Asked { input, .. }| input))
}

/// The inputs that go with the decision.
fn given(input: &Input, decision: &Decision) -> Result<Vec<ParameterValue>, ProviderError> {
    if decision.verdict == Verdict::Reject {
        return Ok(Vec::new());
    }
    check_parameters(&input.parameters, &decision.parameters).map_err(|problems| {
        let finding = |p: &alm_domain::ParameterProblem| Finding::new(["parameters", &p.name], p.problem.as_str());
        ProviderError::Invalid(problems.iter().map(finding).collect())
    })
}

/// Changes what is noted, however others change the Build meanwhile.
async fn renote(session: &Session, place: &Place, change: impl Fn(&mut Decisions)) -> Result<(), ProviderError> {
    for _ in 0..TRIES {
        let build = build_at(session, place).await?;
        let mut noted = Decisions::of(&build);
        change(&mut noted);
        match write(session, place, &build, &noted).await {
            Err(ProviderError::Conflict(_)) => {}
            written => return written,
        }
    }
    Err(no_turn())
}

async fn write(session: &Session, place: &Place, build: &Build, noted: &Decisions) -> Result<(), ProviderError> {
    let patch = Patch::Merge(noted.patch(build));
    let api = session.api(&place.namespace, &builds());
    session.call(api.patch(&place.name, &PatchParams::default(), &patch)).await.map(drop)
}

fn no_turn() -> ProviderError {
    ProviderError::Unavailable {
        message: "others change the build so often that the decision cannot be noted on it".to_owned(),
        retry_after: Some(PAUSE),
        cause: None,
    }
}

fn never_asked(decision: &Decision) -> ProviderError {
    ProviderError::NotFound(format!("the build does not ask {:?}", shorten(decision.approval.as_str())))
}
