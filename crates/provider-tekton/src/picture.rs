//! How a run stands: its PipelineRun and its TaskRuns, in the words of the service.

use alm_build_spi::RunSnapshot;
use alm_domain::{
    BuildShape, ReasonCode, RunObservation, RunStatus, StageAttempt, StageKey, StageKind, StageObservation,
    StatusReason,
};
use kube::core::DynamicObject;
use serde_json::Value;

use crate::{
    definition::{Task, tasks},
    standing::Standing,
};

/// The most attempts that are told of a stage.
const MOST_ATTEMPTS: usize = 50;

/// A pod of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskPod {
    pub(crate) name: String,
    /// Nothing for a plain build.
    pub(crate) stage: Option<StageKey>,
    pub(crate) attempt: u32,
    /// Whether what ran in it is over.
    pub(crate) is_over: bool,
}

/// How a run stands.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) run: RunObservation,
    pub(crate) stages: Vec<StageObservation>,
    /// In the order in which they came to be.
    pub(crate) pods: Vec<TaskPod>,
    /// Whether nothing will change any more.
    pub(crate) is_over: bool,
}

/// Whether the task runs with which a run has ended are all there.
pub(crate) fn has_all(run: &DynamicObject, task_runs: &[DynamicObject]) -> bool {
    let children = run.data["status"]["childReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_task_run = |child: &&Value| child["kind"].as_str().is_none_or(|kind| kind == "TaskRun");
    children.iter().filter(is_task_run).all(|child| {
        let found = task_runs.iter().find(|known| known.metadata.name.as_deref() == child["name"].as_str());
        found.is_some_and(|found| Standing::of(&found.data["status"], false).status.is_terminal())
    })
}

/// A pipeline of a single task is a plain build: its log is the build's, and there is no graph to show.
fn is_plain(tasks: &[Task]) -> bool {
    matches!(tasks, [only] if !only.is_matrix)
}

/// The stages of a pipeline that does not run yet.
pub(crate) fn plan(pipeline: &Value) -> (BuildShape, Vec<StageObservation>) {
    let tasks = tasks(pipeline);
    let mut stages = Vec::new();
    if is_plain(&tasks) {
        return (BuildShape::Plain, stages);
    }
    for task in &tasks {
        stage(task, &[], &Value::Null, &Standing::of(&Value::Null, false), &mut stages);
    }
    (BuildShape::Pipeline, stages)
}

impl Picture {
    /// By the objects as they are now.
    pub(crate) fn of(run: &DynamicObject, task_runs: &[DynamicObject]) -> Self {
        let status = &run.data["status"];
        let is_stopping =
            run.data["spec"]["status"].as_str().is_some_and(|asked| asked != "PipelineRunPending" && !asked.is_empty());
        let mut standing = Standing::of(status, is_stopping);
        let resolved =
            [&status["pipelineSpec"], &run.data["spec"]["pipelineSpec"]].into_iter().find(|spec| spec.is_object());
        let tasks = resolved.map(tasks).unwrap_or_default();
        let is_plain = is_plain(&tasks);
        let shape = match resolved {
            None => BuildShape::Unknown,
            Some(_) if is_plain => BuildShape::Plain,
            Some(_) => BuildShape::Pipeline,
        };
        let mut children: Vec<Child<'_>> = task_runs.iter().filter_map(Child::of).collect();
        children.sort_by(|one, other| one.order().cmp(&other.order()));
        // Where only the machinery has failed, the run has not failed by its work.
        if standing.status == RunStatus::Failed {
            let mut bad = children.iter().map(|child| &child.standing).filter(|standing| standing.status.is_bad());
            if let Some(first) = bad.next().filter(|first| first.status == RunStatus::Errored)
                && bad.all(|other| other.status == RunStatus::Errored)
            {
                standing.status = RunStatus::Errored;
                standing.reason.clone_from(&first.reason);
            }
        }
        let is_over = standing.status.is_terminal();
        let mut stages = Vec::new();
        if !is_plain {
            for task in &tasks {
                let mine: Vec<&Child<'_>> = children.iter().filter(|child| child.task == task.name).collect();
                stage(task, &mine, status, &standing, &mut stages);
            }
        }
        let pods = children.iter().flat_map(|child| child.pods(&tasks, is_plain)).collect();
        let run = RunObservation {
            status: standing.status,
            reason: standing.reason,
            shape: Some(shape),
            commit: None,
            started_at: standing.started_at,
            finished_at: standing.finished_at,
            external_url: None,
        };
        Self { run, stages, pods, is_over }
    }

    /// The picture as the Build SPI wants it.
    pub(crate) fn snapshot(self) -> RunSnapshot {
        RunSnapshot { run: self.run, stages: self.stages, approvals: Vec::new(), without: Vec::new() }
    }
}

/// A task run.
struct Child<'a> {
    name: &'a str,
    task: &'a str,
    object: &'a DynamicObject,
    standing: Standing,
}

impl<'a> Child<'a> {
    fn of(object: &'a DynamicObject) -> Option<Self> {
        let name = object.metadata.name.as_deref()?;
        let task = object.metadata.labels.as_ref()?.get("tekton.dev/pipelineTask")?;
        let is_stopping = object.data["spec"]["status"] == "TaskRunCancelled";
        Some(Self { name, task, object, standing: Standing::of(&object.data["status"], is_stopping) })
    }

    fn order(&self) -> (Option<alm_domain::Timestamp>, usize, &str) {
        // Names that end in numbers, by their numbers.
        (self.standing.started_at, self.name.len(), self.name)
    }

