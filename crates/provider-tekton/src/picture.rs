//! How a run stands: its PipelineRun and what belongs to it, in the words of the service.

use std::collections::{BTreeMap, BTreeSet};

use alm_build_spi::RunSnapshot;
use alm_domain::{
    ApprovalObservation, BuildShape, CapabilityNote, Output, Paused, ReasonCode, RunObservation, RunStatus, StageKey,
    StageKind, StageObservation, StatusReason, Step, shorten,
};
use kube::core::DynamicObject;
use serde_json::Value;

use crate::{
    approval::Asked,
    child::{Child, Family, Parts, TaskPod, pipeline_of},
    deadline::expires_at,
    definition::{Runner, Task, tasks},
    note::{Note, Repeats},
    outputs,
    repeating::Done,
    standing::{Standing, is_stuck},
    steps::steps,
};

/// How a run stands.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) run: RunObservation,
    pub(crate) stages: Vec<StageObservation>,
    pub(crate) approvals: Vec<ApprovalObservation>,
    /// What it says that it made, secrets included.
    pub(crate) outputs: Vec<Output>,
    /// What a plain build is made of.
    pub(crate) steps: Vec<Step>,
    /// In the order in which they came to be.
    pub(crate) pods: Vec<TaskPod>,
    /// Whether nothing will change any more.
    pub(crate) is_over: bool,
}

/// Whether a run has ended, whatever belongs to it.
pub(crate) fn is_over(run: &DynamicObject) -> bool {
    Standing::of(&run.data["status"], false).status.is_terminal()
}

