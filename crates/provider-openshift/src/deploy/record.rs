//! A deployment, as far as it has come.

use alm_domain::{BuildId, Commit, ReasonCode, RunStatus, StatusReason, Timestamp};
use alm_kubernetes::{is_name, is_namespace};
use serde::{Deserialize, Serialize};

use super::{Image, Workload, image::is_repository};
use crate::text::shown;

/// What records look like now.
const VERSION: u8 = 1;
/// How many lines a record keeps; those that tell the end are always kept.
const MOST_LINES: usize = 200;

/// Where a deployment goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    /// The name of the environment.
    pub(crate) environment: String,
    /// The address of its cluster.
    pub(crate) url: String,
    pub(crate) namespace: String,
    pub(crate) ca: Option<String>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// See what runs there now.
    Look,
    /// Bring the image there.
    Tag,
    /// Give it to the workload.
    Rollout,
    /// Wait until it is ready.
    Wait,
    /// Give the workload back what it had.
    Return,
    /// Nothing.
    Over,
}

/// What was there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    /// The image of the container.
    pub(crate) image: String,
    /// The digest that the environment's tag stood for, where there was the tag.
    pub(crate) tagged: Option<String>,
}

/// A part of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Part {
    /// Bringing the image there.
    Tag,
    /// Making it run there.
    Rollout,
}

/// How a part stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartState {
    pub(crate) status: RunStatus,
    pub(crate) reason: Option<StatusReason>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
}

impl PartState {
    const PLANNED: Self = Self { status: RunStatus::Planned, reason: None, started_at: None, finished_at: None };

    fn begin(&mut self, now: Timestamp) {
        self.status = RunStatus::Running;
        self.started_at = Some(now);
    }

    fn end(&mut self, status: RunStatus, reason: Option<StatusReason>, now: Timestamp) {
        self.status = status;
        self.reason = reason;
        self.finished_at = self.started_at.map(|_| now);
    }
}

/// A line about what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) at: Timestamp,
    pub(crate) part: Part,
    pub(crate) text: String,
}

/// How it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) status: RunStatus,
    pub(crate) reason: StatusReason,
}

/// A deployment, as far as it has come. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "v")]
    version_of_this: u8,
    /// The build that is the deployment.
    pub(crate) build: BuildId,
    /// The build that made the image.
    pub(crate) of: BuildId,
    /// What the version is called.
    pub(crate) version: String,
    pub(crate) commit: Option<Commit>,
    pub(crate) to: Destination,
    pub(crate) workload: Workload,
    pub(crate) image: Image,
    /// The repository that another cluster fetches the image from; `None` on the same one.
    pub(crate) from: Option<String>,
    pub(crate) pull_secret: Option<String>,
    pub(crate) asked_at: Timestamp,
    pub(crate) step: Step,
    pub(crate) before: Option<Before>,
    /// The image, as the workload is given it.
    pub(crate) given: Option<String>,
    /// Whether the cluster gives it to the workload, by a trigger of its own.
    #[serde(default)]
    pub(crate) by_trigger: bool,
    pub(crate) is_cancelled: bool,
    pub(crate) ending: Option<Ending>,
    pub(crate) tag: PartState,
    pub(crate) rollout: PartState,
    /// Where it can be visited.
    pub(crate) url: Option<String>,
    pub(crate) said: Vec<Said>,
}

/// What a deployment is about: what of its record never changes.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) build: BuildId,
    pub(crate) of: BuildId,
    pub(crate) version: String,
    pub(crate) commit: Option<Commit>,
    pub(crate) to: Destination,
    pub(crate) workload: Workload,
    pub(crate) image: Image,
    pub(crate) from: Option<String>,
    pub(crate) pull_secret: Option<String>,
}

impl Record {
    /// A deployment that has not begun.
    pub(crate) fn new(plan: Plan, now: Timestamp) -> Self {
        let Plan { build, of, version, commit, to, workload, image, from, pull_secret } = plan;
        Self {
            version_of_this: VERSION,
            build,
            of,
            version,
            commit,
            to,
            workload,
            image,
            from,
            pull_secret,
            asked_at: now,
            step: Step::Look,
            before: None,
            given: None,
            by_trigger: false,
            is_cancelled: false,
            ending: None,
            tag: PartState::PLANNED,
            rollout: PartState::PLANNED,
            url: None,
            said: Vec::new(),
        }
    }

