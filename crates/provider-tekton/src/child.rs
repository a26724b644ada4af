//! What carries the tasks of a run out: task runs, custom runs, and the questions of the manual approval gate.

use std::collections::BTreeMap;

use alm_domain::{ReasonCode, RunStatus, StageAttempt, StageKey, StatusReason, Timestamp, shorten};
use kube::core::DynamicObject;
use serde_json::Value;

use crate::{
    definition::{Runner, Task, tasks},
    standing::Standing,
};

/// The most attempts that are told of a stage.
const MOST_ATTEMPTS: usize = 50;
/// The longest name of a variant, in characters.
const LONGEST_NAME: usize = 100;

/// Kinds of objects that belong to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    TaskRun,
    CustomRun,
    Approval,
}

impl Family {
    /// Those that a run of this pipeline has.
    pub(crate) fn of(pipeline: &Value) -> Vec<Self> {
        let tasks = tasks(pipeline);
        let mut families = vec![Self::TaskRun];
        if tasks.iter().any(|task| task.runner != Runner::Tekton) {
            families.push(Self::CustomRun);
        }
        if tasks.iter().any(|task| task.runner == Runner::Gate) {
            families.push(Self::Approval);
        }
        families
    }
}

/// The objects that belong to a run, by kind and name.
pub(crate) type Parts = BTreeMap<(Family, String), DynamicObject>;

/// The pipeline of a run, as far as it is known.
pub(crate) fn pipeline_of(run: &DynamicObject) -> Option<&Value> {
    [&run.data["status"]["pipelineSpec"], &run.data["spec"]["pipelineSpec"]].into_iter().find(|spec| spec.is_object())
}

/// A pod of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskPod {
    pub(crate) name: String,
    /// Nothing for a plain build.
    pub(crate) stage: Option<StageKey>,
    pub(crate) attempt: u32,
    /// Whether what ran in it is over.
    pub(crate) is_over: bool,
    /// Whether it has more than one step, so that lines say which.
    pub(crate) has_steps: bool,
}

/// A task run or a custom run.
pub(crate) struct Child<'a> {
    pub(crate) family: Family,
    pub(crate) name: &'a str,
    /// The task of the pipeline.
    pub(crate) task: &'a str,
    pub(crate) object: &'a DynamicObject,
    pub(crate) standing: Standing,
}

impl<'a> Child<'a> {
    /// `is_over`: the run has ended. What did not end with it never will.
    pub(crate) fn of(family: Family, object: &'a DynamicObject, is_over: bool) -> Option<Self> {
        let asked = match family {
            Family::TaskRun => "TaskRunCancelled",
            Family::CustomRun => "RunCancelled",
            Family::Approval => return None,
        };
        let name = object.metadata.name.as_deref()?;
        let task = task_of(object)?;
        let mut standing = Standing::of(&object.data["status"], object.data["spec"]["status"] == asked);
        if family == Family::CustomRun && is_over && !standing.status.is_terminal() {
            standing.status = RunStatus::Cancelled;
            standing.reason = Some(StatusReason::new(
                ReasonCode::CancelledByUser,
                "the run ended before whoever carries this out had",
            ));
        }
        let standing = standing.stopped_with(object.data["spec"]["statusMessage"].as_str().unwrap_or_default());
        Some(Self { family, name, task, object, standing })
    }

    /// Its place among all: the cluster tells only the second in which something began.
    pub(crate) fn order(&self, tasks: &[Task]) -> (Option<Timestamp>, usize, usize, &str) {
        let place = tasks.iter().position(|task| task.name == self.task).unwrap_or(usize::MAX);
        // Names that end in numbers, by their numbers.
        (self.standing.started_at, place, self.name.len(), self.name)
    }

    fn earlier(&self) -> &'a [Value] {
        let all = self.object.data["status"]["retriesStatus"].as_array().map(Vec::as_slice).unwrap_or_default();
        &all[..all.len().min(MOST_ATTEMPTS - 1)]
    }

    pub(crate) fn attempts(&self) -> Vec<StageAttempt> {
        let earlier = self.earlier().iter().map(|status| Standing::of(status, false));
        let all = earlier.chain([self.standing.clone()]).zip(1..);
        all.map(|(standing, number)| StageAttempt {
            number,
            status: standing.status,
            reason: standing.reason,
            started_at: standing.started_at,
            finished_at: standing.finished_at,
        })
        .collect()
    }

    /// Its key within a matrix: by the place that its name ends in.
    pub(crate) fn key(&self, task: &Task) -> StageKey {
        if !task.is_matrix {
            return StageKey::from(task.name.clone());
        }
        let place = self.name.rsplit('-').next().unwrap_or_default();
        StageKey::from(format!("{}/{place}", task.name))
    }

    /// What people call it within a matrix: what only it is given, or its place.
    pub(crate) fn variant(&self, task: &Task) -> String {
        let given = self.object.data["spec"]["params"].as_array().map(Vec::as_slice).unwrap_or_default();
        let value = |name: &String| given.iter().find(|param| param["name"] == name.as_str())?["value"].as_str();
        let values: Vec<String> = task.varies.iter().filter_map(value).map(shorten).collect();
        let key = self.key(task);
        let place = || key.as_str().rsplit('/').next().unwrap_or_default().to_owned();
        if values.is_empty() { place() } else { values.join(", ").chars().take(LONGEST_NAME).collect() }
    }

    pub(crate) fn pods(&self, tasks: &[Task], is_plain: bool) -> Vec<TaskPod> {
        let Some(task) = tasks.iter().find(|task| task.name == self.task) else { return Vec::new() };
        let stage = (!is_plain).then(|| self.key(task));
        let status = &self.object.data["status"];
        let has_steps = status["taskSpec"]["steps"].as_array().is_some_and(|steps| steps.len() > 1);
        let pod =
            |status: &Value| status["podName"].as_str().filter(|pod| alm_kubernetes::is_name(pod)).map(str::to_owned);
        let earlier = self.earlier().iter().map(|status| (pod(status), true));
        let last = (pod(status), self.standing.status.is_terminal());
        let all = earlier.chain([last]).zip(1..);
        let named = all.filter_map(|((name, is_over), number)| {
            let attempt = if is_plain { 0 } else { number };
            Some(TaskPod { name: name?, stage: stage.clone(), attempt, is_over, has_steps })
        });
        named.collect()
    }

    /// What it told: `results`, in either version of the API.
    pub(crate) fn results(&self) -> &'a [Value] {
        let status = &self.object.data["status"];
        let told = ["results", "taskResults"].into_iter().find_map(|field| status[field].as_array());
        told.map(Vec::as_slice).unwrap_or_default()
    }
}

/// The task of the pipeline that an object belongs to.
pub(crate) fn task_of(object: &DynamicObject) -> Option<&str> {
    object.metadata.labels.as_ref()?.get("tekton.dev/pipelineTask").map(String::as_str)
}
