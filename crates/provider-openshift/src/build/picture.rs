//! What a follower was told of a run, so that it is told what is new.

use std::collections::BTreeSet;

use alm_build_spi::RunSnapshot;
use alm_domain::{
    ApprovalKey, ApprovalObservation, ApprovalStatus, Capability, CapabilityNote, EnvironmentName, Observation, Output,
    RunObservation, RunStatus, StageKey, StageObservation, Step, Timestamp, Warning, shorten,
};
use serde::{Deserialize, Serialize};

use super::{Build, Phase, TOKEN_PREFIX, decisions::Decisions, observation, variable_named};
use crate::deploy::of_build;
use crate::jenkins::{BUILD_URI, Deployed, Input, JenkinsRun, JenkinsStatus, PENDING, STATUS, Tagged, inputs, stages};

/// How many different warnings are told of one run.
const MOST_WARNINGS: usize = 20;

/// A question that is open, as short as a token needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Open {
    #[serde(rename = "k")]
    key: ApprovalKey,
    #[serde(rename = "m")]
    message: String,
    #[serde(rename = "p")]
    proceed: String,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    stage: Option<StageKey>,
    #[serde(rename = "t")]
    at: Timestamp,
}

/// What a follower was told of a run.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    run: Option<RunObservation>,
    stages: Vec<StageObservation>,
    /// The last that was understood.
    jenkins: Option<JenkinsRun>,
    open: Vec<Open>,
    tags: Vec<Tagged>,
    approvals: Vec<ApprovalObservation>,
    without: Option<Vec<CapabilityNote>>,
    outputs: Vec<Output>,
    steps: Vec<Step>,
    cancel_told: bool,
    warned: BTreeSet<String>,
    /// Why Jenkins is not asked about this run, if it is not.
    refused: Option<String>,
}

impl Picture {
    /// A follower who knows of these questions.
    pub(crate) fn of(open: Vec<Open>) -> Self {
        Self { open, ..Self::default() }
    }

    /// With these tags beside the run.
    pub(crate) fn tagged(&mut self, tags: Vec<Tagged>) {
        self.tags = tags;
    }

    /// The questions that are open, for a token.
    pub(crate) fn open(&self) -> &[Open] {
        &self.open
    }

    /// How the run stands, as far as it was told.
    pub(crate) fn status(&self) -> Option<RunStatus> {
        self.run.as_ref().map(|run| run.status)
    }

    /// Jenkins is not asked about this run, for this reason.
    pub(crate) fn refuse(&mut self, why: String) {
        self.refused = Some(why);
    }

    /// What is new about the run.
    pub(crate) fn see(&mut self, build: &Build) -> Vec<Observation> {
        let mut news = Vec::new();
        if let Phase::Other(word) = &build.phase {
            let word = shorten(word);
            self.warn(
                "UNKNOWN_PHASE",
                format!("the cluster says that the build is {word:?}, which is not known here"),
                &mut news,
            );
        }
        let jenkins = self.look_at_jenkins(build, &mut news);
        let url = build.annotations.get(BUILD_URI).filter(|url| is_page(url)).cloned();
        let run = observation(build, jenkins, url);
        // The end is told once all else is.
        let end = Some(run.status).filter(|status| status.is_terminal());
        let without = without(build, self.refused.as_deref());
        if self.without.as_ref() != Some(&without) {
            news.push(Observation::Without(without.clone()));
            self.without = Some(without);
        }
        if self.steps != build.steps {
            news.push(Observation::Steps(build.steps.clone()));
            self.steps.clone_from(&build.steps);
        }
        if build.is_cancelled && !self.cancel_told {
            self.cancel_told = true;
            news.push(Observation::CancelDelivered);
        }
        let deployed = Deployed::of(&build.annotations, &self.tags);
        self.look_at_stages(&deployed, end, &mut news);
        let own = of_build(build).into_iter().map(|image| image.output());
        let outputs: Vec<Output> = own.chain(deployed.outputs(&self.stages)).collect();
        if self.outputs != outputs {
            news.push(Observation::Outputs(outputs.clone()));
            self.outputs = outputs;
        }
        self.look_at_questions(build, end, &mut news);
        if self.run.as_ref() != Some(&run) {
            news.push(Observation::Run(run.clone()));
            self.run = Some(run);
        }
        news
    }

    /// All of it.
    pub(crate) fn snapshot(mut self, build: &Build) -> RunSnapshot {
        self.see(build);
        RunSnapshot {
            run: self.run.unwrap_or_else(|| RunObservation::status(RunStatus::Queued)),
            stages: self.stages,
            approvals: self.approvals,
            without: self.without.unwrap_or_default(),
        }
    }

    /// Where Jenkins says that the run stands. What cannot be understood is a warning, and the last good picture stays.
    fn look_at_jenkins(&mut self, build: &Build, news: &mut Vec<Observation>) -> Option<JenkinsStatus> {
        if let Some(text) = build.annotations.get(STATUS).filter(|_| build.is_pipeline()) {
            match JenkinsRun::parse(text) {
                Ok(run) => self.jenkins = Some(run),
                Err(why) => {
                    let message = format!("what Jenkins says of the run cannot be understood ({STATUS}): {why}");
                    self.warn("BROKEN_ANNOTATION", message, news);
                }
            }
        }
        self.jenkins.as_ref().map(|run| run.status)
    }

