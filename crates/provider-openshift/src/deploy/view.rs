//! A deployment, as a run.

use alm_build_spi::RunSnapshot;
use alm_domain::{
    BuildShape, Capability, CapabilityNote, LogLine, LogStream, Observation, RunObservation, RunStatus, StageAttempt,
    StageKey, StageKind, StageObservation,
};

use super::{
    Record, Step,
    record::{Part, PartState},
};

/// What a follower was told of a deployment.
#[derive(Debug, Default)]
pub(crate) struct Told {
    run: Option<RunObservation>,
    stages: Vec<StageObservation>,
    without: bool,
    cancel: bool,
}

impl Told {
    /// What is new about it. `lines` of it were told before; how many it is then.
    pub(crate) fn news(&mut self, record: &Record, lines: usize) -> (Vec<Observation>, usize) {
        let mut news = Vec::new();
        if !std::mem::replace(&mut self.without, true) {
            news.push(Observation::Without(without()));
        }
        if record.is_cancelled && !std::mem::replace(&mut self.cancel, true) {
            news.push(Observation::CancelDelivered);
        }
        let said: Vec<LogLine> = log(record).skip(lines).collect();
        let lines = lines.max(record.said.len());
        if !said.is_empty() {
            news.push(Observation::Lines(said));
        }
        let stages = stages(record);
        let changed: Vec<_> = stages.iter().filter(|stage| !self.stages.contains(stage)).cloned().collect();
        if !changed.is_empty() {
            news.push(Observation::Stages(changed));
            self.stages = stages;
        }
        // The end is told once all else is.
        let run = run(record);
        if self.run.as_ref() != Some(&run) {
            news.push(Observation::Run(run.clone()));
            self.run = Some(run);
        }
        (news, lines)
    }
}

/// All of it.
pub(crate) fn snapshot(record: &Record) -> RunSnapshot {
    RunSnapshot { run: run(record), stages: stages(record), approvals: Vec::new(), without: without() }
}

/// What was done, as a log.
pub(crate) fn log(record: &Record) -> impl Iterator<Item = LogLine> {
    record.said.iter().map(|said| LogLine {
        stage: Some(key(said.part)),
        attempt: 1,
        stream: LogStream::System,
        at: Some(said.at),
        text: said.text.clone(),
        continued: false,
    })
}

fn run(record: &Record) -> RunObservation {
    let ended = record.ending.as_ref();
    let (status, reason) = match (record.step, ended) {
        (Step::Over, Some(ending)) => (ending.status, Some(ending.reason.clone())),
        (Step::Over, None) => (RunStatus::Succeeded, None),
        _ if record.is_cancelled => (RunStatus::Cancelling, None),
        _ if record.tag.started_at.is_none() => (RunStatus::Queued, None),
        // It goes on until what ran before is back.
        (_, ended) => (RunStatus::Running, ended.map(|ending| ending.reason.clone())),
    };
    RunObservation {
        status,
        reason,
        shape: Some(BuildShape::Pipeline),
        commit: record.commit.clone(),
        started_at: record.tag.started_at,
        finished_at: record.rollout.finished_at.or(record.tag.finished_at).filter(|_| status.is_terminal()),
        external_url: None,
    }
}

fn stages(record: &Record) -> Vec<StageObservation> {
    let tag = stage(record, Part::Tag, &record.tag);
    let rollout = stage(record, Part::Rollout, &record.rollout);
    vec![tag, StageObservation { depends_on: vec![key(Part::Tag)], url: record.url.clone(), ..rollout }]
}

fn stage(record: &Record, part: Part, state: &PartState) -> StageObservation {
    let status = match state.status {
        RunStatus::Running if record.is_cancelled => RunStatus::Cancelling,
        status => status,
    };
    let attempt = StageAttempt {
        number: 1,
        status,
        reason: state.reason.clone(),
        started_at: state.started_at,
        finished_at: state.finished_at,
    };
    let (name, position) = match part {
        Part::Tag => ("tag", 0),
        Part::Rollout => ("rollout", 1),
    };
    StageObservation {
        key: key(part),
        name: name.to_owned(),
        kind: StageKind::Work,
        status,
        reason: state.reason.clone(),
        parent: None,
        depends_on: Vec::new(),
        position,
        queued_at: Some(record.asked_at),
        started_at: state.started_at,
        finished_at: state.finished_at,
        paused: None,
        attempts: if state.started_at.is_some() { vec![attempt] } else { Vec::new() },
        environment: Some(record.to.environment.clone()),
        namespace: None,
        url: None,
        agent: None,
    }
}

fn key(part: Part) -> StageKey {
    StageKey::from(match part {
        Part::Tag => "tag",
        Part::Rollout => "rollout",
    })
}

fn without() -> Vec<CapabilityNote> {
    vec![CapabilityNote { capability: Capability::Approvals, reason: "a deployment asks nothing".to_owned() }]
}
