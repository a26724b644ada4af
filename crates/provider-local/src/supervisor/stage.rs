//! One stage, from its first attempt to its end.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use alm_domain::{
    LogLine, Observation, ParameterValue, ReasonCode, RunStatus, StageAttempt, StageKey, StatusReason, Timestamp,
};

use super::{
    artifacts::CollectError,
    environment::{self, Desk},
    isolation::{Bare, wrap},
    plan::Ended,
    secrets::LaidOut,
    site::Site,
    step::{Exit, StepEnd, StepSpec, Stop, StopReason, Stopped, run},
};
use crate::{
    definition::{StageDefinition, Step, Work},
    source::block_on,
};

/// A disk with fewer bytes is full.
const FULL: u64 = 64 * 1024;

/// A stage that is to run now.
#[derive(Debug)]
pub(crate) struct Unit {
    /// Where it stands in the plan; makes the names of its files.
    pub(crate) at: usize,
    pub(crate) definition: StageDefinition,
    /// Whether it is a stage that is shown, or the whole of a plain build.
    pub(crate) is_shown: bool,
    /// What was given with the decision that let it run.
    pub(crate) inputs: Vec<ParameterValue>,
    /// Stages whose artifacts it finds in its work tree.
    pub(crate) builds_on: Vec<StageKey>,
}

impl Unit {
    fn key(&self) -> Option<&StageKey> {
        self.is_shown.then_some(&self.definition.key)
    }
}

/// How an attempt ended.
type Outcome = (RunStatus, Option<StatusReason>);

/// Runs a stage with all of its attempts, and tells what happens to it.
pub(crate) fn run_stage(site: &Site, unit: &Unit, stop: &Stop) -> Ended {
    let attempts = unit.definition.retry.max.saturating_add(1);
    let mut outcome: Outcome = (RunStatus::Cancelled, None);
    for number in 1..=attempts {
        begin(site, unit, number);
        outcome = attempt(site, unit, number, stop);
        end(site, unit, number, &outcome);
        let again = matches!(outcome.0, RunStatus::Failed | RunStatus::Errored)
            && outcome.1.as_ref().is_none_or(|reason| reason.code != ReasonCode::RuntimeUnavailable);
        if !again || number == attempts || stop.reason().is_some() {
            break;
        }
        let delay = unit.definition.retry.delay;
        let text = format!("attempt {number} of {attempts} failed; the next one begins in {} s", delay.as_secs());
        site.board.say(unit.key(), number, &text);
        stop.wait(delay);
        if let Some(reason) = stop.reason() {
            outcome = stopped(reason);
            break;
        }
    }
    let (mut status, mut reason) = outcome;
    if unit.definition.allow_failure && status == RunStatus::Failed && stop.reason().is_none() {
        status = RunStatus::Unstable;
        reason = reason.map(|r| StatusReason::new(r.code, format!("{} (the stage may fail)", r.message)));
    }
    site.board.update(&unit.definition.key, |stage, now| {
        stage.status = status;
        stage.reason.clone_from(&reason);
        stage.finished_at = Some(now);
    });
    Ended::new(status, reason)
}

fn begin(site: &Site, unit: &Unit, number: u32) {
    site.board.update(&unit.definition.key, |stage, now| {
        stage.status = RunStatus::Running;
        stage.reason = None;
        stage.queued_at.get_or_insert(now);
        stage.started_at.get_or_insert(now);
        let status = RunStatus::Running;
        stage.attempts.push(StageAttempt { number, status, reason: None, started_at: Some(now), finished_at: None });
    });
}

fn end(site: &Site, unit: &Unit, number: u32, outcome: &Outcome) {
    site.board.update(&unit.definition.key, |stage, now| {
        if let Some(attempt) = stage.attempts.iter_mut().find(|attempt| attempt.number == number) {
            attempt.status = outcome.0;
            attempt.reason.clone_from(&outcome.1);
            attempt.finished_at = Some(now);
        }
    });
}

