//! Runs the stages of a build: who goes when, who waits for whom, and what becomes of decisions, cancellation and time.

use std::{
    collections::{HashMap, VecDeque},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use alm_domain::{Observation, ParameterValue, ReasonCode, RunStatus, StatusReason, Verdict, check_parameters};

use super::{
    approval::Question,
    lack::{Lack, lacks_token},
    plan::{Context, Ended, Plan, Turn},
    site::Site,
    stage::{Unit, run_stage},
    step::{Stop, StopReason},
};
use crate::spool::{Commands, DecisionFile};

/// What the conductor wakes up for.
#[derive(Debug)]
pub(crate) enum Event {
    /// Everything that was asked of the run so far.
    Commands(Commands),
    /// There is a token that was not there before.
    Supplied,
    /// A stage has ended.
    Ended(usize, Ended),
}

/// Longest sleep.
const NAP: Duration = Duration::from_secs(60);

/// The conductor of one build.
pub(crate) struct Conductor {
    site: Arc<Site>,
    plan: Plan,
    /// Whether the stages are shown; those of a plain build are not.
    is_shown: bool,
    context: Context,
    /// How long the build may work.
    limit: Duration,
    worked: Duration,
    ended: HashMap<usize, Ended>,
    asking: HashMap<usize, Question>,
    /// Those whose turn it is, and what was given with the decision.
    due: VecDeque<(usize, Vec<ParameterValue>)>,
    /// Those that wait for the token of their environment.
    lacking: HashMap<usize, Lack>,
    running: HashMap<usize, Stop>,
    stopping: Option<StopReason>,
    events: (Sender<Event>, Receiver<Event>),
}

/// Why a stage was stopped by a person.
pub(crate) fn cancelled() -> StatusReason {
    StatusReason::new(ReasonCode::CancelledByUser, "a person asked the build to stop")
}

/// Why a stage was stopped when the build had used up its time.
pub(crate) fn timed_out() -> StatusReason {
    StatusReason::new(ReasonCode::TimedOut, "the build has used up its time")
}

impl Conductor {
    pub(crate) fn new(
        site: Arc<Site>,
        plan: Plan,
        is_shown: bool,
        context: Context,
        limit: Duration,
        events: (Sender<Event>, Receiver<Event>),
    ) -> Self {
        Self {
            site,
            plan,
            is_shown,
            context,
            limit,
            worked: Duration::ZERO,
            ended: HashMap::new(),
            asking: HashMap::new(),
            due: VecDeque::new(),
            lacking: HashMap::new(),
            running: HashMap::new(),
            stopping: None,
            events,
        }
    }

    /// The graph that is run.
    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Notes that a stage need not run, since it ended like this in an earlier build.
    pub(crate) fn reuse(&mut self, at: usize, ended: Ended) {
        self.tell(at, ended.status, ended.reason.as_ref());
        self.ended.insert(at, ended);
    }

    /// Runs everything; comes back when all has ended.
    pub(crate) fn conduct(mut self) -> (RunStatus, Option<StatusReason>) {
        loop {
            self.look_around();
            self.start_due();
            if self.running.is_empty() && self.asking.is_empty() && self.due.is_empty() && self.lacking.is_empty() {
                return self.verdict();
            }
            let before = Instant::now();
            let was_working = !self.running.is_empty();
            let event = self.events.1.recv_timeout(self.nap());
            if was_working {
                self.worked += before.elapsed();
            }
            match event {
                Ok(Event::Ended(at, ended)) => {
                    self.running.remove(&at);
                    self.ended.insert(at, ended);
                }
                Ok(Event::Commands(commands)) => self.obey(&commands),
                Ok(Event::Supplied) => self.supplied(),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            if self.worked >= self.limit && self.stopping.is_none() && !self.running.is_empty() {
                self.stop(StopReason::BuildTimedOut);
            }
            self.expire();
        }
    }

    /// Gives each stage whose turn has come its turn. One that is left out may let others go, so it is asked until nothing
    /// changes.
    fn look_around(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            let open: Vec<usize> = self.plan.leaves().filter(|at| self.is_open(*at)).collect();
            for at in open {
                match self.plan.turn(at, &self.ended, &self.context) {
                    Turn::Wait => continue,
                    Turn::Skip(reason) => {
                        self.tell(at, RunStatus::Skipped, Some(&reason));
                        self.ended.insert(at, Ended::new(RunStatus::Skipped, Some(reason)));
                    }
                    Turn::Go => self.go(at),
                }
                changed = true;
            }
        }
    }

    fn is_open(&self, at: usize) -> bool {
        !self.ended.contains_key(&at)
            && !self.asking.contains_key(&at)
            && !self.running.contains_key(&at)
            && !self.lacking.contains_key(&at)
            && !self.due.iter().any(|(due, _)| *due == at)
    }

    fn go(&mut self, at: usize) {
        match &self.plan.stages[at].input {
            Some(input) => {
                let question = Question::ask(&self.site.board, &self.plan.stages[at], input);
                self.asking.insert(at, question);
            }
            None => self.due.push_back((at, Vec::new())),
        }
    }

    fn start_due(&mut self) {
        let slots = self.site.request.options.parallel;
        while self.running.len() < slots
            && let Some((at, inputs)) = self.due.pop_front()
        {
            self.start(at, inputs);
        }
        for (at, _) in &self.due {
            let message = format!("{} of {slots} stages of this build are at work", self.running.len());
            let reason = StatusReason::new(ReasonCode::WaitingForSlot, message);
            self.site.board.update(&self.plan.stages[*at].key, |stage, now| {
                if matches!(stage.status, RunStatus::Planned | RunStatus::WaitingForCredential) {
                    stage.status = RunStatus::Queued;
                    stage.reason = Some(reason);
                    stage.queued_at = Some(now);
                }
            });
        }
    }

    fn start(&mut self, at: usize, inputs: Vec<ParameterValue>) {
        if let Some(reason) = lacks_token(&self.site, &self.plan.stages[at]) {
            let lack = Lack::begin(&self.site, &self.plan.stages[at], inputs, reason);
            self.lacking.insert(at, lack);
            return;
        }
        if let Err(cause) = self.try_start(at, inputs) {
            let reason = StatusReason::new(ReasonCode::Other, format!("the stage cannot be started: {cause}"));
            self.tell(at, RunStatus::Errored, Some(&reason));
            self.ended.insert(at, Ended::new(RunStatus::Errored, Some(reason)));
        }
    }

    fn try_start(&mut self, at: usize, inputs: Vec<ParameterValue>) -> io::Result<()> {
        let stop = Stop::new()?;
        let told = stop.clone();
        let unit = Unit {
            at,
            definition: self.plan.stages[at].clone(),
            is_shown: self.is_shown,
            inputs,
            builds_on: self.plan.before(at).into_iter().map(|at| self.plan.stages[at].key.clone()).collect(),
        };
        let (site, events) = (Arc::clone(&self.site), self.events.0.clone());
        let work = move || {
            let ended = catch_unwind(AssertUnwindSafe(|| run_stage(&site, &unit, &told))).unwrap_or_else(|_| {
                let reason = StatusReason::new(ReasonCode::Other, "the supervisor failed; its own log says where");
                site.board.update(&unit.definition.key, |stage, now| {
                    stage.status = RunStatus::Errored;
                    stage.reason = Some(reason.clone());
                    stage.finished_at = Some(now);
                });
                Ended::new(RunStatus::Errored, Some(reason))
            });
            // Nobody listens only when the conductor is gone, and the process with it.
            let _ = events.send(Event::Ended(unit.at, ended));
        };
        thread::Builder::new().spawn(work)?;
        self.running.insert(at, stop);
        Ok(())
    }

    fn supplied(&mut self) {
        let ready = |at: &usize| lacks_token(&self.site, &self.plan.stages[*at]).is_none();
        let ready: Vec<usize> = self.lacking.keys().copied().filter(ready).collect();
        for at in ready {
            if let Some(lack) = self.lacking.remove(&at) {
                self.due.push_back((at, lack.inputs));
            }
        }
    }

    fn obey(&mut self, commands: &Commands) {
        if commands.cancel && self.stopping != Some(StopReason::Cancelled) {
            self.site.board.lock().journal.tell(vec![Observation::CancelDelivered], true);
            self.stop(StopReason::Cancelled);
        }
        for decision in &commands.decisions {
            self.take(decision);
        }
    }

    fn take(&mut self, decision: &DecisionFile) {
        let asked = self.asking.iter().find(|(_, question)| *question.key() == decision.approval).map(|(at, _)| *at);
        let Some((at, question)) = asked.and_then(|at| self.asking.remove_entry(&at)) else { return };
        let stage = &self.plan.stages[at];
        let wanted = stage.input.as_ref().map(|input| input.parameters.as_slice()).unwrap_or_default();
        match (decision.verdict, check_parameters(wanted, &decision.parameters)) {
            (Verdict::Approve, Ok(inputs)) => {
                question.approved(&self.site.board, &decision.decided_by);
                if stage.work.is_some() {
                    self.due.push_back((at, inputs));
                } else {
                    self.finish(at, RunStatus::Succeeded, None);
                }
            }
            (Verdict::Approve, Err(problems)) => {
                // The provider checks before it delivers: this is a file that somebody else put there.
                let problem = problems.first().map(ToString::to_string).unwrap_or_default();
                self.site.board.warn("DECISION_REFUSED", format!("a decision does not fit its question: {problem}"));
                self.asking.insert(at, question);
            }
            (Verdict::Reject, _) => {
                question.rejected(&self.site.board);
                let said =
                    decision.comment.as_deref().map(|c| format!(": {}", alm_domain::shorten(c))).unwrap_or_default();
                let message = format!("{} said no{said}", alm_domain::shorten(&decision.decided_by));
                self.finish(at, RunStatus::Cancelled, Some(StatusReason::new(ReasonCode::Rejected, message)));
            }
        }
    }

    fn expire(&mut self) {
        let late: Vec<usize> = self.asking.iter().filter(|(_, q)| q.is_late()).map(|(at, _)| *at).collect();
        for at in late {
            if let Some(question) = self.asking.remove(&at) {
                question.expired(&self.site.board);
                let reason = StatusReason::new(ReasonCode::ApprovalExpired, "nobody decided in time");
                self.finish(at, RunStatus::Cancelled, Some(reason));
            }
        }
        let late: Vec<usize> = self.lacking.iter().filter(|(_, lack)| lack.is_late()).map(|(at, _)| *at).collect();
        for at in late {
            self.lacking.remove(&at);
            let reason = StatusReason::new(ReasonCode::CredentialLapsed, "nobody connected the account in time");
            self.finish(at, RunStatus::Cancelled, Some(reason));
        }
    }

    fn stop(&mut self, why: StopReason) {
        self.stopping = Some(why);
        let reason = match why {
            StopReason::Cancelled => cancelled(),
            StopReason::BuildTimedOut => timed_out(),
        };
        self.running.values().for_each(|stop| stop.pull(why));
        if why == StopReason::Cancelled {
            let told = reason.clone();
            self.site.board.update_run(true, |run, _| {
                run.status = RunStatus::Cancelling;
                run.reason = Some(told);
            });
            for at in self.running.keys() {
                self.tell(*at, RunStatus::Cancelling, Some(&reason));
            }
        }
        for (at, question) in std::mem::take(&mut self.asking) {
            question.withdrawn(&self.site.board);
            self.finish(at, RunStatus::Cancelled, Some(reason.clone()));
        }
        self.due.clear();
        for at in std::mem::take(&mut self.lacking).into_keys() {
            self.finish(at, RunStatus::Cancelled, Some(reason.clone()));
        }
        let open: Vec<usize> = self.plan.leaves().filter(|at| self.is_open(*at)).collect();
        for at in open {
            self.finish(at, RunStatus::Skipped, Some(reason.clone()));
        }
    }

    fn finish(&mut self, at: usize, status: RunStatus, reason: Option<StatusReason>) {
        self.tell(at, status, reason.as_ref());
        self.ended.insert(at, Ended::new(status, reason));
    }

    fn tell(&self, at: usize, status: RunStatus, reason: Option<&StatusReason>) {
        self.site.board.update(&self.plan.stages[at].key, |stage, now| {
            stage.status = status;
            stage.reason = reason.cloned();
            if status.is_terminal() && stage.started_at.is_some() {
                stage.finished_at = Some(now);
            }
        });
    }

    fn nap(&self) -> Duration {
        let asked = self.asking.values().filter_map(Question::time_left);
        let asked = asked.chain(self.lacking.values().filter_map(Lack::time_left)).min();
        let worked =
            (!self.running.is_empty() && self.stopping.is_none()).then(|| self.limit.saturating_sub(self.worked));
        asked.into_iter().chain(worked).min().unwrap_or(NAP).min(NAP)
    }

    /// How the build ended: as badly as the worst of its stages.
    fn verdict(&self) -> (RunStatus, Option<StatusReason>) {
        use RunStatus::{Cancelled, Errored, Failed, Skipped, Succeeded, Unstable};
        let mut ends: Vec<(&usize, &Ended)> = self.ended.iter().collect();
        ends.sort_by_key(|(at, _)| **at);
        let stopped = |end: &Ended| matches!(end.status, Cancelled | Skipped) && end.reason == Some(cancelled());
        if self.stopping == Some(StopReason::Cancelled) && ends.iter().any(|(_, end)| stopped(end)) {
            return (Cancelled, Some(cancelled()));
        }
        if self.stopping == Some(StopReason::BuildTimedOut) {
            let message = format!("the build may work for {} s, and has used them up", self.limit.as_secs());
            return (Failed, Some(StatusReason::new(ReasonCode::TimedOut, message)));
        }
        let worst = [Errored, Failed, Cancelled, Unstable]
            .into_iter()
            .find_map(|status| ends.iter().find(|(_, end)| end.status == status));
        match worst {
            None => (Succeeded, None),
            Some((at, end)) => {
                let reason = end.reason.as_ref().map(|reason| match self.is_shown {
                    true => {
                        let name = &self.plan.stages[**at].name;
                        StatusReason::new(reason.code, format!("stage {name:?}: {}", reason.message))
                    }
                    false => reason.clone(),
                });
                (end.status, reason)
            }
        }
    }
}