    fn earlier(&self) -> &'a [Value] {
        let all = self.object.data["status"]["retriesStatus"].as_array().map(Vec::as_slice).unwrap_or_default();
        &all[..all.len().min(MOST_ATTEMPTS - 1)]
    }

    fn attempts(&self) -> Vec<StageAttempt> {
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
    fn key(&self, task: &Task) -> StageKey {
        if !task.is_matrix {
            return StageKey::from(task.name.clone());
        }
        let place = self.name.rsplit('-').next().unwrap_or_default();
        StageKey::from(format!("{}/{place}", task.name))
    }

    fn pods(&self, tasks: &[Task], is_plain: bool) -> Vec<TaskPod> {
        let Some(task) = tasks.iter().find(|task| task.name == self.task) else { return Vec::new() };
        let stage = (!is_plain).then(|| self.key(task));
        let pod =
            |status: &Value| status["podName"].as_str().filter(|pod| alm_kubernetes::is_name(pod)).map(str::to_owned);
        let earlier = self.earlier().iter().map(|status| (pod(status), true));
        let last = (pod(&self.object.data["status"]), self.standing.status.is_terminal());
        let all = earlier.chain([last]).zip(1..);
        let named = all.filter_map(|((name, is_over), number)| {
            let attempt = if is_plain { 0 } else { number };
            Some(TaskPod { name: name?, stage: stage.clone(), attempt, is_over })
        });
        named.collect()
    }
}

/// The stage of a task, and those of its variants.
fn stage(task: &Task, children: &[&Child<'_>], status: &Value, run: &Standing, stages: &mut Vec<StageObservation>) {
    let position = |stages: &Vec<StageObservation>| u32::try_from(stages.len()).unwrap_or(u32::MAX);
    let kind = match (task.is_matrix, task.is_finally) {
        (true, _) => StageKind::Matrix,
        (false, true) => StageKind::Finally,
        (false, false) => StageKind::Work,
    };
    let key = StageKey::from(task.name.clone());
    let needs = task.needs.iter().map(|name| StageKey::from(name.clone())).collect();
    let make = |key: StageKey, name: String, kind: StageKind, now: Standing, position: u32| StageObservation {
        key,
        name,
        kind,
        status: now.status,
        reason: now.reason,
        parent: None,
        depends_on: Vec::new(),
        position,
        queued_at: None,
        started_at: now.started_at,
        finished_at: now.finished_at,
        attempts: Vec::new(),
        environment: None,
        url: None,
        agent: None,
    };
    let now = match children {
        [] => absent(task, status, run),
        [only] if !task.is_matrix => only.standing.clone(),
        all => together(all, run),
    };
    let mut own = make(key.clone(), task.name.clone(), kind, now, position(stages));
    own.depends_on = needs;
    if let ([only], false) = (children, task.is_matrix) {
        own.attempts = only.attempts();
        own.agent = only.object.data["status"]["podName"].as_str().map(str::to_owned);
    }
    stages.push(own);
    if !task.is_matrix {
        return;
    }
    for child in children {
        let name = format!("{} {}", task.name, child.key(task).as_str().rsplit('/').next().unwrap_or_default());
        let mut variant = make(child.key(task), name, StageKind::Work, child.standing.clone(), position(stages));
        variant.parent = Some(key.clone());
        variant.attempts = child.attempts();
        variant.agent = child.object.data["status"]["podName"].as_str().map(str::to_owned);
        stages.push(variant);
    }
}

/// A task that has no task run.
fn absent(task: &Task, status: &Value, run: &Standing) -> Standing {
    let skipped =
        status["skippedTasks"].as_array().into_iter().flatten().find(|known| known["name"] == task.name.as_str());
    let (now, reason) = match skipped {
        Some(skipped) => {
            let words =
                skipped["reason"].as_str().unwrap_or("Tekton left it out").chars().take(500).collect::<String>();
            (RunStatus::Skipped, Some(StatusReason::new(ReasonCode::ConditionNotMet, words)))
        }
        None if run.status == RunStatus::Cancelled => {
            let reason = StatusReason::new(ReasonCode::CancelledByUser, "the run was stopped before its turn");
            (RunStatus::Skipped, Some(reason))
        }
        None if run.status.is_terminal() => {
            let reason = StatusReason::new(ReasonCode::DependencyFailed, "the run ended before its turn");
            (RunStatus::Skipped, Some(reason))
        }
        None => (RunStatus::Planned, None),
    };
    Standing { status: now, reason, started_at: None, finished_at: None }
}

/// The frame around the variants of a task.
fn together(children: &[&Child<'_>], run: &Standing) -> Standing {
    let all = || children.iter().map(|child| &child.standing);
    let started_at = all().filter_map(|standing| standing.started_at).min();
    let is_over = all().all(|standing| standing.status.is_terminal());
    let worst = [RunStatus::Errored, RunStatus::Failed, RunStatus::Cancelled]
        .into_iter()
        .find(|bad| all().any(|standing| standing.status == *bad));
    let status = match (is_over, run.status) {
        (true, _) => worst.unwrap_or(RunStatus::Succeeded),
        (false, RunStatus::Cancelling) => RunStatus::Cancelling,
        (false, _) => RunStatus::Running,
    };
    let finished_at = if is_over { all().filter_map(|standing| standing.finished_at).max() } else { None };
    let reason = all().find(|standing| Some(standing.status) == worst).and_then(|standing| standing.reason.clone());
    Standing { status, reason: reason.filter(|_| is_over), started_at, finished_at }
}
