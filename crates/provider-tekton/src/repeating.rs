//! Which tasks of a pipeline run again when a build is repeated from a stage, and what is shown of the others.

use std::collections::{BTreeMap, BTreeSet};

use alm_domain::{RerunFrom, RunStatus, StageKey, StageKind, StageObservation, clean_text, shorten};
use serde::{Deserialize, Serialize};

use crate::definition::Task;

/// The most stages that are read of what is noted, and the longest of their names in characters.
const MOST: usize = 2_000;
const LONGEST_NAME: usize = 200;
/// How many names a message lists.
const LISTED: usize = 20;

/// A task of the pipeline that a run repeats in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Drawn {
    pub(crate) name: String,
    /// The tasks that come before it, also those that do not run again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) needs: Vec<String>,
    /// How it ended before, where it does not run again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<Done>,
}

/// How a task ended that does not run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) status: RunStatus,
    pub(crate) kind: StageKind,
    /// What the keys of its variants end in, and their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) variants: Vec<(String, String)>,
}

/// The tasks that run again: what was chosen, what did not go well, what comes last, and all that comes behind one of those.
///
/// # Errors
/// That there is no such stage, as a sentence.
pub(crate) fn again(tasks: &[Task], from: &RerunFrom, stages: &[StageObservation]) -> Result<BTreeSet<String>, String> {
    let chosen = match from {
        RerunFrom::Beginning => return Ok(tasks.iter().map(|task| task.name.clone()).collect()),
        RerunFrom::Failed => None,
        RerunFrom::Stage(key) => {
            let name = task_of(key);
            if !tasks.iter().any(|task| task.name == name) {
                let known: Vec<String> = tasks.iter().take(LISTED).map(|task| shorten(&task.name)).collect();
                let known = if known.is_empty() { "it has none".to_owned() } else { known.join(", ") };
                return Err(format!("the build has no stage {:?}; its stages: {known}", shorten(key.as_str())));
            }
            Some(name)
        }
    };
    let before: BTreeMap<&str, &StageObservation> = stages.iter().map(|stage| (stage.key.as_str(), stage)).collect();
    let went_well = |task: &Task| {
        before.get(task.name.as_str()).is_some_and(|stage| stage.status.lets_others_go_on(stage.reason.as_ref()))
    };
    let is_first = |task: &&Task| task.is_finally || chosen == Some(task.name.as_str()) || !went_well(task);
    let mut again: BTreeSet<String> = tasks.iter().filter(is_first).map(|task| task.name.clone()).collect();
    loop {
        let is_behind = |task: &&Task| !again.contains(&task.name) && task.needs.iter().any(|it| again.contains(it));
        let more: Vec<String> = tasks.iter().filter(is_behind).map(|task| task.name.clone()).collect();
        if more.is_empty() {
            return Ok(again);
        }
        again.extend(more);
    }
}

/// The task of a stage, which may be one of its variants.
fn task_of(key: &StageKey) -> &str {
    key.as_str().split('/').next().unwrap_or_default()
}

/// The whole pipeline, as it is shown where only these tasks run again.
pub(crate) fn drawn(tasks: &[Task], again: &BTreeSet<String>, stages: &[StageObservation]) -> Vec<Drawn> {
    let done = |task: &Task| {
        let stage = stages.iter().find(|stage| stage.key.as_str() == task.name)?;
        let variants = stages.iter().filter(|other| other.parent.as_ref() == Some(&stage.key));
        let variants = variants.filter_map(|other| {
            let place = other.key.as_str().strip_prefix(&format!("{}/", task.name))?;
            Some((place.to_owned(), other.name.clone()))
        });
        Some(Done { status: stage.status, kind: stage.kind, variants: variants.collect() })
    };
    let draw = |task: &Task| Drawn {
        name: task.name.clone(),
        needs: task.needs.clone(),
        done: if again.contains(&task.name) { None } else { done(task) },
    };
    tasks.iter().map(draw).collect()
}