fn attempt(site: &Site, unit: &Unit, number: u32, stop: &Stop) -> Outcome {
    let Some(work) = &unit.definition.work else { return (RunStatus::Succeeded, None) };
    let tree = site.desk.trees.join(format!("{}-{number}", unit.at));
    let outcome = lay_out(site, unit, &tree, stop).and_then(|directory| {
        let token = lay_token(site, unit, number)?;
        let outcome = at_work(site, unit, work, number, stop, (&tree, &directory), token.as_ref());
        Ok(with_ended_token(outcome, unit, token.as_ref(), site.board.now()))
    });
    let outcome = outcome.unwrap_or_else(|outcome| outcome);
    if let Err(cause) = crate::keep::remove_tree(&tree) {
        site.board
            .warn("WORK_TREE_LEFT", format!("the work tree of {:?} cannot be removed: {cause}", unit.definition.name));
    }
    outcome
}

/// The work tree with everything that the stage finds in it; the folder that its steps run in.
fn lay_out(site: &Site, unit: &Unit, tree: &Path, stop: &Stop) -> Result<PathBuf, Outcome> {
    let errored = |code, message: String| (RunStatus::Errored, Some(StatusReason::new(code, message)));
    match block_on(site.source.checkout(&site.fetched, tree), || stop.reason().is_some()) {
        Ok(Some(())) => {}
        Ok(None) => return Err(stop.reason().map_or((RunStatus::Cancelled, None), stopped)),
        Err(cause) => return Err(errored(ReasonCode::SourceUnavailable, cause.message)),
    }
    let directory = match &site.request.spec.repository.directory {
        Some(directory) => tree.join(directory),
        None => tree.to_owned(),
    };
    let inside = directory.canonicalize().ok().zip(tree.canonicalize().ok()).is_some_and(|(d, t)| d.starts_with(t));
    if !inside || !directory.is_dir() {
        let shown = site.request.spec.repository.directory.as_deref().unwrap_or("/");
        let message = format!("the commit has no folder {shown:?}: correct the repository's directory");
        return Err((RunStatus::Failed, Some(StatusReason::new(ReasonCode::SourceUnavailable, message))));
    }
    let stages: Vec<&StageKey> = unit.builds_on.iter().collect();
    site.artifacts
        .lay_in(&directory, &stages)
        .map_err(|cause| errored(ReasonCode::Other, format!("cannot lay the artifacts in: {cause}")))?;
    Ok(directory)
}

/// The token of the stage's environment in a folder of its own; `None` where it has none.
fn lay_token(site: &Site, unit: &Unit, number: u32) -> Result<Option<LaidOut>, Outcome> {
    let errored = |cause: io::Error| {
        let message = format!("cannot hand the token of the environment over: {cause}");
        (RunStatus::Errored, Some(StatusReason::new(ReasonCode::Other, message)))
    };
    let Some(environment) = unit.definition.environment.as_deref() else { return Ok(None) };
    let Some((token, gaps)) = site.secrets.token(&site.run, environment).map_err(errored)? else { return Ok(None) };
    site.board.warn_of_gaps(&gaps);
    let folder = site.desk.tokens.join(format!("{}-{number}", unit.at));
    LaidOut::put(&folder, environment, &token).map(Some).map_err(errored)
}

/// A stage that failed after its token had ended says so: that is the likely cause, and somebody can do something about it.
fn with_ended_token(outcome: Outcome, unit: &Unit, token: Option<&LaidOut>, now: Timestamp) -> Outcome {
    let ended = token.and_then(|token| token.expires_at).filter(|end| *end <= now);
    match (outcome, ended, &unit.definition.environment) {
        ((RunStatus::Failed, Some(reason)), Some(end), Some(environment)) => {
            let end = end.format("%Y-%m-%d %H:%M:%S UTC");
            let message = format!("{}; the token of the environment {environment:?} ended at {end}", reason.message);
            (RunStatus::Failed, Some(StatusReason::new(ReasonCode::Credential, message)))
        }
        (outcome, ..) => outcome,
    }
}