/// Whether the task runs with which a run has ended are all there. Custom runs are not waited for: whoever carries one out may be gone.
pub(crate) fn has_all(run: &DynamicObject, parts: &Parts) -> bool {
    let children = run.data["status"]["childReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_task_run = |child: &&Value| child["kind"].as_str().is_none_or(|kind| kind == "TaskRun");
    children.iter().filter(is_task_run).filter_map(|child| child["name"].as_str()).all(|name| {
        let found = parts.get(&(Family::TaskRun, name.to_owned()));
        found.is_some_and(|found| Standing::of(&found.data["status"], false).status.is_terminal())
    })
}

/// A pipeline of a single task is a plain build: its log is the build's, and there is no graph to show. Not so where there is more to
/// say of the task than how the build stands: that it was left out or tried again, that it asks people, or where it deploys to.
fn is_plain(tasks: &[Task], environments: &BTreeMap<String, String>) -> bool {
    let is_simple = |task: &Task| !task.is_matrix && !task.is_conditional && task.runner != Runner::Gate;
    matches!(tasks, [only] if is_simple(only) && !environments.contains_key(&only.name))
}

/// The stages of a pipeline that does not run yet.
pub(crate) fn plan(pipeline: &Value, environments: &BTreeMap<String, String>) -> (BuildShape, Vec<StageObservation>) {
    let tasks = tasks(pipeline);
    let mut stages = Vec::new();
    if is_plain(&tasks, environments) {
        return (BuildShape::Plain, stages);
    }
    for task in &tasks {
        stage(task, &[], &Value::Null, &Standing::of(&Value::Null, false), &mut stages);
    }
    name_environments(&mut stages, environments);
    (BuildShape::Pipeline, stages)
}

/// The variants of a task deploy where the task does; the frame around them does not.
fn name_environments(stages: &mut [StageObservation], environments: &BTreeMap<String, String>) {
    for stage in stages.iter_mut().filter(|stage| !stage.kind.is_frame()) {
        let task = stage.parent.as_ref().unwrap_or(&stage.key);
        stage.environment = environments.get(task.as_str()).cloned();
    }
}

impl Picture {
    /// By the objects as they are now.
    pub(crate) fn of(run: &DynamicObject, parts: &Parts) -> Self {
        let note = Note::of(run);
        let status = &run.data["status"];
        let is_stopping =
            run.data["spec"]["status"].as_str().is_some_and(|asked| asked != "PipelineRunPending" && !asked.is_empty());
        let mut standing = Standing::of(status, is_stopping);
        let is_over = standing.status.is_terminal();
        let resolved = pipeline_of(run);
        let tasks = resolved.map(tasks).unwrap_or_default();
        let repeats = note.repeats.as_ref().filter(|repeats| !repeats.tasks.is_empty());
        let is_plain = repeats.is_none() && is_plain(&tasks, &note.environments);
        let shape = match resolved {
            None => BuildShape::Unknown,
            Some(_) if is_plain => BuildShape::Plain,
            Some(_) => BuildShape::Pipeline,
        };
        let mut children: Vec<Child<'_>> =
            parts.iter().filter_map(|((family, _), object)| Child::of(*family, object, is_over)).collect();
        children.sort_by(|one, other| one.order(&tasks).cmp(&other.order(&tasks)));
        let asked: Vec<Asked<'_>> = parts
            .iter()
            .filter(|((family, _), _)| *family == Family::Approval)
            .filter_map(|(_, it)| Asked::of(it))
            .collect();
        let mut approvals = Vec::new();
        for child in children.iter_mut().filter(|child| child.family == Family::CustomRun) {
            if let Some(asked) = asked.iter().find(|asked| asked.task() == child.task) {
                let end = Some(&child.standing).filter(|standing| standing.status.is_terminal());
                let late = [&standing, &child.standing].into_iter().any(Standing::has_timed_out);
                let is_finally = tasks.iter().any(|task| task.is_finally && task.name == child.task);
                approvals.extend(asked.questions(end, late, expires_at(run, child.object, asked, is_finally)));
                wait_for_people(&mut child.standing, asked);
            }
        }
        for child in children.iter_mut().filter(|child| child.standing.status == RunStatus::Queued) {
            if let Some(environment) = note.environments.get(child.task).filter(|it| note.withheld.contains_key(*it)) {
                let why = format!("it waits for the token of {environment}");
                child.standing.status = RunStatus::WaitingForCredential;
                child.standing.reason = Some(StatusReason::new(ReasonCode::Credential, why));
            }
        }
        explain(&mut standing, &children, status);
        let mut stages = Vec::new();
        if !is_plain {
            let draw = |task: &Task, stages: &mut Vec<StageObservation>| {
                let mine: Vec<&Child<'_>> = children.iter().filter(|child| child.task == task.name).collect();
                stage(task, &mine, status, &standing, stages);
            };
            match repeats {
                None => tasks.iter().for_each(|task| draw(task, &mut stages)),
                Some(repeats) => {
                    for drawn in &repeats.tasks {
                        let needs = drawn.needs.clone();
                        match (tasks.iter().find(|task| task.name == drawn.name), &drawn.done) {
                            (Some(task), _) => draw(&Task { needs, ..task.clone() }, &mut stages),
                            (None, Some(done)) => reused(&drawn.name, &needs, done, repeats, &mut stages),
                            (None, None) => {}
                        }
                    }
                }
            }
            name_environments(&mut stages, &note.environments);
        }
        let pods = children.iter().flat_map(|child| child.pods(&tasks, is_plain)).collect();
        let of_task = |child: &Child<'_>| {
            let task = tasks.iter().find(|task| task.name == child.task)?;
            (!is_plain).then(|| child.key(task))
        };
        let outputs = outputs::outputs(run, &children, of_task);
        let only = children.iter().find(|child| is_plain && child.family == Family::TaskRun);
        let steps = only.map(|child| steps(&child.object.data["status"])).unwrap_or_default();
        let run = RunObservation {
            status: standing.status,
            reason: standing.reason,
            shape: Some(shape),
            commit: note.commit.or_else(|| outputs::commit(run, &children)),
            started_at: standing.started_at,
            finished_at: standing.finished_at,
            external_url: None,
        };
        Self { run, stages, approvals, outputs, steps, pods, is_over }
    }

    /// The picture as the Build SPI wants it.
    pub(crate) fn snapshot(self, without: Vec<CapabilityNote>) -> RunSnapshot {
        RunSnapshot { run: self.run, stages: self.stages, approvals: self.approvals, without }
    }
}

/// A custom run that asks people waits for them, and ends as they want.
fn wait_for_people(standing: &mut Standing, asked: &Asked<'_>) {
    let reason = standing.reason.as_ref().map(|reason| reason.code);
    match standing.status {
        RunStatus::Queued | RunStatus::Running if asked.is_open() => {
            standing.status = RunStatus::WaitingForApproval;
            let who = format!("it waits for {}", asked.who());
            standing.reason = Some(StatusReason::new(ReasonCode::WaitingForDecision, who));
        }
        RunStatus::Failed if reason == Some(ReasonCode::TimedOut) || asked.is_expired() => {
            let why = "nobody has answered in time";
            standing.reason = Some(StatusReason::new(ReasonCode::ApprovalExpired, why));
        }
        RunStatus::Failed if !asked.is_open() => {
            standing.reason = Some(StatusReason::new(ReasonCode::Rejected, "it was answered with no"));
        }
        _ => {}
    }
}