/// What is left of what was noted: whoever may change a run may have changed it.
pub(crate) fn checked(drawn: Vec<Drawn>) -> Vec<Drawn> {
    let mut known = BTreeSet::new();
    let is_name =
        |name: &String| !name.is_empty() && name.chars().count() <= LONGEST_NAME && clean_text(name.clone()) == *name;
    let mut left = MOST;
    let mut found: Vec<Drawn> = Vec::new();
    for mut task in drawn {
        let stages = 1 + task.done.as_ref().map_or(0, |done| done.variants.len());
        let is_fine = task.done.as_ref().is_none_or(|done| {
            done.status.is_terminal()
                && !done.status.is_bad()
                && done.variants.iter().all(|(place, name)| is_name(place) && is_name(name))
        });
        if !is_fine || stages > left || !is_name(&task.name) || !known.insert(task.name.clone()) {
            continue;
        }
        left -= stages;
        task.needs.retain(|name| *name != task.name);
        found.push(task);
    }
    for task in &mut found {
        task.needs.retain(|name| known.contains(name));
    }
    found
}

#[cfg(test)]
mod tests {
    use alm_domain::{ReasonCode, StatusReason};
    use serde_json::json;

    use super::*;
    use crate::{definition::tasks, picture::plan};

    fn pipeline() -> serde_json::Value {
        json!({
            "tasks": [{"name": "fetch"}, {"name": "lint", "runAfter": ["fetch"]}, {"name": "build", "runAfter": ["fetch"]},
                {"name": "scan", "runAfter": ["build"]}, {"name": "ship", "runAfter": ["lint", "scan"]}],
            "finally": [{"name": "tell"}],
        })
    }

    /// How the build ended: what is named last failed, and what comes behind it never ran.
    fn ended(failed: &str) -> Vec<StageObservation> {
        let (_, mut stages) = plan(&pipeline(), &BTreeMap::new());
        let at = stages.iter().position(|stage| stage.key.as_str() == failed).unwrap();
        for (place, stage) in stages.iter_mut().enumerate() {
            (stage.status, stage.reason) = match place.cmp(&at) {
                std::cmp::Ordering::Less => (RunStatus::Succeeded, None),
                std::cmp::Ordering::Equal => (RunStatus::Failed, None),
                std::cmp::Ordering::Greater => {
                    (RunStatus::Skipped, Some(StatusReason::new(ReasonCode::DependencyFailed, "")))
                }
            };
        }
        stages
    }

    #[test]
    fn what_runs_again_is_what_was_chosen_what_failed_what_comes_last_and_what_is_behind() {
        let tasks = tasks(&pipeline());
        let stage = |key: &str| RerunFrom::Stage(key.into());
        for (from, failed, wanted) in [
            (RerunFrom::Failed, "build", "build scan ship tell"),
            (RerunFrom::Failed, "ship", "ship tell"),
            (stage("scan"), "tell", "scan ship tell"),
            (stage("lint"), "scan", "lint scan ship tell"),
            (stage("tell"), "tell", "tell"),
            (RerunFrom::Beginning, "tell", "build fetch lint scan ship tell"),
        ] {
            let found = again(&tasks, &from, &ended(failed)).unwrap();
            assert_eq!(found.into_iter().collect::<Vec<_>>().join(" "), wanted, "{from:?}");
        }
        let nowhere = again(&tasks, &stage("nowhere"), &ended("tell")).unwrap_err();
        assert!(nowhere.contains("no stage \"nowhere\"; its stages: fetch, lint"), "{nowhere}");
    }

    #[test]
    fn what_somebody_has_noted_instead_is_harmless() {
        let done = |status| Some(Done { status, kind: StageKind::Work, variants: Vec::new() });
        let of = |name: &str, needs: &[&str], done| Drawn {
            name: name.to_owned(),
            needs: needs.iter().map(|&need| need.to_owned()).collect(),
            done,
        };
        let noted = vec![
            of("a", &["a", "nowhere"], done(RunStatus::Succeeded)),
            of("a", &[], None),
            of("b", &["a"], done(RunStatus::Running)),
            of("", &[], None),
            of(&"x".repeat(900), &[], None),
            of("c", &["a"], None),
        ];
        assert_eq!(checked(noted), [of("a", &[], done(RunStatus::Succeeded)), of("c", &["a"], None)]);
    }
}
