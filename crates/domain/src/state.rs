//! A build with all that belongs to it, and every way in which it can change.
//!
//! **Architecture Invariant:** the store hands a [`BuildState`] to a function, the function changes it, and the difference is
//! what is journalled. Nothing else changes a build.

use std::collections::BTreeMap;

use crate::{
    Actor, Approval, ApprovalDecision, ApprovalId, ApprovalKey, ApprovalObservation, ApprovalStatus, Artifact,
    AwaitedCredential, Build, BuildShape, CancelRequest, Change, EventSeq, Hold, Observation, ParameterProblem,
    ParameterValue, ReasonCode, RunObservation, RunStatus, Stage, StageId, StageKey, StageObservation, StatusReason,
    Step, Timestamp, Verdict, Warning, check_parameters, is_web_address,
};

const MOST_WARNINGS: usize = 100;
const MOST_STAGES: usize = 2000;
const MOST_ARTIFACTS: usize = 1000;
const MOST_OUTPUTS: usize = 200;
const MOST_STEPS: usize = 200;
const MOST_APPROVALS: usize = 100;
const MOST_ATTEMPTS: usize = 50;
const MOST_DEPENDENCIES: usize = 200;
const MOST_TARGETS: usize = 50;

/// A build with its stages and approvals.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildState {
    /// The build itself.
    pub build: Build,
    /// Its stages.
    pub stages: BTreeMap<StageKey, Stage>,
    /// Its approvals.
    pub approvals: BTreeMap<ApprovalKey, Approval>,
}

/// What asking a build to stop came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It has been asked, now or before.
    Cancelling,
    /// It had ended already.
    AlreadyFinished,
}

/// Why a decision is not taken in.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecideError {
    /// No approval with this id in this build.
    #[error("there is no such approval in this build")]
    NotFound,
    /// It is settled, or decided and on its way.
    #[error("this approval can no longer be decided: it is {}", status_word(*.0))]
    NotPending(ApprovalStatus),
    /// This person may not decide.
    #[error("{0}")]
    Closed(&'static str),
    /// The inputs do not fit.
    #[error("the inputs of the decision do not fit")]
    Parameters(Vec<ParameterProblem>),
}

const fn status_word(status: ApprovalStatus) -> &'static str {
    match status {
        ApprovalStatus::Pending => "open",
        ApprovalStatus::Delivering => "decided already",
        ApprovalStatus::Approved => "approved",
        ApprovalStatus::Rejected => "rejected",
        ApprovalStatus::Expired => "expired",
        ApprovalStatus::Withdrawn => "withdrawn",
    }
}

impl BuildState {
    /// A build that has no stages or approvals yet.
    #[must_use]
    pub const fn new(build: Build) -> Self {
        Self { build, stages: BTreeMap::new(), approvals: BTreeMap::new() }
    }

    /// Takes an observation in. What a provider says is data, not truth: a move that the state machine does not have is
    /// left out and noted as a warning. Observing the same again changes nothing. `Lines` are not part of the state.
    pub fn observe(&mut self, observation: &Observation, now: Timestamp) {
        match observation {
            Observation::Run(run) => self.observe_run(run, now),
            Observation::Stages(stages) => stages.iter().for_each(|stage| self.observe_stage(stage)),
            Observation::StagesRemoved(keys) => {
                for key in keys {
                    if self.stages.get(key).is_some_and(|stage| stage.status == RunStatus::Planned) {
                        self.stages.remove(key);
                    }
                }
            }
            Observation::Approval(approval) => self.observe_approval(approval, now),
            Observation::CancelDelivered => {
                if let Some(cancel) = &mut self.build.cancel {
                    cancel.delivered_at.get_or_insert(now);
                }
            }
            Observation::Lines(_) => {}
            Observation::Without(notes) => self.build.without.clone_from(notes),
            Observation::Artifact(artifact) => self.observe_artifact(artifact),
            Observation::Outputs(outputs) => {
                self.build.outputs = outputs.iter().take(MOST_OUTPUTS).cloned().collect();
            }
            Observation::Steps(steps) => self.observe_steps(steps),
            Observation::Warning(warning) => self.warn(&warning.code, warning.message.clone()),
            Observation::Complete => self.complete(now),
        }
    }

