//! Repeating builds: from the beginning, or a part of them.

use std::collections::{BTreeMap, BTreeSet};

use alm_build_spi::{Access, Finding, ProviderError, RerunBuild, RunRef};
use alm_domain::{Capability, RerunFrom, RunStatus, shorten};
use serde_json::Value;

use super::{
    earlier::Earlier,
    start::{Partial, Start, given_value},
    tekton::Inner,
};
use crate::{
    definition::{self, tasks},
    note::Repeats,
    part::{Choice, Part},
    repeating::{again, drawn},
    sharing::shared,
};

/// What to do where a part cannot be repeated.
const REMEDY: &str = "run it again from its beginning";

/// Starts a build that repeats another one, of the same commit. Where a part of it is repeated, that is a run of those tasks alone: they
/// are given what they use of the results of the others, and the volumes in which those left their files.
///
/// # Errors
/// As for starting; [`ProviderError::Unsupported`] with the reason where what was left behind is not there any more.
pub(super) async fn rerun(inner: &Inner, access: &Access, request: RerunBuild) -> Result<RunRef, ProviderError> {
    let RerunBuild { start: mut request, of, of_build, commit, from, stages, .. } = request;
    if let Some(commit) = &commit {
        request.reference.clone_from(&commit.sha);
    }
    let start = Start::of(inner, access, &request).await?;
    if let Some(run) = start.existing().await? {
        return start.adopt(&run).await;
    }
    if from == RerunFrom::Beginning {
        return start.make(None).await;
    }
    let unsupported = |reason: String| ProviderError::Unsupported {
        what: Capability::RerunFromStage,
        reason: format!("{reason}: {REMEDY}"),
    };
    let earlier = match Earlier::of(&start.session, start.version, &of).await {
        Err(ProviderError::NotFound(_)) => {
            let reason = "the run is gone from the cluster, and with it what its tasks told";
            return Err(unsupported(reason.to_owned()));
        }
        other => other?,
    };
    let pipeline = earlier.pipeline().ok_or_else(|| unsupported("the run never had a pipeline".to_owned()))?;
    let tasks = tasks(pipeline);
    let kept = again(&tasks, &from, &stages)
        .map_err(|why| ProviderError::Invalid(vec![Finding::new(["from", "stage"], why)]))?;
    if kept.len() == tasks.len() {
        return start.make(None).await;
    }
    if !definition::has_all(pipeline, &tasks) {
        return Err(unsupported("its pipeline has more tasks than are looked at".to_owned()));
    }
    if !earlier.is_written() {
        stays_as_it_was(&start, &earlier, pipeline, &kept)?;
    }
    let repeats = Repeats { of: of.0, build: of_build, tasks: drawn(&tasks, &kept, &stages) };
    if !repeats.fits() {
        return Err(unsupported("its pipeline is too large to be noted on a run".to_owned()));
    }
    let volumes = shared(pipeline, &tasks, &kept, &earlier.claims).map_err(unsupported)?;
    let lost = earlier.lost(&start.session, start.version, &start.place.namespace, &volumes).await?;
    if let Some((workspace, lost)) = lost.iter().next() {
        return Err(unsupported(lost.why(workspace)));
    }
    let skipped = stages.iter().filter(|stage| stage.status == RunStatus::Skipped);
    let skipped: BTreeSet<String> = skipped.map(|stage| stage.key.as_str().to_owned()).collect();
    let part = Part::of(pipeline, &Choice::Again(kept, skipped), &earlier.results).map_err(unsupported)?;
    let partial =
        Partial { part, commit, volumes, params: earlier.params, repeats: Some(repeats), warnings: Vec::new() };
    start.make(Some(partial)).await
}

/// A pipeline that was named is there with the values that its parameters had: nothing else can be given to its tasks.
fn stays_as_it_was(
    start: &Start<'_>,
    earlier: &Earlier,
    pipeline: &Value,
    kept: &BTreeSet<String>,
) -> Result<(), ProviderError> {
    let changed = start.request.parameters.iter().filter(|given| {
        let before = earlier.param(&given.name).and_then(Value::as_str);
        before != Some(given_value(given).as_str())
    });
    let findings: Vec<Finding> = changed
        .map(|given| {
            let message = format!("cannot be changed where a part of a pipeline runs again that was named: {REMEDY}");
            Finding::new(["parameters", given.name.as_str()], message)
        })
        .collect();
    if !findings.is_empty() {
        return Err(ProviderError::Invalid(findings));
    }
    let revision = start.options.param_revision.as_deref().and_then(|name| earlier.param(name)).and_then(Value::as_str);
    let Some(revision) = revision.filter(|revision| *revision != start.request.reference) else { return Ok(()) };
    let listed = ["tasks", "finally"].into_iter().filter_map(|group| pipeline[group].as_array()).flatten();
    let named: BTreeMap<&str, &Value> = listed.filter_map(|task| Some((task["name"].as_str()?, task))).collect();
    match kept.iter().find(|name| named.get(name.as_str()).is_some_and(|task| holds(task, revision))) {
        None => Ok(()),
        Some(task) => Err(ProviderError::Unsupported {
            what: Capability::RerunFromStage,
            reason: format!(
                "the task {task} takes the reference {}, which may be another commit by now: {REMEDY}",
                shorten(revision)
            ),
        }),
    }
}

/// Whether a text is somewhere in a value.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(known) => known == text,
        Value::Array(all) => all.iter().any(|item| holds(item, text)),
        Value::Object(map) => map.values().any(|item| holds(item, text)),
        _ => false,
    }
}