fn at_work(
    site: &Site,
    unit: &Unit,
    work: &Work,
    number: u32,
    stop: &Stop,
    (tree, directory): (&Path, &Path),
    token: Option<&LaidOut>,
) -> Outcome {
    let deadline = unit.definition.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut outcome = (RunStatus::Succeeded, None);
    for (index, step) in work.steps.iter().enumerate() {
        outcome = run_step(site, unit, work, (index, step), number, stop, deadline, (tree, directory), token);
        if outcome.0 != RunStatus::Succeeded {
            break;
        }
    }
    if let Some(artifacts) = &work.artifacts
        && (outcome.0 == RunStatus::Succeeded || artifacts.always && stop.reason().is_none())
        && let Some(failed) = keep(site, unit, number, directory, &artifacts.paths)
        && outcome.0 == RunStatus::Succeeded
    {
        return failed;
    }
    outcome
}

#[expect(clippy::too_many_arguments, reason = "one step, with all that is around it")]
fn run_step(
    site: &Site,
    unit: &Unit,
    work: &Work,
    (index, step): (usize, &Step),
    number: u32,
    stop: &Stop,
    deadline: Option<Instant>,
    (tree, directory): (&Path, &Path),
    token: Option<&LaidOut>,
) -> Outcome {
    let errored = |code, message: String| (RunStatus::Errored, Some(StatusReason::new(code, message)));
    let script = site.desk.scripts.join(format!("{}-{number}-{}.sh", unit.at, index + 1));
    if let Err(cause) = fs::write(&script, &step.run) {
        return errored(ReasonCode::Other, format!("cannot write the step's script: {cause}"));
    }
    let secrets = site.run.secrets();
    let desk = Desk { home: &site.desk.home, temporary: &site.desk.temporary, secrets: &secrets };
    let mut env = environment::of_build(&site.request, &site.fetched.sha, &desk, &site.secrets.names);
    env.extend(environment::of_inputs(&site.parameters));
    env.extend(site.env.clone());
    env.extend(work.env.clone());
    env.extend(environment::of_inputs(&unit.inputs));
    env.extend(step.env.clone());
    environment::of_attempt(&mut env, unit.key(), number, unit.definition.environment.as_deref());
    let mut readable = vec![site.desk.scripts.as_path()];
    if !site.secrets.names.is_empty() {
        readable.push(&secrets);
    }
    if let Some(token) = token {
        env.insert(token.variable.clone(), token.file.to_string_lossy().into_owned());
        readable.push(&token.folder);
    }
    let bare = Bare {
        shell: &site.request.options.shell,
        script: &script,
        env: &env,
        directory,
        writable: &[tree, &site.desk.home, &site.desk.temporary],
        readable: &readable,
        hidden: &site.request.places.hidden,
        name: &format!("alm-{}-{}-{number}-{}", site.request.build, unit.at, index + 1),
        env_file: &script.with_extension("env"),
    };
    let wrapped = match wrap(&bare, work.image.as_deref(), site.request.options.isolation) {
        Ok(wrapped) => wrapped,
        Err(reason) => {
            site.board.say(unit.key(), number, &reason.message);
            return (RunStatus::Errored, Some(reason));
        }
    };
    let spec = StepSpec {
        command: wrapped.command,
        env: wrapped.env,
        directory: directory.to_owned(),
        limits: site.request.options.limits,
        stop_command: wrapped.stop_command,
    };
    let attempt = if unit.is_shown { number } else { 0 };
    let ended = run(&spec, &site.leading, &site.secrets.masks(), stop, deadline, |stream, piece| {
        let mut board = site.board.lock();
        let at = Some(board.now());
        let stage = unit.key().cloned();
        board.journal.line(LogLine { stage, attempt, stream, at, text: piece.text, continued: piece.continued });
    });
    let shown = format!("step {} `{}`", index + 1, name_of(step));
    match ended {
        Ok(end) => with_full_disk(meaning(&end, &shown, unit, work.image.is_some()), tree),
        Err(cause) => errored(ReasonCode::Other, format!("{shown} cannot be started: {cause}")),
    }
}

