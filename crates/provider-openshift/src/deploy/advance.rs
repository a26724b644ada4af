//! Carrying a deployment on, one step at a time.

use alm_build_spi::ProviderError;
use alm_domain::{ReasonCode, RunStatus, Timestamp, shorten};
use alm_kubernetes::Session;
use chrono::TimeDelta;
use kube::{
    api::{Patch, PatchParams},
    core::{ApiResource, DynamicObject},
};
use serde_json::{Value, json};

use super::{
    PullSecret, Record, Step, Target,
    readiness::{Standing, of_config, of_deployment},
    record::{Before, Part},
    refused, route, tag,
    workload::{Kind, Workload},
};
use crate::kinds;

/// How long a trigger is waited for: as long as a Deployment is given by default to come forward.
const TRIGGER_PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// Carries a deployment on by one step, as often as need be, and gives the record as it is then; `None` where nothing is new.
///
/// # Errors
/// [`ProviderError::Unavailable`] where the target cannot be asked now. Whatever else it answers is how the deployment ends.
pub(crate) async fn advance(
    target: &Target,
    pull: Option<&PullSecret>,
    record: &Record,
    now: Timestamp,
) -> Result<Option<Record>, ProviderError> {
    let mut next = record.clone();
    if record.is_cancelled && record.ending.is_none() {
        next.turn_back(RunStatus::Cancelled, ReasonCode::CancelledByUser, "the deployment was cancelled", now);
        return Ok(Some(next));
    }
    let target = &target.session;
    let done = match record.step {
        Step::Look => look(target, &mut next, now).await,
        Step::Tag => bring(target, pull, &mut next, now).await,
        Step::Rollout => roll_out(target, &mut next, now).await,
        Step::Wait => wait(target, &mut next, now).await,
        Step::Return => give_back(target, &mut next, now).await,
        Step::Over => return Ok(None),
    };
    match done {
        Ok(()) => {}
        // Somebody changes the same object: the step is carried out again.
        Err(ProviderError::Conflict(_)) => return Ok(None),
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => {
            next = record.clone();
            stop(&mut next, &error, now);
        }
    }
    Ok((next != *record).then_some(next))
}

/// What becomes of a deployment whose target refuses something.
fn stop(next: &mut Record, error: &ProviderError, now: Timestamp) {
    let why = refused(&next.to.environment, error);
    if let Some(ending) = &mut next.ending {
        ending.reason.message = format!("{}; what ran before could not be brought back: {why}", ending.reason.message);
        next.say(next.at(), &format!("what ran before could not be brought back: {why}"), now);
        next.finish(now);
        return;
    }
    match error {
        // Nothing can be given back without a token.
        ProviderError::Unauthorized(_) => {
            let left = match next.step {
                Step::Look => "",
                _ => "; what was changed there stays as it is",
            };
            next.turn_back(RunStatus::Errored, ReasonCode::Credential, &format!("{why}{left}"), now);
            next.finish(now);
        }
        _ => next.turn_back(RunStatus::Failed, ReasonCode::CommandFailed, &why, now),
    }
}

/// Ends a deployment that cannot be carried on, for instance since its target's address is none any more.
pub(crate) fn give_up(record: &Record, code: ReasonCode, why: &str, now: Timestamp) -> Record {
    let mut next = record.clone();
    next.turn_back(RunStatus::Errored, code, why, now);
    next.finish(now);
    next
}

/// Sees what runs there, so that it can be returned to.
async fn look(target: &Session, next: &mut Record, now: Timestamp) -> Result<(), ProviderError> {
    if next.tag.started_at.is_none() {
        next.go_on(Step::Look, now);
    }
    let workload = read(target, next).await?;
    let tag = next.environment_tag();
    if let Some(why) = next.workload.obstacle(&workload, &next.to.namespace, &tag) {
        next.turn_back(RunStatus::Failed, ReasonCode::DefinitionInvalid, &why, now);
        return Ok(());
    }
    let image = next.workload.container(&workload).map(|(_, image)| image.to_owned()).unwrap_or_default();
    let tagged = tag::digest_of(target, &next.to.namespace, &tag).await?;
    next.say(Part::Tag, &format!("{} of {} runs {image}", next.workload, next.to.namespace), now);
    next.before = Some(Before { image, tagged });
    next.go_on(Step::Tag, now);
    Ok(())
}

