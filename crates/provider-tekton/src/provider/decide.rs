//! Delivering decisions to the manual approval gate: as an entry of whoever decides, who must be one of those whom the pipeline asks.

use alm_build_spi::{Access, Decision, DecisionReceipt, Finding, ProviderError, RunRef};
use alm_domain::{ApprovalStatus, Verdict, shorten};
use alm_kubernetes::Place;
use kube::{api::PostParams, core::DynamicObject};
use serde_json::{Value, json};

use super::{
    identity::{Account, account},
    objects::{Version, has_gate, no_gate, parts_of, run_at},
    tekton::Inner,
};
use crate::{
    approval::{Answer, Asked},
    child::Family,
    picture::is_over,
};

/// How often it is tried, while others answer too.
const TRIES: usize = 8;

/// Delivers a decision, as the owner of the token.
///
/// # Errors
/// [`ProviderError::NotFound`] for a question that was never asked; [`ProviderError::Invalid`] for inputs, of which there are none;
/// [`ProviderError::Forbidden`] for somebody whom the pipeline does not ask.
pub(super) async fn decide(
    inner: &Inner,
    access: &Access,
    run: &RunRef,
    decision: &Decision,
) -> Result<DecisionReceipt, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_run(run)?;
    let version = Version::of(&session).await?;
    let found = run_at(&session, version, &place).await?;
    if !has_gate(&session).await? {
        let note = no_gate();
        return Err(ProviderError::Unsupported { what: note.capability, reason: note.reason });
    }
    let api = session.api(&place.namespace, &version.parts(Family::Approval));
    let mut last = None;
    for _ in 0..TRIES {
        let parts = parts_of(&session, version, &place, &found).await?;
        let questions = parts.iter().filter(|((family, _), _)| *family == Family::Approval).map(|(_, object)| object);
        let mut asked = questions.filter_map(|object| {
            let asked = Asked::of(object)?;
            let number = asked.number(&decision.approval)?;
            Some((object, asked.state(number)?))
        });
        let Some((object, state)) = asked.next() else {
            let message = format!("the run does not ask {:?}", shorten(decision.approval.as_str()));
            return Err(ProviderError::NotFound(message));
        };
        if state != ApprovalStatus::Pending || is_over(&found) {
            return Ok(DecisionReceipt::AlreadySettled);
        }
        if let Some(given) = decision.parameters.first() {
            let message = "was not asked for: the gate asks for a yes or a no alone";
            return Err(ProviderError::Invalid(vec![Finding::new(["parameters", &given.name], message)]));
        }
        let Some(changed) = answered(object, &account(&session).await?, decision)? else {
            return Ok(DecisionReceipt::AlreadySettled);
        };
        let name = object.metadata.name.clone().unwrap_or_default();
        match session.call(api.replace(&name, &PostParams::default(), &changed)).await {
            Ok(_) => return Ok(DecisionReceipt::Accepted),
            // Somebody else has answered meanwhile: perhaps that settles it.
            Err(error @ (ProviderError::Conflict(_) | ProviderError::Invalid(_))) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| ProviderError::Conflict("the question changes all the time".to_owned())))
}

/// The question with this answer in it; nothing where it is in it already.
fn answered(
    object: &DynamicObject,
    who: &Account,
    decision: &Decision,
) -> Result<Option<DynamicObject>, ProviderError> {
    let (word, wanted) = match decision.verdict {
        Verdict::Approve => ("approve", Answer::Yes),
        Verdict::Reject => ("reject", Answer::No),
    };
    let refuse = |why: String| Err(ProviderError::Forbidden(why));
    let mut changed = object.clone();
    let entries = changed.data["spec"]["approvers"].as_array_mut().map(Vec::as_mut_slice).unwrap_or_default();
    let is_group = |entry: &Value| entry["type"] == "Group";
    let mine = entries.iter().position(|entry| !is_group(entry) && entry["name"] == who.name.as_str());
    let ours = || {
        let name = |entry: &Value| entry["name"].as_str().unwrap_or_default().to_owned();
        entries.iter().position(|entry| is_group(entry) && who.groups.contains(&name(entry)))
    };
    let Some(entry) = mine.or_else(ours).and_then(|at| entries.get_mut(at)) else {
        let asked = Asked::of(object).map(|asked| asked.who()).unwrap_or_default();
        return refuse(format!("the pipeline asks {asked}, not {}", shorten(&who.name)));
    };
    let before = if is_group(entry) {
        let users = entry["users"].as_array().into_iter().flatten();
        users.filter(|user| user["name"] == who.name.as_str()).map(Answer::of).next().unwrap_or(Answer::None)
    } else {
        Answer::of(entry)
    };
    match before {
        Answer::None => {}
        Answer::No => return Ok(None),
        // This question wants one more yes than there are.
        Answer::Yes if wanted == Answer::Yes => {
            return refuse(format!("{} has said yes already: somebody else must, too", shorten(&who.name)));
        }
        Answer::Yes => {}
    }
    if is_group(entry) {
        let mut users = entry["users"].as_array().cloned().unwrap_or_default();
        users.retain(|user| user["name"] != who.name.as_str());
        users.push(json!({ "name": who.name, "input": word }));
        entry["users"] = Value::Array(users);
    }
    entry["input"] = json!(word);
    if let Some(comment) = &decision.comment {
        entry["message"] = json!(comment);
    }
    Ok(Some(changed))
}