fn meaning(end: &StepEnd, shown: &str, unit: &Unit, in_container: bool) -> Outcome {
    let reason = |code, message: String| Some(StatusReason::new(code, message));
    match (end.stopped, &end.exit) {
        (None, Exit::Code(0)) => (RunStatus::Succeeded, None),
        (Some(Stopped::By(why)), _) => stopped(why),
        (Some(Stopped::TimedOut), _) => {
            let limit = unit.definition.timeout.unwrap_or_default().as_secs();
            (RunStatus::Failed, reason(ReasonCode::TimedOut, format!("{shown} was stopped: the stage has {limit} s")))
        }
        (None, Exit::Code(125)) if in_container => (
            RunStatus::Errored,
            reason(
                ReasonCode::RuntimeUnavailable,
                format!("{shown}: the container engine could not start the image; its own words are in the log"),
            ),
        ),
        (None, Exit::Code(code)) => {
            (RunStatus::Failed, reason(ReasonCode::CommandFailed, format!("{shown} ended with status {code}")))
        }
        (None, Exit::Signal(signal)) => {
            (RunStatus::Failed, reason(ReasonCode::CommandFailed, format!("{shown} was killed by signal {signal}")))
        }
        (None, Exit::TooManyProcesses(most)) => {
            let message = format!("{shown} was stopped: it had more than {most} processes (limits.processes)");
            (RunStatus::Failed, reason(ReasonCode::LimitExceeded, message))
        }
        (None, Exit::NotStarted(why)) => {
            (RunStatus::Errored, reason(ReasonCode::RuntimeUnavailable, format!("{shown} cannot be run: {why}")))
        }
    }
}

/// A step that failed on a full disk says so: the command's own words may be far up in the log, or missing.
fn with_full_disk(outcome: Outcome, tree: &Path) -> Outcome {
    let is_full = || rustix::fs::statvfs(tree).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < FULL);
    match outcome {
        (RunStatus::Failed, Some(reason)) if reason.code == ReasonCode::CommandFailed && is_full() => {
            let message = format!("{}; the disk of the work trees is full", reason.message);
            (RunStatus::Failed, Some(StatusReason::new(ReasonCode::LimitExceeded, message)))
        }
        outcome => outcome,
    }
}

fn stopped(reason: StopReason) -> Outcome {
    match reason {
        StopReason::Cancelled => (RunStatus::Cancelled, Some(super::conductor::cancelled())),
        StopReason::BuildTimedOut => (RunStatus::Failed, Some(super::conductor::timed_out())),
    }
}

/// Keeps the artifacts; gives how the stage ends when that fails.
fn keep(site: &Site, unit: &Unit, number: u32, directory: &Path, patterns: &[String]) -> Option<Outcome> {
    let number = if unit.is_shown { number } else { 0 };
    match site.artifacts.collect(directory, patterns, unit.key()) {
        Ok(collected) => {
            if collected.kept.is_empty() {
                site.board.say(unit.key(), number, &format!("artifacts: nothing fits {}", patterns.join(", ")));
            }
            for left_out in &collected.left_out {
                site.board.say(unit.key(), number, &format!("artifacts: {left_out}"));
                site.board.warn("ARTIFACT_NOT_KEPT", left_out.as_str());
            }
            let told: Vec<_> = collected.kept.into_iter().map(Observation::Artifact).collect();
            told.chunks(100).for_each(|told| site.board.lock().journal.tell(told.to_vec(), false));
            None
        }
        Err(CollectError::Limit(message)) => {
            Some((RunStatus::Failed, Some(StatusReason::new(ReasonCode::LimitExceeded, message))))
        }
        Err(cause @ CollectError::Io(_)) => {
            Some((RunStatus::Errored, Some(StatusReason::new(ReasonCode::Other, cause.to_string()))))
        }
    }
}

fn name_of(step: &Step) -> String {
    let line = step.run.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    alm_domain::shorten(step.name.as_deref().unwrap_or(line))
}