    /// Asks the build to stop. Idempotent. The build is over only when its provider says so: it may have been started already by
    /// a call whose answer was lost. One that is held is over at once: its provider has never heard of it.
    pub fn request_cancel(&mut self, by: &Actor, reason: Option<String>, now: Timestamp) -> CancelOutcome {
        if self.build.status.is_terminal() {
            return CancelOutcome::AlreadyFinished;
        }
        if self.build.cancel.is_none() {
            self.build.cancel =
                Some(CancelRequest { by: by.clone(), at: now, reason: reason.clone(), delivered_at: None });
            let why = StatusReason::new(
                ReasonCode::CancelledByUser,
                reason.unwrap_or_else(|| "a person asked the build to stop".to_owned()),
            );
            if self.build.hold.is_some() {
                self.finish(RunStatus::Cancelled, why, now);
            } else {
                self.build.status = RunStatus::Cancelling;
                self.build.reason = Some(why);
            }
        } else if self.build.is_external()
            && let Some(cancel) = self.build.cancel.as_mut().filter(|cancel| cancel.delivered_at.is_none())
        {
            // It is stopped with the rights of whoever asks: the first one may have none.
            cancel.by = by.clone();
        }
        CancelOutcome::Cancelling
    }

    /// Holds a build that its engine has not heard of. `false`, and nothing changes, where it is past that: at work, asked to
    /// stop, or over.
    pub fn hold(&mut self, hold: Hold) -> bool {
        if self.build.hold.as_ref() == Some(&hold) {
            return true;
        }
        if !matches!(
            self.build.status,
            RunStatus::Queued | RunStatus::WaitingForCredential | RunStatus::WaitingForApproval
        ) || self.build.started_at.is_some()
        {
            return false;
        }
        let (status, reason) = hold.state();
        (self.build.status, self.build.reason, self.build.hold) = (status, Some(reason), Some(hold));
        true
    }

    /// Lets a build that is held go on to its engine. `false`, and nothing changes, where it is not held: so it goes on once.
    pub fn lift(&mut self) -> bool {
        if self.build.hold.take().is_none() {
            return false;
        }
        (self.build.status, self.build.reason) = (RunStatus::Queued, None);
        true
    }

    /// Stores a decision; the provider is told afterwards. The inputs are completed with their defaults.
    ///
    /// # Errors
    /// [`DecideError`]; nothing has changed then.
    pub fn decide(
        &mut self,
        id: ApprovalId,
        actor: &Actor,
        verdict: Verdict,
        comment: Option<String>,
        parameters: &[ParameterValue],
        now: Timestamp,
    ) -> Result<(), DecideError> {
        let approval = self.approvals.values_mut().find(|a| a.id == id).ok_or(DecideError::NotFound)?;
        if approval.status != ApprovalStatus::Pending {
            return Err(DecideError::NotPending(approval.status));
        }
        if let Some(why) = approval.closed_to(actor, &self.build.trigger.actor) {
            return Err(DecideError::Closed(why));
        }
        let parameters = match verdict {
            Verdict::Approve => check_parameters(&approval.parameters, parameters).map_err(DecideError::Parameters)?,
            Verdict::Reject => Vec::new(),
        };
        approval.decisions.push(ApprovalDecision { actor: actor.clone(), verdict, comment, parameters, at: now });
        if approval.deployment.is_none() {
            approval.status = ApprovalStatus::Delivering;
        } else if verdict == Verdict::Reject {
            let message = format!("{} said no to the deployment", actor.name());
            self.refuse(id, ApprovalStatus::Rejected, StatusReason::new(ReasonCode::Rejected, message), actor, now);
        } else if approval.is_carried() {
            (approval.status, approval.delivered_at) = (ApprovalStatus::Approved, Some(now));
            if matches!(self.build.hold, Some(Hold::Approval { .. })) {
                self.lift();
            }
        }
        Ok(())
    }

    /// Takes back a decision that the engine does not take from whoever made it: the question is open again, for others. Does nothing
    /// where none is on its way.
    pub fn take_back(&mut self, key: &ApprovalKey, why: &str) {
        let on_its_way = self.approvals.get_mut(key).filter(|approval| approval.status == ApprovalStatus::Delivering);
        let Some(said) = on_its_way.and_then(|approval| {
            (approval.status, approval.awaits) = (ApprovalStatus::Pending, None);
            approval.decisions.pop()
        }) else {
            return;
        };
        let message =
            format!("the engine does not take the decision of {}, which is taken back: {why}", said.actor.name());
        self.warn("DECISION_REFUSED", message);
    }

