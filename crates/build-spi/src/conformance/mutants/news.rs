//! What broken providers tell their followers.

use alm_domain::{
    ApprovalStatus, BuildShape, LogStream, ReasonCode, RunObservation, RunStatus, StageKey, StageKind,
    StageObservation, StatusReason, Step,
};

use super::Mutant;
use crate::{Observation, RunRef};

/// What becomes of one observation.
pub(super) fn twist(mutant: Mutant, run: &RunRef, mut told: Observation) -> Vec<Observation> {
    match (&mut told, mutant) {
        (Observation::Complete, Mutant::NoComplete) => return Vec::new(),
        (Observation::Complete, Mutant::CompleteTwice) => return vec![told.clone(), told],
        (Observation::Run(news), Mutant::IllegalTransition) if news.status == RunStatus::Running => {
            return vec![told.clone(), Observation::Run(RunObservation::status(RunStatus::Queued)), told];
        }
        (Observation::Stages(stages), Mutant::StageGoesBack) if stages.iter().any(is_over) => {
            let mut back = stages.clone();
            back.iter_mut().for_each(|stage| stage.status = RunStatus::Running);
            return vec![told.clone(), Observation::Stages(back), told];
        }
        (Observation::Run(news), Mutant::FailureToldAsSuccess) if has_reason(news, ReasonCode::CommandFailed) => {
            (news.status, news.reason) = (RunStatus::Succeeded, None);
        }
        (Observation::Run(news), Mutant::PlainShapeUnknown) if news.shape == Some(BuildShape::Plain) => {
            news.shape = Some(BuildShape::Unknown);
        }
        (Observation::Run(news), Mutant::PlainWithStage)
            if news.status.is_terminal() && news.shape == Some(BuildShape::Plain) =>
        {
            return vec![Observation::Stages(vec![main_stage(RunStatus::Succeeded)]), told];
        }
        (Observation::Run(news), Mutant::PipelineWithSteps)
            if news.status.is_terminal() && news.shape == Some(BuildShape::Pipeline) =>
        {
            let step =
                Step { name: "only".to_owned(), group: None, started_at: None, finished_at: None, exit_code: None };
            return vec![Observation::Steps(vec![step]), told];
        }
        (Observation::Steps(steps), Mutant::StepRunsBackwards) => {
            steps.iter_mut().for_each(|step| std::mem::swap(&mut step.started_at, &mut step.finished_at));
        }
        (Observation::Steps(steps), Mutant::StepWithoutName) => steps.iter_mut().for_each(|step| step.name.clear()),
        (Observation::Run(news), Mutant::CancelToldAsFailure)
            if news.status == RunStatus::Cancelled && news.started_at.is_some() =>
        {
            news.status = RunStatus::Failed;
        }
        (Observation::Run(news), Mutant::LossIsNotSaid) if has_reason(news, ReasonCode::Interrupted) => {
            news.reason = Some(StatusReason::new(ReasonCode::Other, "it ended somehow"));
        }
        (Observation::Approval(news), Mutant::ApprovalReceiptMissing) if news.status == ApprovalStatus::Approved => {
            return Vec::new();
        }
        (Observation::Artifact(artifact), Mutant::ArtifactHashWrong) => artifact.sha256 = "0".repeat(64),
        (Observation::Stages(stages), _) => {
            stages.retain_mut(|stage| twist_stage(mutant, run, stage));
            if stages.is_empty() {
                return Vec::new();
            }
        }
        (Observation::Lines(lines), _) => {
            match mutant {
                Mutant::GapHidden => lines.retain(|line| line.stream != LogStream::Gap),
                Mutant::StageLogLost => lines.iter_mut().for_each(|line| line.stage = None),
                Mutant::StreamsMixed => {
                    let errors = lines.iter_mut().filter(|line| line.stream == LogStream::Stderr);
                    errors.for_each(|line| line.stream = LogStream::Stdout);
                }
                Mutant::LineWithoutTime => {
                    lines.iter_mut().filter(|line| line.text == "two").for_each(|line| line.at = None);
                }
                Mutant::KeysChangePerBuild => {
                    lines.iter_mut().filter_map(|line| line.stage.as_mut()).for_each(|key| rename(key, run));
                }
                _ => {}
            }
            if lines.is_empty() {
                return Vec::new();
            }
        }
        _ => {}
    }
    vec![told]
}

/// What becomes of a stage; whether it is told at all.
pub(super) fn twist_stage(mutant: Mutant, run: &RunRef, stage: &mut StageObservation) -> bool {
    let name = stage.name.clone();
    match (mutant, name.as_str()) {
        (Mutant::StageLeftOpen, "last") => return !stage.status.is_terminal(),
        (Mutant::KeysChangePerBuild, _) => {
            rename(&mut stage.key, run);
            stage.depends_on.iter_mut().for_each(|key| rename(key, run));
        }
        (Mutant::ParentMissing, "last") => stage.parent = Some("ghost".into()),
        (Mutant::DependencyMissing, "last") => stage.depends_on.push("ghost".into()),
        (Mutant::CyclicDependsOn, "early") => stage.depends_on.push("late".into()),
        (Mutant::PlansLate, _) => return stage.status != RunStatus::Planned,
        (Mutant::SerializesParallel, "right") => stage.depends_on.push("left".into()),
        (Mutant::FlattensNesting, "inner-one" | "inner-two") => stage.parent = None,
        (Mutant::LateStageWithoutPlace, "late") => stage.depends_on.clear(),
        _ => {}
    }
    true
}

/// A stage that a plain build should not have.
pub(super) fn main_stage(status: RunStatus) -> StageObservation {
    StageObservation {
        key: "main".into(),
        name: "main".to_owned(),
        kind: StageKind::Work,
        status,
        reason: None,
        parent: None,
        depends_on: Vec::new(),
        position: 0,
        queued_at: None,
        started_at: None,
        finished_at: None,
        paused: None,
        attempts: Vec::new(),
        environment: None,
        namespace: None,
        url: None,
        agent: None,
    }
}

fn rename(key: &mut StageKey, run: &RunRef) {
    if key.as_str() == "last" {
        *key = format!("last of {}", run.0).into();
    }
}

fn is_over(stage: &StageObservation) -> bool {
    stage.status.is_terminal()
}

fn has_reason(news: &RunObservation, code: ReasonCode) -> bool {
    news.reason.as_ref().is_some_and(|reason| reason.code == code)
}