    /// The record of a text; `None` for what is none. Whoever may write Secrets there can have changed it: nothing of it leads anywhere
    /// else than a record of ours could.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(text).ok()?;
        let is_sound = read.version_of_this == VERSION
            && read.image.is_sound()
            && read.workload.is_sound()
            && is_namespace(&read.to.namespace)
            && read.to.environment.parse::<alm_domain::EnvironmentName>().is_ok()
            && read.pull_secret.as_deref().is_none_or(is_name)
            && read.from.as_deref().is_none_or(is_repository)
            && read.said.len() <= MOST_LINES + 10;
        is_sound.then_some(read)
    }

    /// The image stream of the target that the image is tagged in.
    pub(crate) fn stream(&self) -> &str {
        self.image.stream().unwrap_or(&self.workload.name)
    }

    /// The tag of the environment: `STREAM:ENVIRONMENT`.
    pub(crate) fn environment_tag(&self) -> String {
        format!("{}:{}", self.stream(), self.to.environment)
    }

    /// Whether an image of the workload is the one that it is to be given. How a trigger writes it is the cluster's to say.
    pub(crate) fn is_given(&self, image: &str) -> bool {
        let is_same = || image.rsplit_once('@').is_some_and(|(_, digest)| digest == self.image.digest);
        self.given.as_deref() == Some(image) || self.by_trigger && is_same()
    }

    /// Whether the target fetches the image from a registry.
    pub(crate) fn needs_fetching(&self) -> bool {
        self.from.is_some() || self.image.stream().is_none()
    }

    /// The record, with the wish to cancel.
    pub(crate) fn cancelled(&self) -> Self {
        Self { is_cancelled: true, ..self.clone() }
    }

    /// The record, with this end to come.
    pub(crate) fn failed(&self, why: &str, now: Timestamp) -> Self {
        let mut next = self.clone();
        next.turn_back(RunStatus::Failed, ReasonCode::DefinitionInvalid, why, now);
        next
    }

    /// Says what was done. A record that is full says nothing more until it ends.
    pub(super) fn say(&mut self, part: Part, text: &str, now: Timestamp) {
        if self.said.len() < MOST_LINES || self.ending.is_some() || self.step == Step::Over {
            self.said.push(Said { at: now, part, text: shown(text) });
        }
    }

    /// Goes on to a step.
    pub(super) fn go_on(&mut self, step: Step, now: Timestamp) {
        match step {
            Step::Look | Step::Tag if self.tag.started_at.is_none() => self.tag.begin(now),
            Step::Rollout => {
                self.tag.end(RunStatus::Succeeded, None, now);
                self.rollout.begin(now);
            }
            _ => {}
        }
        self.step = step;
    }

    /// Begins to end badly: what was changed is given back first.
    pub(super) fn turn_back(&mut self, status: RunStatus, code: ReasonCode, why: &str, now: Timestamp) {
        let reason = StatusReason::new(code, shown(why));
        self.ending = Some(Ending { status, reason });
        self.say(self.at(), why, now);
        match self.step {
            Step::Look => self.finish(now),
            _ => self.step = Step::Return,
        }
    }

    /// Ends, as it was to.
    pub(super) fn finish(&mut self, now: Timestamp) {
        let (status, reason) = match &self.ending {
            Some(ending) => (ending.status, Some(ending.reason.clone())),
            None => (RunStatus::Succeeded, None),
        };
        for part in [&mut self.tag, &mut self.rollout] {
            match part.status {
                RunStatus::Planned => part.end(RunStatus::Skipped, None, now),
                known if !known.is_terminal() => part.end(status, reason.clone(), now),
                _ => {}
            }
        }
        self.step = Step::Over;
    }

    /// The part that it is at.
    pub(super) fn at(&self) -> Part {
        if self.rollout.started_at.is_some() { Part::Rollout } else { Part::Tag }
    }
}