    fn look_at_stages(&mut self, deployed: &Deployed, end: Option<RunStatus>, news: &mut Vec<Observation>) {
        let Some(run) = &self.jenkins else { return };
        let mut now = stages(run, end, deployed);
        for stage in &mut now {
            // An end is never left, whatever is written into the annotation later.
            if let Some(known) = self.stages.iter().find(|known| known.key == stage.key)
                && known.status.advance(stage.status).is_err()
            {
                known.clone_into(stage);
            }
        }
        let gone: Vec<StageKey> = self
            .stages
            .iter()
            .filter(|known| !now.iter().any(|stage| stage.key == known.key))
            .map(|known| known.key.clone())
            .collect();
        let changed: Vec<_> = now.iter().filter(|stage| !self.stages.contains(stage)).cloned().collect();
        if !changed.is_empty() {
            news.push(Observation::Stages(changed));
        }
        // Newer versions leave stages out that never ran.
        let planned =
            |key: &StageKey| self.stages.iter().any(|known| known.key == *key && known.status == RunStatus::Planned);
        let removed: Vec<_> = gone.iter().filter(|key| planned(key)).cloned().collect();
        if !removed.is_empty() {
            news.push(Observation::StagesRemoved(removed.clone()));
        }
        let kept =
            std::mem::take(&mut self.stages).into_iter().filter(|s| gone.contains(&s.key) && !removed.contains(&s.key));
        now.extend(kept.collect::<Vec<_>>());
        self.stages = now;
        for (code, why) in deployed.problems(end.map(|_| self.stages.as_slice())) {
            self.warn(code, why, news);
        }
    }

    fn look_at_questions(&mut self, build: &Build, end: Option<RunStatus>, news: &mut Vec<Observation>) {
        let asked = match open_inputs(build, self.jenkins.as_ref()) {
            Ok(asked) => asked,
            Err(why) => {
                let message = format!("what the pipeline asks cannot be understood ({PENDING}): {why}");
                self.warn("BROKEN_ANNOTATION", message, news);
                if end.is_none() {
                    return;
                }
                Vec::new()
            }
        };
        let waiting = self.stages.iter().find(|stage| stage.status == RunStatus::WaitingForApproval);
        let since =
            waiting.and_then(|stage| stage.started_at).or(build.started_at).or(build.created_at).unwrap_or_default();
        let decisions = Decisions::of(build);
        let told = |open: &Open, status, parameters| ApprovalObservation {
            key: open.key.clone(),
            stage: open.stage.clone(),
            status,
            message: open.message.clone(),
            proceed_label: open.proceed.clone(),
            parameters,
            requested_at: open.at,
            expires_at: None,
        };
        let mut now = Vec::new();
        for Asked { key, stage, input } in asked {
            if self.approvals.iter().any(|told| told.key == key && told.status.is_settled()) {
                // Whether it is the same one, which Jenkins has not taken down yet, or another, cannot be told.
                let message = format!(
                    "the stage {:?} asks {:?} again under the same name, which cannot be told from the first time: answer it at \
                     Jenkins, or give each input an id of its own",
                    stage.as_ref().map_or("", |stage| stage.as_str()),
                    shorten(&input.message)
                );
                self.warn("QUESTION_REPEATED", message, news);
                continue;
            }
            if !input.elsewhere.is_empty() {
                let message = format!(
                    "{:?} asks for {}: a password, a credential or a file is given to Jenkins alone, so answer it there",
                    shorten(&input.message),
                    input.elsewhere.join(", ")
                );
                self.warn("ANSWER_AT_JENKINS", message, news);
                continue;
            }
            let known = self.open.iter().find(|open| open.key == key).cloned();
            let open = known.unwrap_or_else(|| Open {
                key,
                message: cut(&input.message, 200),
                proceed: cut(&input.proceed, 40),
                stage,
                at: since,
            });
            // Whoever was told of it in another life is told again: it does no harm.
            if !self.approvals.iter().any(|told| told.key == open.key && told.status == ApprovalStatus::Pending) {
                let mut approval = told(&open, ApprovalStatus::Pending, input.parameters);
                approval.message = input.message;
                self.approvals.retain(|known| known.key != open.key);
                self.approvals.push(approval.clone());
                news.push(Observation::Approval(approval));
            }
            now.push(open);
        }
        for gone in std::mem::replace(&mut self.open, now) {
            if self.open.iter().any(|open| open.key == gone.key) {
                continue;
            }
            let Some(status) = decisions.settled(&gone.key).or_else(|| self.settled_elsewhere(&gone, build, end))
            else {
                // It will show.
                self.open.push(gone);
                continue;
            };
            let known =
                self.approvals.iter().position(|known| known.key == gone.key).map(|at| self.approvals.remove(at));
            let mut approval = known.unwrap_or_else(|| told(&gone, status, Vec::new()));
            approval.status = status;
            self.approvals.push(approval.clone());
            news.push(Observation::Approval(approval));
        }
    }

