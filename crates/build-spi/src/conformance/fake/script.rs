//! What a build of the fake does.

use std::collections::BTreeSet;

use alm_domain::{
    BuildShape, Commit, LogStream, Observation, ParameterDefinition, ParameterKind, ReasonCode, RunStatus, StageKey,
    StatusReason, Warning,
};

use super::StageSpec;

/// One thing that a build does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Begin,
    Open(StageSpec),
    Close(StageKey, RunStatus, Option<StatusReason>),
    Line(Option<StageKey>, LogStream, String),
    Numbered(Option<StageKey>, u32),
    EchoParameters(Option<StageKey>),
    ShowSecrets(Option<StageKey>),
    Wait(String),
    Ask { key: String, stage: Option<StageKey>, message: String, parameters: Vec<ParameterDefinition> },
    Artifact { path: String, stage: Option<StageKey>, content: Vec<u8> },
    EchoFile(Option<StageKey>, String),
    Observe(Observation),
    End(RunStatus, Option<StatusReason>),
}

impl Step {
    /// The stage that it is a part of.
    pub(crate) fn stage(&self) -> Option<&StageKey> {
        match self {
            Self::Open(spec) => Some(&spec.key),
            Self::Close(key, ..) => Some(key),
            Self::Line(stage, ..) | Self::Numbered(stage, _) => stage.as_ref(),
            Self::EchoParameters(stage) | Self::ShowSecrets(stage) => stage.as_ref(),
            Self::Ask { stage, .. } | Self::Artifact { stage, .. } | Self::EchoFile(stage, _) => stage.as_ref(),
            Self::Begin | Self::Wait(_) | Self::Observe(_) | Self::End(..) => None,
        }
    }
}