    /// Notes the account without which the decision on its way is not delivered; `None`: it is there. Does nothing where no decision
    /// is on its way.
    pub fn await_for_decision(&mut self, key: &ApprovalKey, account: Option<AwaitedCredential>) {
        let on_its_way = self.approvals.get_mut(key).filter(|approval| approval.status == ApprovalStatus::Delivering);
        if let Some(approval) = on_its_way {
            approval.awaits = account;
        }
    }

    /// Asks people whether a deployment may go on. `false`, and nothing changes, where it was asked before.
    pub fn ask_for_deployment(&mut self, question: Approval) -> bool {
        let is_new = !self.approvals.contains_key(&question.key);
        if is_new {
            self.approvals.insert(question.key.clone(), question);
        }
        is_new
    }

    /// Closes the question about a deployment that nobody answered in time; the build is stopped. Does nothing where it is
    /// settled.
    pub fn lapse(&mut self, key: &ApprovalKey, by: &Actor, now: Timestamp) {
        let open = self.approvals.get(key).filter(|approval| approval.status == ApprovalStatus::Pending);
        if let Some(id) = open.map(|approval| approval.id) {
            let reason = StatusReason::new(ReasonCode::ApprovalExpired, "nobody approved the deployment in time");
            self.refuse(id, ApprovalStatus::Expired, reason, by, now);
        }
    }

    /// Ends a build whose deployment may not go on: at once where its engine has not heard of it, else by asking it to stop.
    fn refuse(&mut self, id: ApprovalId, as_: ApprovalStatus, reason: StatusReason, by: &Actor, now: Timestamp) {
        if let Some(approval) = self.approvals.values_mut().find(|approval| approval.id == id) {
            (approval.status, approval.delivered_at) = (as_, Some(now));
        }
        if self.build.hold.is_some() {
            self.finish(RunStatus::Cancelled, reason, now);
        } else {
            let is_first = self.build.cancel.is_none();
            self.request_cancel(by, Some(reason.message.clone()), now);
            if is_first && self.build.status == RunStatus::Cancelling {
                self.build.reason = Some(reason);
            }
        }
    }

    /// Notes that the engine cannot be asked, or (`None`) that it can again.
    pub fn set_degraded(&mut self, reason: Option<StatusReason>, now: Timestamp) {
        match reason {
            Some(reason) => {
                if !self.build.is_complete {
                    self.build.degraded_since.get_or_insert(now);
                    self.build.degraded_reason = Some(reason.message);
                    self.build.degraded_code = Some(reason.code);
                }
            }
            None => {
                self.build.degraded_since = None;
                self.build.degraded_reason = None;
                self.build.degraded_code = None;
            }
        }
    }

    /// Ends the build, and with it all of its stages and approvals, for a reason that is not the provider's: nothing more will
    /// be told about it. Does not touch what has ended already.
    pub fn finish(&mut self, status: RunStatus, reason: StatusReason, now: Timestamp) {
        if !self.build.status.is_terminal() {
            self.build.status = status;
            self.build.reason = Some(reason);
            self.build.finished_at = Some(now);
        }
        self.complete(now);
    }

    /// What changed since `before`, with `revision` already set to `seq` on everything that did. Empty when nothing did, and
    /// then `self` is equal to `before`. All stages have changed when their build ends: more can be done with them then, and whoever
    /// watches is to be told so of each.
    pub fn take_change(&mut self, before: &Self, seq: EventSeq) -> Change {
        let mut change = Change::default();
        if self.build != before.build {
            self.build.revision = seq;
            change.build = Some(self.build.clone());
        }
        let are_touched = self.build.status.is_terminal() != before.build.status.is_terminal();
        for (key, stage) in &mut self.stages {
            let known = before.stages.get(key);
            if are_touched || known != Some(stage) {
                stage.revision = seq;
                change.structure_changed |= known.is_none_or(|k| {
                    k.parent != stage.parent
                        || k.depends_on != stage.depends_on
                        || k.position != stage.position
                        || k.kind != stage.kind
                });
                change.stages.push(stage.clone());
            }
        }
        change.stages.sort_by_key(|stage| stage.position);
        change.removed = before
            .stages
            .iter()
            .filter(|(key, _)| !self.stages.contains_key(*key))
            .map(|(_, stage)| stage.id)
            .collect();
        change.structure_changed |= !change.removed.is_empty();
        for (key, approval) in &mut self.approvals {
            if before.approvals.get(key) != Some(approval) {
                approval.revision = seq;
                change.approvals.push(approval.clone());
            }
        }
        change
    }