/// What the run does not say of itself, but what belongs to it does.
fn explain(standing: &mut Standing, children: &[Child<'_>], status: &Value) {
    let all = || children.iter().map(|child| &child.standing);
    match standing.status {
        // Where only the machinery has failed, the run has not failed by its work.
        RunStatus::Failed => {
            let mut bad = all().filter(|standing| standing.status.is_bad());
            let first = bad.next();
            if let Some(first) = first.filter(|first| first.status == RunStatus::Errored)
                && bad.all(|other| other.status == RunStatus::Errored)
            {
                standing.status = RunStatus::Errored;
                standing.reason.clone_from(&first.reason);
            }
            let by_people = [ReasonCode::Rejected, ReasonCode::ApprovalExpired];
            let said = all().filter_map(|standing| standing.reason.as_ref()).find(|why| by_people.contains(&why.code));
            if standing.status == RunStatus::Failed && !standing.has_timed_out() {
                standing.reason = said.cloned().or_else(|| ran_out(children, status)).or(standing.reason.take());
            }
        }
        // Nothing works, and something waits.
        RunStatus::Running | RunStatus::Queued => {
            let now: BTreeSet<&str> = all().map(|standing| standing.status.name()).collect();
            let waits = [RunStatus::WaitingForApproval, RunStatus::WaitingForCredential];
            let waiting = waits.into_iter().find(|wait| now.contains(wait.name()));
            if let Some(wait) = waiting.filter(|_| !now.contains(RunStatus::Running.name())) {
                standing.status = wait;
                standing.reason = all().find(|one| one.status == wait).and_then(|one| one.reason.clone());
            } else if !now.contains(RunStatus::Running.name())
                && let Some(stuck) = children.iter().find(|child| is_stuck(&child.object.data["status"]))
            {
                standing.reason.clone_from(&stuck.standing.reason);
            }
        }
        _ => {}
    }
}

/// What says that a run has failed by a time limit alone, of all tasks, of the last ones or of a task: the run itself only says that
/// something has failed, or was left out.
fn ran_out(children: &[Child<'_>], status: &Value) -> Option<StatusReason> {
    let mut bad = children.iter().map(|child| &child.standing).filter(|standing| standing.status.is_bad());
    let first = bad.next();
    if first.is_some_and(|first| !first.has_timed_out()) || bad.any(|other| !other.has_timed_out()) {
        return None;
    }
    let mut skipped = status["skippedTasks"].as_array().into_iter().flatten().filter_map(|it| it["reason"].as_str());
    let left_out =
        || skipped.find(|words| is_timeout(words)).map(|words| StatusReason::new(ReasonCode::TimedOut, shorten(words)));
    first.and_then(|first| first.reason.clone()).or_else(left_out)
}

/// Whether a task was left out since a time limit was over, by Tekton's words.
fn is_timeout(words: &str) -> bool {
    words.contains("imeout has been reached")
}

/// The stage of a task, and those of its variants.
fn stage(task: &Task, children: &[&Child<'_>], status: &Value, run: &Standing, stages: &mut Vec<StageObservation>) {
    let kind = match (task.is_matrix, task.runner, task.is_finally) {
        (true, ..) => StageKind::Matrix,
        (false, Runner::Gate, _) => StageKind::Approval,
        (false, _, true) => StageKind::Finally,
        (false, _, false) => StageKind::Work,
    };
    let key = StageKey::from(task.name.clone());
    let needs = task.needs.iter().map(|name| StageKey::from(name.clone())).collect();
    let now = match children {
        [] => absent(task, status, run),
        [only] if !task.is_matrix => only.standing.clone(),
        all => together(all, run),
    };
    let mut own = empty(key.clone(), task.name.clone(), kind, now, stages);
    own.depends_on = needs;
    if let ([only], false) = (children, task.is_matrix) {
        detail(&mut own, only);
    }
    stages.push(own);
    if !task.is_matrix {
        return;
    }
    for child in children {
        let name = format!("{} {}", task.name, child.variant(task));
        let mut variant = empty(child.key(task), name, StageKind::Work, child.standing.clone(), stages);
        variant.parent = Some(key.clone());
        detail(&mut variant, child);
        stages.push(variant);
    }
}

/// The stage of a task that does not run again, and those of its variants.
fn reused(name: &str, needs: &[String], done: &Done, repeats: &Repeats, stages: &mut Vec<StageObservation>) {
    let why = format!("the result of build {} was reused", repeats.build);
    let now = Standing {
        status: done.status,
        reason: Some(StatusReason::new(ReasonCode::Reused, why)),
        started_at: None,
        finished_at: None,
    };
    let mut own = empty(StageKey::from(name), name.to_owned(), done.kind, now.clone(), stages);
    own.depends_on = needs.iter().map(|name| StageKey::from(name.clone())).collect();
    stages.push(own);
    for (place, variant) in &done.variants {
        let key = StageKey::from(format!("{name}/{place}"));
        let mut own = empty(key, variant.clone(), StageKind::Work, now.clone(), stages);
        own.parent = Some(StageKey::from(name));
        stages.push(own);
    }
}

/// A stage of which nothing is known but how it stands. It comes behind those that are there.
fn empty(key: StageKey, name: String, kind: StageKind, now: Standing, stages: &[StageObservation]) -> StageObservation {
    StageObservation {
        key,
        name,
        kind,
        status: now.status,
        reason: now.reason,
        parent: None,
        depends_on: Vec::new(),
        position: u32::try_from(stages.len()).unwrap_or(u32::MAX),
        queued_at: None,
        started_at: now.started_at,
        finished_at: now.finished_at,
        paused: None,
        attempts: Vec::new(),
        environment: None,
        namespace: None,
        url: None,
        agent: None,
    }
}

/// What is only known of a stage that has one child.
fn detail(stage: &mut StageObservation, child: &Child<'_>) {
    // A question is no try at anything: it waits for people, and does nothing else.
    if stage.kind == StageKind::Approval {
        stage.paused = stage.started_at.map(Paused::Since);
    } else {
        stage.attempts = child.attempts();
    }
    stage.agent = child.object.data["status"]["podName"].as_str().map(str::to_owned);
    // A deployment is on its way as soon as something carries it out.
    stage.queued_at = child.object.metadata.creation_timestamp.as_ref().and_then(alm_kubernetes::timestamp);
}

/// A task that has no task run.
fn absent(task: &Task, status: &Value, run: &Standing) -> Standing {
    let skipped =
        status["skippedTasks"].as_array().into_iter().flatten().find(|known| known["name"] == task.name.as_str());
    let (now, reason) = match skipped {
        Some(skipped) => {
            let words = skipped["reason"].as_str().unwrap_or("Tekton left it out");
            let words: String = words.chars().take(500).collect();
            (RunStatus::Skipped, Some(StatusReason::new(skipped_for(&words, run), words)))
        }
        // It has run, and somebody has tidied its task run away.
        None if run.status.is_terminal() && has_run(task, status) => {
            let why = "its task run is gone from the cluster, and with it what is known of it";
            let now = if run.status == RunStatus::Succeeded { RunStatus::Succeeded } else { RunStatus::Errored };
            (now, Some(StatusReason::new(ReasonCode::Lost, why)))
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

/// Whether something has carried a task out, by what the run remembers.
fn has_run(task: &Task, status: &Value) -> bool {
    let mut children = status["childReferences"].as_array().into_iter().flatten();
    children.any(|child| child["pipelineTaskName"] == task.name.as_str())
}

/// What it means that Tekton has left a task out: it says so of what was not to run, and of what never came to run.
fn skipped_for(words: &str, run: &Standing) -> ReasonCode {
    match words {
        "When Expressions evaluated to false"
        | "Parent Tasks were skipped"
        | "Matrix Parameters have an empty array" => ReasonCode::ConditionNotMet,
        _ if run.status == RunStatus::Cancelled || words.starts_with("PipelineRun was gracefully") => {
            ReasonCode::CancelledByUser
        }
        _ if is_timeout(words) => ReasonCode::TimedOut,
        _ => ReasonCode::DependencyFailed,
    }
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
