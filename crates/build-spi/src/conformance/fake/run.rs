//! A run of the fake: its ledger, and the interpreter that fills it from a script.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use alm_domain::{
    ApprovalKey, ApprovalObservation, ApprovalStatus, Artifact, BuildId, LogLine, LogStream, Observation,
    ParameterDefinition, ParameterValue, ReasonCode, RunObservation, RunStatus, StageAttempt, StageKey,
    StageObservation, StatusReason, Timestamp,
};
use sha2::{Digest, Sha256};

use super::{
    StageSpec,
    script::{Script, Step},
};
use crate::{BuildConfigSpec, ConfigRef, LogPosition, NamedSecret, PositionedLine, RunRef, RunSnapshot, SecretReach};

/// What a follower is told, one at a time.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Told(Box<Observation>),
    Line(usize),
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hold {
    Signal(String),
    Decision(ApprovalKey),
    /// The token of the environment with this name.
    Token(String),
    /// Cancelled, and taking its time about it.
    Lingering,
    Ended,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) name: RunRef,
    pub(crate) build: Option<BuildId>,
    pub(crate) config: ConfigRef,
    pub(crate) spec: BuildConfigSpec,
    pub(crate) parameters: Vec<ParameterValue>,
    pub(crate) created_at: Timestamp,
    pub(crate) state: RunObservation,
    pub(crate) stages: Vec<StageObservation>,
    pub(crate) approvals: Vec<ApprovalObservation>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) ledger: Vec<Entry>,
    pub(crate) lines: Vec<LogLine>,
    pub(crate) hold: Option<Hold>,
    pub(crate) cancelled: bool,
    pub(crate) released: bool,
    pub(crate) purged: bool,
    pub(crate) forgotten: bool,
    pub(crate) reused: BTreeSet<StageKey>,
    pub(crate) secrets: Vec<NamedSecret>,
    pub(crate) withheld: BTreeSet<String>,
    /// Whether a stage waits for a token that is missing or has ended; otherwise it fails.
    pub(crate) waits_for_tokens: bool,
    script: Script,
    steps: VecDeque<Step>,
}

impl Run {
    pub(crate) fn new(
        name: RunRef,
        build: Option<BuildId>,
        config: ConfigRef,
        spec: BuildConfigSpec,
        parameters: Vec<ParameterValue>,
        script: Script,
        now: Timestamp,
    ) -> Self {
        let mut run = Self {
            name,
            build,
            config,
            spec,
            parameters,
            created_at: now,
            state: RunObservation::status(RunStatus::Queued),
            stages: Vec::new(),
            approvals: Vec::new(),
            files: BTreeMap::new(),
            ledger: Vec::new(),
            lines: Vec::new(),
            hold: None,
            cancelled: false,
            released: false,
            purged: false,
            forgotten: false,
            reused: BTreeSet::new(),
            secrets: Vec::new(),
            withheld: BTreeSet::new(),
            waits_for_tokens: true,
            steps: script.steps.iter().cloned().collect(),
            script,
        };
        run.tell_run();
        run
    }

    /// Takes over stages of an earlier build; their part of the script is left out.
    pub(crate) fn reuse(&mut self, stages: Vec<StageObservation>, artifacts: Vec<(Artifact, Vec<u8>)>) {
        self.reused.extend(stages.iter().map(|stage| stage.key.clone()));
        for mut stage in stages {
            stage.reason = Some(StatusReason::new(ReasonCode::Reused, "taken over from the build that is repeated"));
            self.stages.push(stage);
        }
        let reused = self.reused.clone();
        self.take_over(artifacts.into_iter().filter(|(a, _)| a.stage.as_ref().is_some_and(|key| reused.contains(key))));
    }