    /// Lays one journal entry over the state: the fold that the rows are.
    pub fn apply(&mut self, change: &Change) {
        if let Some(build) = &change.build {
            self.build = build.clone();
        }
        for stage in &change.stages {
            self.stages.insert(stage.key.clone(), stage.clone());
        }
        self.stages.retain(|_, stage| !change.removed.contains(&stage.id));
        for approval in &change.approvals {
            self.approvals.insert(approval.key.clone(), approval.clone());
        }
    }

    fn observe_run(&mut self, run: &RunObservation, now: Timestamp) {
        // A cancel request stands until the provider says how it ended: an engine that has not heard of it yet goes on saying
        // RUNNING, and that is no news.
        let awaiting = self.build.status == RunStatus::Cancelling && !run.status.is_terminal();
        if !awaiting {
            match self.build.status.advance(run.status) {
                Ok(status) => {
                    // Why somebody stopped it is known here; its engine knows only that it was stopped.
                    let is_known = status == RunStatus::Cancelled
                        && self.build.status == RunStatus::Cancelling
                        && self.build.cancel.is_some();
                    self.build.status = status;
                    if !is_known {
                        self.build.reason.clone_from(&run.reason);
                    }
                }
                Err(illegal) => {
                    self.warn("ILLEGAL_TRANSITION", format!("the provider reported a move of the build: {illegal}"))
                }
            }
        }
        if let Some(shape) = run.shape {
            self.build.shape = shape;
        }
        set(&mut self.build.commit, run.commit.as_ref());
        set(&mut self.build.started_at, run.started_at.as_ref());
        set(&mut self.build.external_url, run.external_url.as_ref());
        if self.build.status.is_terminal() {
            set(&mut self.build.finished_at, run.finished_at.as_ref());
            self.build.finished_at.get_or_insert(now);
            self.end_steps();
        }
    }

    fn observe_stage(&mut self, seen: &StageObservation) {
        let known = self.stages.get(&seen.key);
        if known.is_none() && self.stages.len() >= MOST_STAGES {
            self.warn("TOO_MANY_STAGES", format!("more than {MOST_STAGES} stages were reported"));
            return;
        }
        let from = known.map_or(RunStatus::Planned, |stage| stage.status);
        let (status, reason) = match from.advance(seen.status) {
            Ok(status) => (status, seen.reason.clone()),
            Err(illegal) => {
                let kept = known.and_then(|stage| stage.reason.clone());
                self.warn(
                    "ILLEGAL_TRANSITION",
                    format!("the provider reported a move of stage {}: {illegal}", seen.key),
                );
                (from, kept)
            }
        };
        let known = self.stages.get(&seen.key);
        let stage = Stage {
            id: StageId::of(self.build.id, &seen.key),
            build: self.build.id,
            revision: known.map_or(EventSeq::ZERO, |stage| stage.revision),
            key: seen.key.clone(),
            name: seen.name.clone(),
            kind: seen.kind,
            status,
            reason,
            parent: seen.parent.clone(),
            depends_on: seen.depends_on.iter().take(MOST_DEPENDENCIES).cloned().collect(),
            position: seen.position,
            queued_at: seen.queued_at,
            started_at: seen.started_at,
            finished_at: seen.finished_at,
            paused: seen.paused,
            attempts: seen.attempts.iter().take(MOST_ATTEMPTS).cloned().collect(),
            environment: seen.environment.clone(),
            namespace: seen.namespace.clone(),
            url: seen.url.clone().filter(|url| is_web_address(url)),
            agent: seen.agent.clone(),
        };
        self.stages.insert(seen.key.clone(), stage);
        // Which target a namespace means is known where the targets are: see `place`.
        if let (Some(target), None) = (&seen.environment, &seen.namespace) {
            self.deploys_to(target);
        }
        if self.build.shape == BuildShape::Unknown {
            self.build.shape = BuildShape::Pipeline;
        }
    }

    /// Says which target a stage deploys to, of which its engine told a namespace only.
    pub fn place(&mut self, stage: &StageKey, environment: String) {
        if let Some(stage) = self.stages.get_mut(stage) {
            stage.environment = Some(environment.clone());
            self.deploys_to(&environment);
        }
    }

    fn deploys_to(&mut self, target: &str) {
        let targets = &mut self.build.targets;
        if targets.len() < MOST_TARGETS && !targets.iter().any(|known| known == target) {
            targets.push(target.to_owned());
        }
    }