async fn bring(
    target: &Session,
    pull: Option<&PullSecret>,
    next: &mut Record,
    now: Timestamp,
) -> Result<(), ProviderError> {
    tag::bring(target, next, pull).await?;
    let given = tag::reference(target, next).await?;
    let from = match &next.from {
        Some(repository) => format!(", fetched from {repository}"),
        None => String::new(),
    };
    let told = format!("{} of {} is {}{from}", next.environment_tag(), next.to.namespace, next.image.digest);
    next.say(Part::Tag, &told, now);
    next.given = Some(given);
    next.go_on(Step::Rollout, now);
    Ok(())
}

/// Gives the workload the image, unless the cluster does so by itself: where a trigger follows the tag that was just written, a change
/// of ours beside it would be one too many as soon as the two write the image differently.
async fn roll_out(target: &Session, next: &mut Record, now: Timestamp) -> Result<(), ProviderError> {
    let workload = read(target, next).await?;
    let tag = next.environment_tag();
    next.by_trigger = next.workload.follows(&workload, &next.to.namespace, &tag);
    if next.by_trigger {
        next.say(Part::Rollout, &format!("{}: its image trigger gives it {tag}", next.workload), now);
    } else {
        let given = next.given.clone().unwrap_or_default();
        let container = give(target, next, &workload, &given, None).await?;
        next.say(Part::Rollout, &format!("{}: the container {container} is given {given}", next.workload), now);
    }
    next.go_on(Step::Wait, now);
    Ok(())
}

/// Gives the container an image, and perhaps a DeploymentConfig other triggers, and sees that it is rolled out; the name of the
/// container. As often as need be: where another follower was faster, there is nothing left to change.
///
/// A DeploymentConfig that begins no rollout by itself is given the number of the next one together with the image, in one write that is
/// refused where the object has changed since it was looked at: so that of two followers one alone begins a rollout. (`instantiate` counts
/// on from whatever number it finds.)
async fn give(
    target: &Session,
    next: &Record,
    workload: &Value,
    image: &str,
    triggers: Option<Value>,
) -> Result<String, ProviderError> {
    let (container, has) = next.workload.container(workload).map_err(ProviderError::NotFound)?;
    let is_asked_for =
        !next.workload.rolls_out_by_itself(workload) && !rolls_out(target, next, workload, image).await?;
    if has == image && !is_asked_for {
        return Ok(container.to_owned());
    }
    let mut patch = Workload::patch(container, image);
    let number = latest(workload) + 1;
    if is_asked_for || triggers.is_some() {
        patch["metadata"]["resourceVersion"] = workload["metadata"]["resourceVersion"].clone();
    }
    if is_asked_for {
        patch["status"]["latestVersion"] = json!(number);
    }
    if let Some(triggers) = triggers {
        patch["spec"]["triggers"] = triggers;
    }
    let api = target.api(&next.to.namespace, &next.workload.resource());
    let patch = Patch::Strategic(patch);
    let answer = target.call(api.patch(&next.workload.name, &PatchParams::default(), &patch)).await?;
    if is_asked_for && latest(&answer.data) < number {
        let workload = &next.workload;
        return Err(ProviderError::Forbidden(format!(
            "the cluster begins no rollout of {workload} when it is asked to: give it the trigger ConfigChange"
        )));
    }
    Ok(container.to_owned())
}

/// Whether the newest rollout of a DeploymentConfig is one of this image, or will be: where it has not come to be yet, it will be of what
/// the DeploymentConfig says.
async fn rolls_out(target: &Session, next: &Record, config: &Value, image: &str) -> Result<bool, ProviderError> {
    let has = |object: &Value| next.workload.container(object).is_ok_and(|(_, has)| has == image);
    Ok(match newest(target, next, config).await? {
        Some(controller) => has(&controller),
        None => latest(config) > 0 && has(config),
    })
}

/// The number of the newest rollout of a DeploymentConfig; 0 where there was none.
fn latest(config: &Value) -> i64 {
    config.pointer("/status/latestVersion").and_then(Value::as_i64).unwrap_or(0)
}

/// The replication controller of the newest rollout of a DeploymentConfig, if there is one.
async fn newest(target: &Session, next: &Record, config: &Value) -> Result<Option<Value>, ProviderError> {
    let name = format!("{}-{}", next.workload.name, latest(config));
    object(target, &next.to.namespace, &kinds::replication_controllers(), &name).await
}