    /// Takes over files of an earlier build.
    pub(crate) fn take_over(&mut self, artifacts: impl IntoIterator<Item = (Artifact, Vec<u8>)>) {
        for (artifact, content) in artifacts {
            self.files.insert(artifact.path.clone(), content);
            self.tell(Observation::Artifact(artifact));
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.hold == Some(Hold::Ended)
    }

    pub(crate) fn snapshot(&self) -> RunSnapshot {
        RunSnapshot {
            run: self.state.clone(),
            stages: self.stages.clone(),
            approvals: self.approvals.clone(),
            without: Vec::new(),
        }
    }

    pub(crate) fn lines_from(&self, from: LogPosition) -> Vec<PositionedLine> {
        let from = usize::try_from(from.0).unwrap_or(usize::MAX);
        let numbered = self.lines.iter().zip(1..).skip(from);
        numbered.map(|(line, next)| PositionedLine { next: LogPosition(next), line: line.clone() }).collect()
    }

    /// Runs the script up to the first place where it has to wait. `take` takes a signal, if it was given.
    pub(crate) fn advance(&mut self, now: &dyn Fn() -> Timestamp, take: &mut dyn FnMut(&str) -> bool) {
        loop {
            match &self.hold {
                Some(Hold::Signal(name)) if take(name) => self.hold = None,
                Some(Hold::Lingering) if take("") => return self.end(RunStatus::Cancelled, Some(by_user()), now),
                Some(_) => return,
                None => {}
            }
            match self.steps.pop_front() {
                Some(step) => self.step(step, now),
                None => self.end(RunStatus::Succeeded, None, now),
            }
        }
    }

    pub(crate) fn cancel(&mut self, now: &dyn Fn() -> Timestamp) {
        if self.cancelled || self.has_ended() {
            return;
        }
        self.cancelled = true;
        self.steps.clear();
        self.tell(Observation::CancelDelivered);
        self.state.status = RunStatus::Cancelling;
        self.state.reason = Some(by_user());
        self.tell_run();
        self.withdraw();
        if self.script.lingers {
            self.hold = Some(Hold::Lingering);
        } else {
            self.end(RunStatus::Cancelled, Some(by_user()), now);
        }
    }

    /// Settles a question that is open, and goes on or fails accordingly.
    pub(crate) fn settle(&mut self, key: &ApprovalKey, status: ApprovalStatus, now: &dyn Fn() -> Timestamp) {
        let Some(approval) = self.approvals.iter_mut().find(|a| a.key == *key) else { return };
        approval.status = status;
        let (told, stage) = (approval.clone(), approval.stage.clone());
        self.tell(Observation::Approval(told));
        let refused = match status {
            ApprovalStatus::Rejected => Some((ReasonCode::Rejected, "somebody said no")),
            ApprovalStatus::Expired => Some((ReasonCode::ApprovalExpired, "nobody answered in time")),
            _ => None,
        };
        self.hold = None;
        if let Some((code, message)) = refused {
            return self.end(RunStatus::Failed, Some(StatusReason::new(code, message)), now);
        }
        self.change_stage(stage.as_ref(), |stage| (stage.status, stage.reason) = (RunStatus::Running, None));
        (self.state.status, self.state.reason) = (RunStatus::Running, None);
        self.tell_run();
    }

    /// Takes a token over; a stage that waits for it goes on. Without one, it goes on all the same.
    pub(crate) fn supply(&mut self, environment: &str, token: Option<NamedSecret>) {
        self.withheld.remove(environment);
        self.secrets.retain(|known| known.reach != SecretReach::Environment || known.name != environment);
        self.secrets.extend(token);
        if self.hold == Some(Hold::Token(environment.to_owned())) {
            self.hold = None;
            (self.state.status, self.state.reason) = (RunStatus::Running, None);
            self.tell_run();
        }
    }

    /// The environment of a stage whose token is withheld, or has ended.
    fn missing_token(&self, spec: &StageSpec, at: Timestamp) -> Option<String> {
        let environment = spec.environment.as_ref()?;
        let ended = |secret: &NamedSecret| {
            secret.reach == SecretReach::Environment
                && secret.name == *environment
                && secret.expires_at.is_some_and(|end| end <= at)
        };
        (self.withheld.contains(environment) || self.secrets.iter().any(ended)).then(|| environment.clone())
    }

    /// A stage whose token is missing waits for it, or fails for it.
    fn lack(&mut self, spec: StageSpec, environment: String, at: Timestamp, now: &dyn Fn() -> Timestamp) {
        let message = format!("the token of the environment {environment:?} is missing or has ended");
        let reason = StatusReason::new(ReasonCode::Credential, message);
        if !self.waits_for_tokens {
            self.change_stage(Some(&spec.key), |stage| {
                stage.started_at.get_or_insert(at);
                (stage.status, stage.reason) = (RunStatus::Failed, Some(reason.clone()));
                finish(stage, at);
            });
            return self.end(RunStatus::Failed, Some(reason), now);
        }
        self.change_stage(Some(&spec.key), |stage| {
            stage.queued_at.get_or_insert(at);
            (stage.status, stage.reason) = (RunStatus::WaitingForCredential, Some(reason.clone()));
        });
        (self.state.status, self.state.reason) = (RunStatus::WaitingForCredential, Some(reason));
        self.tell_run();
        self.steps.push_front(Step::Open(spec));
        self.hold = Some(Hold::Token(environment));
    }

    /// Names of the secrets that a stage is given.
    fn given(&self, stage: Option<&StageKey>) -> Vec<String> {
        let environment =
            self.stages.iter().find(|known| Some(&known.key) == stage).and_then(|s| s.environment.clone());
        let given = self.secrets.iter().filter(|secret| match secret.reach {
            SecretReach::Build => true,
            SecretReach::Environment => environment.as_ref() == Some(&secret.name),
        });
        given.map(|secret| secret.name.clone()).collect()
    }

    pub(crate) fn end(&mut self, status: RunStatus, reason: Option<StatusReason>, now: &dyn Fn() -> Timestamp) {
        if self.has_ended() {
            return;
        }
        let at = now();
        self.steps.clear();
        let mut changed = Vec::new();
        for stage in self.stages.iter_mut().filter(|stage| !stage.status.is_terminal()) {
            stage.status = if stage.started_at.is_some() { status } else { RunStatus::Skipped };
            stage.reason.clone_from(&reason);
            finish(stage, at);
            changed.push(stage.clone());
        }
        if !changed.is_empty() {
            self.tell(Observation::Stages(changed));
        }
        self.withdraw();
        (self.state.status, self.state.reason, self.state.finished_at) = (status, reason, Some(at));
        self.state.shape.get_or_insert(self.script.shape());
        self.tell_run();
        self.tell(Observation::Complete);
        self.hold = Some(Hold::Ended);
    }

    pub(crate) fn write(&mut self, stage: Option<StageKey>, stream: LogStream, text: String, at: Timestamp) {
        let attempt = u32::from(stage.is_some());
        self.ledger.push(Entry::Line(self.lines.len()));
        self.lines.push(LogLine { stage, attempt, stream, at: Some(at), text, continued: false });
    }

    pub(crate) fn tell(&mut self, observation: Observation) {
        self.ledger.push(Entry::Told(Box::new(observation)));
    }

    /// Takes back what nobody has answered.
    fn withdraw(&mut self) {
        let open = self.approvals.iter_mut().filter(|approval| !approval.status.is_settled());
        let withdrawn: Vec<_> = open
            .map(|approval| {
                approval.status = ApprovalStatus::Withdrawn;
                approval.clone()
            })
            .collect();
        withdrawn.into_iter().for_each(|approval| self.tell(Observation::Approval(approval)));
    }

    fn tell_run(&mut self) {
        self.tell(Observation::Run(self.state.clone()));
    }

    fn step(&mut self, step: Step, now: &dyn Fn() -> Timestamp) {
        if step.stage().is_some_and(|key| self.reused.contains(key)) {
            return;
        }
        match step {
            Step::Begin => self.begin(now()),
            Step::Open(spec) => {
                if !self.stages.iter().any(|stage| stage.key == spec.key) {
                    self.stages.push(spec.planned(self.stages.len()));
                }
                let at = now();
                if let Some(environment) = self.missing_token(&spec, at) {
                    return self.lack(spec, environment, at, now);
                }
                self.change_stage(Some(&spec.key), |stage| {
                    (stage.status, stage.reason) = (RunStatus::Running, None);
                    stage.queued_at.get_or_insert(at);
                    stage.started_at.get_or_insert(at);
                    stage.attempts = vec![StageAttempt {
                        number: 1,
                        status: RunStatus::Running,
                        reason: None,
                        started_at: Some(at),
                        finished_at: None,
                    }];
                });
            }
            Step::Close(key, status, reason) => {
                let at = now();
                self.change_stage(Some(&key), |stage| {
                    (stage.status, stage.reason) = (status, reason);
                    finish(stage, at);
                });
            }
            Step::Line(stage, stream, text) => self.write(stage, stream, text, now()),
            Step::Numbered(stage, count) => {
                for n in 1..=count {
                    self.write(stage.clone(), LogStream::Stdout, format!("line {n}"), now());
                }
            }
            Step::EchoParameters(stage) => {
                for value in self.parameters.clone() {
                    let text = value.value.as_str().map_or_else(|| value.value.to_string(), str::to_owned);
                    self.write(stage.clone(), LogStream::Stdout, format!("{}={text}", value.name), now());
                }
            }
            Step::ShowSecrets(stage) => {
                let name = stage.as_ref().map(ToString::to_string).unwrap_or_default();
                for secret in self.given(stage.as_ref()) {
                    self.write(stage.clone(), LogStream::Stdout, format!("{name} reads {secret} is ***"), now());
                }
            }
            Step::Wait(signal) => self.hold = Some(Hold::Signal(signal)),
            Step::Ask { key, stage, message, parameters } => self.ask(key.into(), stage, message, parameters, now()),
            Step::Artifact { path, stage, content } => {
                let sha256 = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
                self.tell(Observation::Artifact(Artifact {
                    path: path.clone(),
                    stage,
                    size: content.len() as u64,
                    sha256,
                }));
                self.files.insert(path, content);
            }
            Step::EchoFile(stage, path) => {
                let content = self.files.get(&path).map(|content| String::from_utf8_lossy(content).into_owned());
                let text = content.unwrap_or_else(|| format!("there is no {path}"));
                self.write(stage, LogStream::Stdout, text, now());
            }
            Step::Observe(observation) => self.tell(observation),
            Step::End(status, reason) => self.end(status, reason, now),
        }
    }

    fn begin(&mut self, at: Timestamp) {
        let planned = self.script.plan.iter().filter(|spec| !spec.late);
        for spec in planned.cloned().collect::<Vec<_>>() {
            if !self.stages.iter().any(|stage| stage.key == spec.key) {
                self.stages.push(spec.planned(0));
            }
        }
        for (stage, position) in self.stages.iter_mut().zip(0..) {
            stage.position = position;
        }
        self.state.status = RunStatus::Running;
        self.state.started_at = Some(at);
        self.state.shape = Some(self.script.shape());
        self.state.commit.clone_from(&self.script.commit);
        self.tell_run();
        if !self.stages.is_empty() {
            self.tell(Observation::Stages(self.stages.clone()));
        }
    }

    fn ask(
        &mut self,
        key: ApprovalKey,
        stage: Option<StageKey>,
        message: String,
        parameters: Vec<ParameterDefinition>,
        at: Timestamp,
    ) {
        let approval = ApprovalObservation {
            key: key.clone(),
            stage: stage.clone(),
            status: ApprovalStatus::Pending,
            message,
            proceed_label: "Proceed".to_owned(),
            parameters,
            requested_at: at,
            expires_at: None,
        };
        let reason = StatusReason::new(ReasonCode::WaitingForDecision, "somebody must decide");
        self.change_stage(stage.as_ref(), |stage| {
            (stage.status, stage.reason) = (RunStatus::WaitingForApproval, Some(reason.clone()));
        });
        (self.state.status, self.state.reason) = (RunStatus::WaitingForApproval, Some(reason));
        self.tell_run();
        self.approvals.push(approval.clone());
        self.tell(Observation::Approval(approval));
        self.hold = Some(Hold::Decision(key));
    }

    fn change_stage(&mut self, key: Option<&StageKey>, change: impl FnOnce(&mut StageObservation)) {
        if let Some(stage) = self.stages.iter_mut().find(|stage| Some(&stage.key) == key) {
            change(stage);
            let told = stage.clone();
            self.tell(Observation::Stages(vec![told]));
        }
    }
}

fn finish(stage: &mut StageObservation, at: Timestamp) {
    if stage.started_at.is_some() {
        stage.finished_at = Some(at);
    }
    for attempt in &mut stage.attempts {
        (attempt.status, attempt.finished_at) = (stage.status, Some(at));
        attempt.reason.clone_from(&stage.reason);
    }
}

fn by_user() -> StatusReason {
    StatusReason::new(ReasonCode::CancelledByUser, "a person asked the build to stop")
}