    fn observe_approval(&mut self, seen: &ApprovalObservation, now: Timestamp) {
        if !self.approvals.contains_key(&seen.key) && self.approvals.len() >= MOST_APPROVALS {
            self.warn("TOO_MANY_APPROVALS", format!("more than {MOST_APPROVALS} approvals were asked for"));
            return;
        }
        let approval = self.approvals.entry(seen.key.clone()).or_insert_with(|| Approval {
            id: ApprovalId::of(self.build.id, &seen.key),
            build: self.build.id,
            key: seen.key.clone(),
            stage: seen.stage.clone(),
            deployment: None,
            required: 1,
            self_approval: true,
            revision: EventSeq::ZERO,
            status: ApprovalStatus::Pending,
            message: seen.message.clone(),
            proceed_label: seen.proceed_label.clone(),
            parameters: seen.parameters.clone(),
            decisions: Vec::new(),
            awaits: None,
            requested_at: seen.requested_at,
            expires_at: seen.expires_at,
            delivered_at: None,
        });
        let was_delivering = approval.status == ApprovalStatus::Delivering;
        if let Err(from) = approval.settle(seen.status) {
            let message = format!("the provider reported a move of an approval from {from:?} to {:?}", seen.status);
            self.warn("ILLEGAL_TRANSITION", message);
        } else if was_delivering && matches!(seen.status, ApprovalStatus::Approved | ApprovalStatus::Rejected) {
            approval.delivered_at.get_or_insert(now);
        }
    }

    fn observe_artifact(&mut self, seen: &Artifact) {
        let artifacts = &mut self.build.artifacts;
        if let Some(known) = artifacts.iter_mut().find(|known| known.path == seen.path) {
            known.clone_from(seen);
        } else if artifacts.len() < MOST_ARTIFACTS {
            artifacts.push(seen.clone());
        } else {
            self.warn("TOO_MANY_ARTIFACTS", format!("more than {MOST_ARTIFACTS} artifacts were kept"));
        }
    }

    fn observe_steps(&mut self, seen: &[Step]) {
        self.build.steps = Step::kept(seen, MOST_STEPS);
        if seen.len() > MOST_STEPS {
            self.warn(
                "TOO_MANY_STEPS",
                format!("more than {MOST_STEPS} steps were told: the first {MOST_STEPS} are shown"),
            );
        }
        self.end_steps();
    }

    /// No step is at work in a build that has ended, whatever its engine told last.
    fn end_steps(&mut self) {
        if let Some(end) = self.build.finished_at.filter(|_| self.build.status.is_terminal()) {
            self.build.steps.iter_mut().for_each(|step| step.end(end));
        }
    }

    /// Nothing more will come: whatever is still open is closed with the build.
    fn complete(&mut self, now: Timestamp) {
        if self.build.is_complete {
            return;
        }
        if !self.build.status.is_terminal() {
            self.build.status = RunStatus::Errored;
            self.build.reason = Some(StatusReason::new(ReasonCode::Lost, "the provider ended without saying how"));
            self.build.finished_at = Some(now);
        }
        self.build.is_complete = true;
        self.end_steps();
        self.build.hold = None;
        self.set_degraded(None, now);
        if self.build.shape == BuildShape::Unknown {
            self.build.shape = if self.stages.is_empty() { BuildShape::Plain } else { BuildShape::Pipeline };
        }
        let ended_as =
            if self.build.status == RunStatus::Cancelled { RunStatus::Cancelled } else { RunStatus::Errored };
        for stage in self.stages.values_mut().filter(|stage| !stage.status.is_terminal()) {
            stage.status = if stage.started_at.is_some() { ended_as } else { RunStatus::Skipped };
            stage.reason.clone_from(&self.build.reason);
            if stage.started_at.is_some() {
                stage.finished_at.get_or_insert(now);
            }
            for attempt in stage.attempts.iter_mut().filter(|attempt| !attempt.status.is_terminal()) {
                attempt.status = ended_as;
                attempt.finished_at.get_or_insert(now);
            }
        }
        for approval in self.approvals.values_mut().filter(|approval| !approval.status.is_settled()) {
            (approval.status, approval.awaits) = (ApprovalStatus::Withdrawn, None);
        }
    }

    /// Notes something odd, once.
    pub fn warn(&mut self, code: &str, message: String) {
        let warning = Warning { code: code.to_owned(), message };
        if self.build.warnings.len() < MOST_WARNINGS && !self.build.warnings.contains(&warning) {
            self.build.warnings.push(warning);
        }
    }
}

fn set<T: Clone>(field: &mut Option<T>, seen: Option<&T>) {
    if let Some(seen) = seen {
        *field = Some(seen.clone());
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