async fn wait(target: &Session, next: &mut Record, now: Timestamp) -> Result<(), ProviderError> {
    let workload = read(target, next).await?;
    let (container, has) = next.workload.container(&workload).map_err(ProviderError::NotFound)?;
    if !next.is_given(has) {
        if next.by_trigger && next.before.as_ref().is_some_and(|before| before.image == has) {
            wait_for_trigger(next, &workload, now);
            return Ok(());
        }
        let why = format!("somebody else gave the container {container} {}", shorten(has));
        // It is not ours to undo.
        next.turn_back(RunStatus::Failed, ReasonCode::Interrupted, &why, now);
        next.finish(now);
        return Ok(());
    }
    let standing = match next.workload.kind {
        Kind::Deployment => of_deployment(&workload),
        Kind::Config => {
            let newest = newest(target, next, &workload).await?;
            let is_of = |found: &Value| next.workload.container(found).is_ok_and(|(_, has)| next.is_given(has));
            of_config(&workload, newest.filter(is_of).as_ref())
        }
    };
    match standing {
        Standing::Ready(told) => {
            next.url = route::address(target, &next.to.namespace, &workload).await?;
            next.say(Part::Rollout, &format!("{} is rolled out: {told}", next.workload), now);
            next.finish(now);
        }
        Standing::Failed(why) => next.turn_back(RunStatus::Failed, ReasonCode::CommandFailed, &why, now),
        Standing::Underway(told) => {
            if next.said.last().is_none_or(|last| last.text != told) {
                next.say(Part::Rollout, &told, now);
            }
        }
    }
    Ok(())
}

/// Waits until the cluster gives the workload the image.
fn wait_for_trigger(next: &mut Record, workload: &Value, now: Timestamp) {
    let tag = next.environment_tag();
    if !next.workload.follows(workload, &next.to.namespace, &tag) {
        let told = format!("the image trigger of {} was switched off: it is given the image without it", next.workload);
        next.say(Part::Rollout, &told, now);
        next.step = Step::Rollout;
    } else if next.rollout.started_at.is_some_and(|since| now - since > TRIGGER_PATIENCE) {
        let why = format!(
            "the cluster has not given {} the image of {tag} for {} minutes: see what keeps its image trigger from it, or take that out",
            next.workload,
            TRIGGER_PATIENCE.num_minutes()
        );
        next.turn_back(RunStatus::Failed, ReasonCode::CommandFailed, &why, now);
    }
}

/// Gives the workload, and the tag, back what they had. A trigger does that with the tag.
async fn give_back(target: &Session, next: &mut Record, now: Timestamp) -> Result<(), ProviderError> {
    if let Some(before) = next.before.clone() {
        tag::take_back(target, next, before.tagged.as_deref()).await?;
        // Before the rollout nothing else was changed.
        if next.rollout.started_at.is_some() {
            let workload = read(target, next).await?;
            let tag = next.environment_tag();
            let follows = next.workload.follows(&workload, &next.to.namespace, &tag);
            let told = match &before.tagged {
                Some(digest) if follows => {
                    format!("{tag} is {digest} again, which the image trigger of {} gives back to it", next.workload)
                }
                _ => {
                    let triggers = next.workload.forgetful_triggers(&workload, &next.to.namespace, &tag);
                    give(target, next, &workload, &before.image, triggers.filter(|_| follows)).await?;
                    format!("{} is given back {}, which ran before", next.workload, before.image)
                }
            };
            next.say(Part::Rollout, &told, now);
            if let Some(ending) = &mut next.ending {
                ending.reason.message = format!("{}; {told}", ending.reason.message);
            }
        }
    }
    next.finish(now);
    Ok(())
}

/// The workload as it is now.
async fn read(target: &Session, record: &Record) -> Result<Value, ProviderError> {
    let (kind, name) = (record.workload.resource(), &record.workload.name);
    let found = object(target, &record.to.namespace, &kind, name).await?;
    found.ok_or_else(|| {
        ProviderError::NotFound(format!("the namespace {} has no {}", record.to.namespace, record.workload))
    })
}

async fn object(
    target: &Session,
    namespace: &str,
    kind: &ApiResource,
    name: &str,
) -> Result<Option<Value>, ProviderError> {
    let found: Option<DynamicObject> = target.find(target.api(namespace, kind).get(name)).await?;
    found.map(|found| json_of(&found)).transpose()
}

fn json_of(object: &DynamicObject) -> Result<Value, ProviderError> {
    serde_json::to_value(object)
        .map_err(|cause| ProviderError::internal("an object of the cluster cannot be written", cause))
}