    /// How a question that is gone, and was not decided through us, was settled; `None` while that cannot be known.
    fn settled_elsewhere(&self, gone: &Open, build: &Build, end: Option<RunStatus>) -> Option<ApprovalStatus> {
        if build.is_cancelled {
            return Some(ApprovalStatus::Withdrawn);
        }
        let asked = self.stages.iter().find(|stage| Some(&stage.key) == gone.stage.as_ref());
        let went_on = asked.is_some_and(|asked| self.stages.iter().any(|stage| stage.position > asked.position));
        match (end, asked.map(|stage| stage.status)) {
            (Some(RunStatus::Succeeded | RunStatus::Unstable), _) => Some(ApprovalStatus::Approved),
            (_, Some(RunStatus::Cancelled)) | (Some(RunStatus::Cancelled), _) => Some(ApprovalStatus::Rejected),
            (_, Some(RunStatus::Succeeded | RunStatus::Unstable)) => Some(ApprovalStatus::Approved),
            (None, _) if went_on => Some(ApprovalStatus::Approved),
            (None, _) => None,
            (Some(_), _) => Some(ApprovalStatus::Withdrawn),
        }
    }

    /// A warning, the first time.
    pub(crate) fn warn(&mut self, code: &str, message: String, news: &mut Vec<Observation>) {
        if self.warned.len() < MOST_WARNINGS && self.warned.insert(format!("{code} {message}")) {
            news.push(Observation::Warning(Warning { code: code.to_owned(), message }));
        }
    }
}

/// How many stages of a pipeline have ended well, so that what they tagged can be known.
pub(crate) fn ended_stages(build: &Build) -> usize {
    let good = |status| matches!(status, JenkinsStatus::Success | JenkinsStatus::Unstable);
    build.jenkins_run().map_or(0, |run| run.stages.iter().filter(|stage| good(stage.status)).count())
}

/// A question that waits.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) key: ApprovalKey,
    /// The stage that asks.
    stage: Option<StageKey>,
    pub(crate) input: Input,
}

/// The questions that wait now. The annotation outlives what it tells of, and is copied when a build is cloned: it counts only while
/// Jenkins says that the run waits.
///
/// # Errors
/// What is wrong with the annotation.
pub(crate) fn open_inputs(build: &Build, jenkins: Option<&JenkinsRun>) -> Result<Vec<Asked>, String> {
    let run = jenkins.filter(|run| build.is_pipeline() && run.status == JenkinsStatus::Paused);
    let (Some(run), Some(text)) = (run, build.annotations.get(PENDING).filter(|_| build.phase == Phase::Running))
    else {
        return Ok(Vec::new());
    };
    let told = stages(run, None, &Deployed::default());
    let waiting = told.iter().position(|stage| stage.status == RunStatus::WaitingForApproval);
    let stage = waiting.and_then(|at| told.get(at)).map(|stage| stage.key.clone());
    let again = run.stages.iter().take(waiting.unwrap_or(0)).any(|stage| stage.paused_ms.is_some_and(|ms| ms > 0));
    let asked = |input: Input| Asked { key: input.key(stage.as_ref(), again), stage: stage.clone(), input };
    Ok(inputs(text)?.into_iter().map(asked).collect())
}

/// What this run cannot do although the provider can.
fn without(build: &Build, refused: Option<&str>) -> Vec<CapabilityNote> {
    let note = |capability, reason: &str| CapabilityNote { capability, reason: reason.to_owned() };
    let withheld = withheld(build).map(|reason| CapabilityNote { capability: Capability::Secrets, reason });
    if !build.is_pipeline() {
        let mut notes = vec![note(Capability::Approvals, "a Docker or Source build asks nothing")];
        notes.extend(withheld);
        if build.mount.is_none() {
            let why = "a Docker or Source build is given secrets as files, where secrets.mount says in which folder";
            notes.push(note(Capability::Secrets, why));
        }
        return notes;
    }
    let mut notes = vec![note(Capability::LogTimestamps, "Jenkins does not say when a line was written")];
    notes.extend(withheld);
    if let Some(why) = refused {
        notes.push(note(Capability::LiveLog, why));
        notes.push(note(Capability::Approvals, why));
    }
    notes
}

/// Which tokens this run lacks by the rules of their environments, as a sentence; `None` where it lacks none.
fn withheld(build: &Build) -> Option<String> {
    let lacks = |name: &EnvironmentName| {
        format!("the token of {name} ({} is not set)", variable_named(TOKEN_PREFIX, name.as_str()))
    };
    let lacking: Vec<String> = build.withheld().iter().map(lacks).collect();
    (!lacking.is_empty()).then(|| {
        format!(
            "it is not given {}: what the rules of the environment ask for was not so when it began, and builds of OpenShift are given \
             tokens with their start alone; promote it to bring it there",
            lacking.join(", nor ")
        )
    })
}

fn is_page(url: &str) -> bool {
    url.len() <= 2048 && (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(char::is_control)
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