/// What a build of the fake does, step by step. It runs without pause up to the first place where it has to wait
/// ([`wait`](Self::wait), [`ask`](Self::ask)), and ends well if nothing else is said.
///
/// ```
/// use alm_build_spi::conformance::fake::Script;
/// let script = Script::new().stage("build").line("hello").wait().stage("test").stderr("oh").fail("2 tests failed");
/// ```
#[derive(Debug, Clone)]
pub struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) plan: Vec<StageSpec>,
    pub(crate) parameters: Vec<ParameterDefinition>,
    pub(crate) commit: Option<Commit>,
    pub(crate) lingers: bool,
    current: Option<StageKey>,
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl Script {
    /// A plain build that succeeds without a word.
    #[must_use]
    pub fn new() -> Self {
        Self {
            steps: vec![Step::Begin],
            plan: Vec::new(),
            parameters: Vec::new(),
            commit: Some(Commit {
                sha: "5ca1ab1e".repeat(5),
                title: Some("Make it so".to_owned()),
                author: Some("Ada <ada@example.org>".to_owned()),
            }),
            lingers: false,
            current: None,
        }
    }

    /// Stays QUEUED until the test calls [`FakeEngine::release`](super::FakeEngine::release).
    #[must_use]
    pub fn queued(mut self) -> Self {
        let at = self.steps.iter().position(|step| matches!(step, Step::Begin)).unwrap_or(0);
        self.steps.insert(at, Step::Wait(String::new()));
        self
    }

    /// Builds this commit; `None`: it never gets as far as one.
    #[must_use]
    pub fn commit(mut self, commit: Option<Commit>) -> Self {
        self.commit = commit;
        self
    }

    /// Takes this parameter. Where a script takes none, any are accepted.
    #[must_use]
    pub fn parameter(mut self, definition: ParameterDefinition) -> Self {
        self.parameters.push(definition);
        self
    }

    /// Takes a required line of text under this name.
    #[must_use]
    pub fn text_parameter(self, name: &str) -> Self {
        self.parameter(ParameterDefinition {
            name: name.to_owned(),
            label: name.to_owned(),
            help: None,
            kind: ParameterKind::String,
            required: true,
            default: None,
            choices: Vec::new(),
        })
    }

    /// Ends the current stage well and begins this one, which depends on it.
    #[must_use]
    pub fn stage(self, key: &str) -> Self {
        let before = self.current.clone();
        let spec = StageSpec::new(key).after(before.as_ref().map(StageKey::as_str));
        let closed = match before {
            Some(before) => self.close(before.as_str()),
            None => self,
        };
        closed.open(spec)
    }

    /// Begins a stage, whatever else is running. Lines that follow are its own.
    #[must_use]
    pub fn open(mut self, spec: StageSpec) -> Self {
        self.current = Some(spec.key.clone());
        self.plan.push(spec.clone());
        self.steps.push(Step::Open(spec));
        self
    }

    /// Lines that follow are this stage's.
    #[must_use]
    pub fn within(mut self, key: &str) -> Self {
        self.current = Some(key.into());
        self
    }

    /// Ends a stage well.
    #[must_use]
    pub fn close(self, key: &str) -> Self {
        self.close_as(key, RunStatus::Succeeded, None)
    }

    /// Ends a stage in this state.
    #[must_use]
    pub fn close_as(mut self, key: &str, status: RunStatus, reason: Option<StatusReason>) -> Self {
        let key = StageKey::from(key);
        if self.current.as_ref() == Some(&key) {
            self.current = None;
        }
        self.steps.push(Step::Close(key, status, reason));
        self
    }

    /// Writes a line to standard output.
    #[must_use]
    pub fn line(self, text: &str) -> Self {
        self.write(LogStream::Stdout, text)
    }

    /// Writes a line to standard error.
    #[must_use]
    pub fn stderr(self, text: &str) -> Self {
        self.write(LogStream::Stderr, text)
    }

    /// Writes `line 1` up to `line N`.
    #[must_use]
    pub fn lines(mut self, count: u32) -> Self {
        self.steps.push(Step::Numbered(self.current.clone(), count));
        self
    }

    /// Lines are lost here, for this reason: followers are told of a hole.
    #[must_use]
    pub fn gap(self, why: &str) -> Self {
        self.write(LogStream::Gap, why)
    }

    /// Writes each parameter as `name=value`, a text without quotes.
    #[must_use]
    pub fn echo_parameters(mut self) -> Self {
        self.steps.push(Step::EchoParameters(self.current.clone()));
        self
    }

    /// Writes `STAGE reads SECRET is ***` for each secret that the stage is given: as its log would have it.
    #[must_use]
    pub fn show_secrets(mut self) -> Self {
        self.steps.push(Step::ShowSecrets(self.current.clone()));
        self
    }

    /// Waits until the test calls [`FakeEngine::release`](super::FakeEngine::release).
    #[must_use]
    pub fn wait(self) -> Self {
        self.wait_for("")
    }

    /// Waits until the test calls [`FakeEngine::signal`](super::FakeEngine::signal) with this name.
    #[must_use]
    pub fn wait_for(mut self, signal: &str) -> Self {
        self.steps.push(Step::Wait(signal.to_owned()));
        self
    }

    /// Asks a person, and waits: goes on with a yes, fails with a no.
    #[must_use]
    pub fn ask(self, key: &str, message: &str) -> Self {
        self.ask_with(key, message, Vec::new())
    }

    /// As [`ask`](Self::ask), with inputs.
    #[must_use]
    pub fn ask_with(mut self, key: &str, message: &str, parameters: Vec<ParameterDefinition>) -> Self {
        let stage = self.current.clone();
        self.steps.push(Step::Ask { key: key.to_owned(), stage, message: message.to_owned(), parameters });
        self
    }

    /// Keeps a file.
    #[must_use]
    pub fn artifact(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        let stage = self.current.clone();
        self.steps.push(Step::Artifact { path: path.to_owned(), stage, content: content.into() });
        self
    }

    /// Writes the content of a kept file as a line, or that there is none.
    #[must_use]
    pub fn echo_file(mut self, path: &str) -> Self {
        self.steps.push(Step::EchoFile(self.current.clone(), path.to_owned()));
        self
    }

    /// Tells a warning.
    #[must_use]
    pub fn warn(self, code: &str, message: &str) -> Self {
        self.observe(Observation::Warning(Warning { code: code.to_owned(), message: message.to_owned() }))
    }

    /// Tells followers this, true or not; the fake's own snapshot does not change.
    #[must_use]
    pub fn observe(mut self, observation: Observation) -> Self {
        self.steps.push(Step::Observe(observation));
        self
    }

    /// Does not end at once when it is cancelled, but stays CANCELLING until the test calls
    /// [`FakeEngine::release`](super::FakeEngine::release).
    #[must_use]
    pub const fn lingers_when_cancelled(mut self) -> Self {
        self.lingers = true;
        self
    }

    /// Ends well: what is still open does too.
    #[must_use]
    pub fn succeed(self) -> Self {
        self.end(RunStatus::Succeeded, None)
    }

    /// Ends badly, because a command failed.
    #[must_use]
    pub fn fail(self, message: &str) -> Self {
        self.end(RunStatus::Failed, Some(StatusReason::new(ReasonCode::CommandFailed, message)))
    }

    /// Ends in this state, with all that is still open; what was only planned is skipped.
    #[must_use]
    pub fn end(mut self, status: RunStatus, reason: Option<StatusReason>) -> Self {
        self.steps.push(Step::End(status, reason));
        self
    }

    /// What is left of it when only the stages that deploy to an environment are run, with the frames around them; `None` when
    /// there are none. What other stages do is left out with them.
    pub(crate) fn deploying(&self, environment: &str) -> Option<Self> {
        let mut keys: BTreeSet<&StageKey> =
            self.plan.iter().filter(|s| s.environment.as_deref() == Some(environment)).map(|s| &s.key).collect();
        if keys.is_empty() {
            return None;
        }
        while let Some(frame) = self
            .plan
            .iter()
            .filter(|stage| keys.contains(&stage.key))
            .find_map(|stage| stage.parent.as_ref().filter(|parent| !keys.contains(parent)))
        {
            keys.insert(frame);
        }
        let is_kept = |stage: Option<&StageKey>| stage.is_none_or(|key| keys.contains(key));
        let alone = |spec: &StageSpec| {
            let mut spec = spec.clone();
            spec.depends_on.retain(|key| keys.contains(key));
            spec
        };
        let steps = self.steps.iter().filter(|step| is_kept(step.stage())).map(|step| match step {
            Step::Open(spec) => Step::Open(alone(spec)),
            other => other.clone(),
        });
        let plan = self.plan.iter().filter(|spec| keys.contains(&spec.key)).map(alone).collect();
        Some(Self { steps: steps.collect(), plan, ..self.clone() })
    }

    pub(crate) const fn shape(&self) -> BuildShape {
        if self.plan.is_empty() { BuildShape::Plain } else { BuildShape::Pipeline }
    }

    fn write(mut self, stream: LogStream, text: &str) -> Self {
        self.steps.push(Step::Line(self.current.clone(), stream, text.to_owned()));
        self
    }
}
