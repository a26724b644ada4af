//! The follower of one build.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, ConfigRef, DeployBuild, DeployTarget, ProviderError, RerunBuild, RunRef,
    SecretReach, StartBuild,
};
use alm_domain::{
    BuildHeads, BuildId, BuildState, Deploys, LogLine, Observation, Observed, Principal, ReasonCode, ResumeToken,
    RunStatus, StageObservation, StatusReason, Timestamp,
};
use alm_store::{Append, Epoch, Fence, RunRecord, StoreError};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Shared, ahead::Ahead, backoff::Backoff};
use crate::app::{
    AppError,
    gate::{Reader, Unfit},
};

/// How often a defect (not an outage) is met before the build is given up.
const MOST_DEFECTS: u32 = 5;
/// Longest pause before the database is asked again: it is near, and everybody waits for it.
const LONGEST_STORE_RETRY: Duration = Duration::from_secs(2);

/// Why a follower stops following for now.
pub(super) enum Setback {
    /// The engine cannot be asked, or the token does not work: try again after a pause.
    Later { message: String, retry_after: Option<Duration> },
    /// The database cannot be asked: try again soon, it says nothing about the engine.
    Store(StoreError),
    /// Something is broken on either side: try again a few times.
    Defect(String),
    /// The build is over, and its run cannot be let go of yet, as just after the end: try again, and leave the build as it is.
    Unreleased(ProviderError),
    /// The build cannot go on.
    Over(StatusReason),
    /// The build goes on from another state: look again at once.
    Again,
    /// The build has no run yet, and waits until then at the latest.
    Held(Option<Timestamp>),
    /// A person's account is missing: go on when it is connected again. What is shown is the last that is known.
    Credential(String),
    /// The engine does not take the token that it was called with.
    Unauthorized(String),
    /// The engine does not let whoever it was called for do this: try again after a pause.
    Forbidden(String),
    /// Another follower has taken over, or the service stops.
    Gone,
}

impl From<StoreError> for Setback {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced => Self::Gone,
            error => Self::Store(error),
        }
    }
}

impl From<AppError> for Setback {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(error) => error.into(),
            error => Self::Later { message: error.to_string(), retry_after: None },
        }
    }
}

impl From<Unfit> for Setback {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Token(checked) => Self::Credential(checked.sentence()),
            Unfit::Other(error) => error.into(),
        }
    }
}

impl From<ProviderError> for Setback {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Unavailable { message, retry_after, .. } => Self::Later { message, retry_after },
            ProviderError::Unauthorized(message) => Self::Unauthorized(message),
            ProviderError::Forbidden(message) => Self::Forbidden(message),
            ProviderError::NotFound(message) => Self::Over(StatusReason::new(ReasonCode::Lost, message)),
            error => Self::Defect(error.to_string()),
        }
    }
}

pub(super) struct Follower<'a> {
    pub(super) shared: &'a Shared,
    pub(super) build: BuildId,
    bell: Arc<Notify>,
    stop: CancellationToken,
    backoff: Backoff,
    /// Defects that were met since something last went well.
    defects: u32,
    /// Whether the build may still carry a note that its engine cannot be asked.
    noted: bool,
    /// Whether something is not delivered yet that may be later: since somebody's account is missing, or may not.
    pub(super) looks_again: bool,
    /// Whether a stage has just begun to wait for its token.
    lacks_token: bool,
    /// With whose rights the build is looked after, once that is known.
    pub(super) reader: Option<Reader>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(shared: &'a Shared, build: BuildId, bell: Arc<Notify>, stop: CancellationToken) -> Self {
        let backoff = Backoff::new(shared.timing.first_retry, shared.timing.longest_retry);
        Self {
            shared,
            build,
            bell,
            stop,
            backoff,
            defects: 0,
            noted: true,
            looks_again: false,
            lacks_token: false,
            reader: None,
        }
    }

    /// Follows the build until it is over and released, or the service stops, or another follower takes over.
    #[tracing::instrument(name = "follow", skip_all, fields(build = %self.build))]
    pub(super) async fn run(mut self) {
        let mut accounts = self.shared.hub.accounts();
        loop {
            accounts.borrow_and_update();
            let mut waits_for_account = false;
            let stop = self.stop.clone();
            let outcome = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                outcome = self.attempt() => outcome,
            };
            let pause = match outcome {
                Ok(()) | Err(Setback::Gone) => return,
                Err(Setback::Again) => continue,
                Err(Setback::Over(reason)) => {
                    self.give_up(reason).await;
                    self.backoff.next(None)
                }
                Err(Setback::Held(until)) => {
                    waits_for_account = true;
                    self.until(until)
                }
                Err(Setback::Credential(message)) => {
                    waits_for_account = true;
                    self.degrade(StatusReason::new(ReasonCode::Credential, message)).await;
                    self.shared.timing.recheck
                }
                Err(Setback::Unauthorized(message)) => {
                    tracing::warn!(error = message, "the engine does not take the token");
                    waits_for_account = true;
                    self.degrade(StatusReason::new(ReasonCode::Credential, message)).await;
                    self.backoff.next(None)
                }
                Err(Setback::Forbidden(message)) => {
                    tracing::warn!(error = message, "the engine does not let the build be looked after");
                    self.pass_over();
                    self.degrade(StatusReason::new(ReasonCode::Other, message)).await;
                    self.backoff.next(None)
                }
                Err(Setback::Later { message, retry_after }) => {
                    metrics::counter!("alm_engine_setbacks_total").increment(1);
                    tracing::warn!(error = message, "the engine cannot be asked");
                    self.degrade(StatusReason::new(ReasonCode::Other, message)).await;
                    self.backoff.next(retry_after)
                }
                Err(Setback::Unreleased(error)) => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "the run is not released yet");
                    self.backoff.next(None)
                }
                Err(Setback::Store(error)) => {
                    metrics::counter!("alm_engine_setbacks_total").increment(1);
                    tracing::warn!(error = &error as &dyn std::error::Error, "the database cannot be asked");
                    self.backoff.next(None).min(LONGEST_STORE_RETRY)
                }
                Err(Setback::Defect(message)) => {
                    self.defects += 1;
                    tracing::error!(error = message, defects = self.defects, "following failed");
                    if self.defects > MOST_DEFECTS {
                        self.give_up(StatusReason::new(ReasonCode::Other, message)).await;
                    } else {
                        self.degrade(StatusReason::new(ReasonCode::Other, message)).await;
                    }
                    self.backoff.next(None)
                }
            };
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                () = self.bell.notified() => {}
                Ok(()) = accounts.changed(), if waits_for_account => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// How long a build that waits until then sleeps, if nothing wakes it.
    fn until(&self, then: Option<Timestamp>) -> Duration {
        let left = then.map(|then| (then - self.shared.clock.now()).to_std().unwrap_or_default());
        left.map_or(self.shared.timing.recheck, |left| left.min(self.shared.timing.recheck))
    }

    /// One go at it: claim, start if need be, follow to the end, release.
    async fn attempt(&mut self) -> Result<(), Setback> {
        let system = &self.shared.principal;
        let (state, heads) = self.shared.store.build_state(system, self.build).await?.ok_or(Setback::Gone)?;
        let record = self.record().await?;
        // A provider that cannot be set up now is an outage: what it runs may well be running.
        let provider = self.shared.registry.get(state.build.provider).await.map_err(|error| Setback::Later {
            message: format!("the provider cannot be set up: {error}"),
            retry_after: None,
        })?;
        self.reader = None;
        let worked = self.work(&*provider, &state, heads, record).await;
        if let Err(Setback::Unauthorized(_)) = &worked {
            let actor = self.reader.as_ref().map_or(&state.build.trigger.actor, |reader| &reader.actor);
            self.shared.gate.unauthorized(actor, &state.build, &*provider).await?;
        }
        worked
    }

    async fn work(
        &mut self,
        provider: &dyn BuildProvider,
        state: &BuildState,
        heads: BuildHeads,
        record: RunRecord,
    ) -> Result<(), Setback> {
        if heads.is_complete {
            return self.release(provider, &state.build, &record).await;
        }
        if let Some(hold) = &state.build.hold {
            self.look_at_hold(provider, &state.build, hold).await?;
            return Err(Setback::Again);
        }
        let epoch = self.shared.store.claim(&self.shared.principal, self.build).await?;
        // An earlier follower may have written until now: from a picture of before, all of that would be told twice.
        let record = self.record().await?;
        let run = match &record.run_ref {
            Some(run) => RunRef(run.clone()),
            // What may not or cannot be started is not started for the sake of stopping it.
            None if state.build.cancel.is_some() => self.find(provider, &record, state, epoch).await?,
            None => self.start(provider, &record, state, epoch).await?,
        };
        let access = self.access(provider, &state.build).await?;
        if state.build.degraded_since.is_some() {
            self.recover(provider, &access, &run).await?;
        }
        self.follow(provider, access, &run, record.resume, epoch).await?;
        self.release(provider, &state.build, &self.record().await?).await
    }

    async fn record(&self) -> Result<RunRecord, Setback> {
        self.shared.store.run_record(&self.shared.principal, self.build).await?.ok_or(Setback::Gone)
    }

    /// Makes sure that there is a run at the engine. The intent is the build itself, stored before; starting is idempotent by
    /// its id, so a call whose answer was lost is found again here.
    async fn start(
        &self,
        provider: &dyn BuildProvider,
        record: &RunRecord,
        state: &BuildState,
        epoch: Epoch,
    ) -> Result<RunRef, Setback> {
        let build = &state.build;
        let spec: BuildConfigSpec = serde_json::from_value(record.spec.clone()).map_err(|e| {
            Setback::Over(StatusReason::new(ReasonCode::StartRefused, format!("the stored configuration: {e}")))
        })?;
        let outfit = self.shared.gate.outfit(build, provider).await?;
        let start = StartBuild {
            build: build.id,
            number: build.number,
            config: ConfigRef(record.config_ref.clone()),
            reference: build.reference.clone().unwrap_or_else(|| spec.repository.reference.clone()),
            spec,
            parameters: build.parameters.clone(),
            secrets: outfit.secrets,
            withheld: outfit.withheld,
        };
        let access = outfit.access;
        let started = match (&build.rerun_of, &build.deploys) {
            (_, Some(deploys)) => match self.shared.deploy_request(start, deploys).await? {
                Some(request) => provider.deploy(&access, request).await,
                None => {
                    let message = "the build that made the version is gone";
                    return Err(Setback::Over(StatusReason::new(ReasonCode::StartRefused, message)));
                }
            },
            (None, None) => provider.start(&access, start).await,
            (Some(rerun), None) => match self.shared.rerun_request(start, rerun).await? {
                Some(request) => provider.rerun(&access, request).await,
                None => {
                    return Err(Setback::Over(StatusReason::new(
                        ReasonCode::StartRefused,
                        "the build to repeat is gone",
                    )));
                }
            },
        };
        let run = started.map_err(|error| match error {
            // Its sentence says all of it.
            ProviderError::Unsupported { reason, .. } => {
                Setback::Over(StatusReason::new(ReasonCode::StartRefused, reason))
            }
            error @ (ProviderError::Invalid(_) | ProviderError::NotFound(_) | ProviderError::Conflict(_)) => {
                Setback::Over(StatusReason::new(ReasonCode::StartRefused, error.to_string()))
            }
            error => error.into(),
        })?;
        self.keep(run, epoch).await
    }

    /// The run of a build that was asked to stop, should an earlier start have made one whose answer was lost.
    async fn find(
        &self,
        provider: &dyn BuildProvider,
        record: &RunRecord,
        state: &BuildState,
        epoch: Epoch,
    ) -> Result<RunRef, Setback> {
        let access = self.shared.gate.access(&state.build.trigger.actor, &state.build, provider).await?;
        let config = ConfigRef(record.config_ref.clone());
        match provider.find(&access, &config, self.build).await? {
            Some(run) => self.keep(run, epoch).await,
            None => {
                let why = "the build was asked to stop before its engine had begun it";
                let why =
                    state.build.reason.clone().unwrap_or_else(|| StatusReason::new(ReasonCode::CancelledByUser, why));
                Err(Setback::Over(why))
            }
        }
    }

    async fn keep(&self, run: RunRef, epoch: Epoch) -> Result<RunRef, Setback> {
        let append = Append { run_ref: Some(run.0.clone()), ..Append::default() };
        self.shared.store.append_lines(&self.shared.principal, self.build, Fence::Follower(epoch), append).await?;
        Ok(run)
    }

    async fn follow(
        &mut self,
        provider: &dyn BuildProvider,
        access: Access,
        run: &RunRef,
        resume: Option<ResumeToken>,
        epoch: Epoch,
    ) -> Result<(), Setback> {
        let stop = self.stop.child_token();
        let _end_stream = stop.clone().drop_guard();
        let mut stream = provider.follow(&access, run, resume, stop);
        // A command may have been stored while nobody listened.
        let mut accounts = self.shared.hub.accounts();
        self.deliver(provider, &access, run).await?;
        let mut ahead = Ahead::default();
        // No commit before this, unless there is enough for one.
        let mut window = Instant::now();
        let mut look_again = Instant::now() + self.shared.timing.recheck;
        loop {
            let may_do_more = tokio::select! {
                biased;
                () = self.bell.notified() => true,
                Ok(()) = accounts.changed(), if self.looks_again => true,
                () = tokio::time::sleep_until(look_again), if self.looks_again || self.is_lent() => true,
                () = ahead.read(&mut stream) => false,
                () = tokio::time::sleep_until(window), if !ahead.is_empty() => false,
            };
            if may_do_more {
                self.still_lent().await?;
                self.deliver(provider, &access, run).await?;
                look_again = Instant::now() + self.shared.timing.recheck;
            }
            if !ahead.is_full() && (ahead.is_empty() || Instant::now() < window) {
                continue;
            }
            window = Instant::now() + self.shared.timing.commit_window;
            if !ahead.is_empty() {
                let committed = {
                    let mut commit = std::pin::pin!(self.commit(ahead.take(), epoch));
                    loop {
                        // While the disk is at work the engine is asked for more: a log that is behind is committed in large
                        // parts.
                        tokio::select! {
                            biased;
                            committed = &mut commit => break committed?,
                            () = ahead.read(&mut stream) => {}
                        }
                    }
                };
                if committed.is_break() {
                    return Ok(());
                }
                if std::mem::take(&mut self.lacks_token) {
                    self.supply_tokens(provider, &access, run).await?;
                }
                self.backoff.reset();
                self.defects = 0;
            }
            match ahead.end() {
                None => {}
                Some(Some(error)) => return Err(error.into()),
                Some(None) if self.stop.is_cancelled() => return Err(Setback::Gone),
                Some(None) => {
                    let message = "the engine ended the stream early".to_owned();
                    return Err(Setback::Later { message, retry_after: None });
                }
            }
        }
    }

    /// Tells the engine what it does not know yet: what people asked for, and the tokens that stages wait for.
    async fn deliver(&mut self, provider: &dyn BuildProvider, access: &Access, run: &RunRef) -> Result<(), Setback> {
        self.looks_again = false;
        self.deliver_commands(provider, access, run).await?;
        self.supply_tokens(provider, access, run).await
    }

    /// Commits what was observed together with its token. `Break` when everything has been told.
    async fn commit(&mut self, observed: Vec<Observed>, epoch: Epoch) -> Result<ControlFlow<()>, Setback> {
        let mut lines: Vec<LogLine> = Vec::new();
        let mut changes: Vec<Observation> = Vec::new();
        let mut resume = None;
        for batch in observed {
            resume = Some(batch.resume);
            for observation in batch.observations {
                match observation {
                    Observation::Lines(more) => lines.extend(more.into_iter().map(cleaned)),
                    other => changes.push(other),
                }
            }
        }
        let over = changes.iter().any(|o| matches!(o, Observation::Complete));
        let lacks = |stage: &StageObservation| stage.status == RunStatus::WaitingForCredential;
        self.lacks_token = changes.iter().any(|o| matches!(o, Observation::Stages(stages) if stages.iter().any(lacks)));
        let append = Append { lines, resume, ..Append::default() };
        let begun = Instant::now();
        let (store, system) = (&self.shared.store, &self.shared.principal);
        let committed = if changes.is_empty() && !self.noted {
            store.append_lines(system, self.build, Fence::Follower(epoch), append).await?
        } else {
            let now = self.shared.clock.now();
            store
                .update_build(system, self.build, Fence::Follower(epoch), append, |state| {
                    state.set_degraded(None, now);
                    for observation in &changes {
                        state.observe(observation, now);
                    }
                })
                .await?
        };
        metrics::histogram!("alm_commit_seconds").record(begun.elapsed().as_secs_f64());
        metrics::counter!("alm_log_lines_total").increment(committed.lines.len() as u64);
        self.noted = false;
        self.shared.hub.publish(self.build, &committed);
        self.shared.deployments_moved(&committed.deployments).await;
        Ok(if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Takes the note from a build whose engine answers again: one that has nothing new to tell would carry it on and on.
    async fn recover(&mut self, provider: &dyn BuildProvider, access: &Access, run: &RunRef) -> Result<(), Setback> {
        provider.get(access, run).await?;
        let now = self.shared.clock.now();
        self.write_aside(|state| state.set_degraded(None, now)).await;
        self.noted = false;
        Ok(())
    }

    /// Notes on the build that its engine cannot be asked. Best effort: the next commit clears it.
    async fn degrade(&mut self, reason: StatusReason) {
        self.noted = true;
        let now = self.shared.clock.now();
        self.write_aside(|state| state.set_degraded(Some(reason.clone()), now)).await;
    }

    /// Ends the build for a reason that the engine did not give.
    async fn give_up(&self, reason: StatusReason) {
        let now = self.shared.clock.now();
        let status = if reason.code == ReasonCode::StartRefused { RunStatus::Failed } else { RunStatus::Errored };
        self.write_aside(|state| {
            let status = if state.build.cancel.is_some() { RunStatus::Cancelled } else { status };
            state.finish(status, reason.clone(), now);
        })
        .await;
    }

    pub(super) async fn write_aside(&self, change: impl FnMut(&mut BuildState) + Send) {
        let (store, system) = (&self.shared.store, &self.shared.principal);
        match store.update_build(system, self.build, Fence::Bystander, Append::default(), change).await {
            Ok(committed) => self.shared.hub.publish(self.build, &committed),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a note on the build was not stored")
            }
        }
    }
}

impl Shared {
    /// The request to repeat a build; `None` when that build is gone.
    async fn rerun_request(
        &self,
        start: StartBuild,
        rerun: &alm_domain::RerunOf,
    ) -> Result<Option<RerunBuild>, Setback> {
        let system: &Principal = &self.principal;
        let Some((of, _)) = self.store.build_state(system, rerun.build).await? else { return Ok(None) };
        let run = self.store.run_record(system, rerun.build).await?.and_then(|record| record.run_ref);
        Ok(Some(RerunBuild {
            start,
            of: RunRef(run.unwrap_or_default()),
            of_build: rerun.build,
            commit: of.build.commit.clone(),
            from: rerun.from.clone(),
            stages: of.stages.values().map(as_observed).collect(),
            artifacts: of.build.artifacts.clone(),
        }))
    }
}

impl Shared {
    /// The request to bring a version somewhere; `None` when the build that made it is gone, or the environment.
    async fn deploy_request(&self, start: StartBuild, deploys: &Deploys) -> Result<Option<DeployBuild>, Setback> {
        let system: &Principal = &self.principal;
        let Some((of, _)) = self.store.build_state(system, deploys.build).await? else { return Ok(None) };
        let run = self.store.run_record(system, deploys.build).await?.and_then(|record| record.run_ref);
        let Some(target) = self.store.environments(system, &[deploys.environment]).await?.pop() else {
            return Ok(None);
        };
        let token = start
            .secrets
            .iter()
            .find(|secret| secret.reach == SecretReach::Environment && secret.name == deploys.environment_name);
        let access = Access { token: token.map(|token| token.value.clone()) };
        Ok(Some(DeployBuild {
            start,
            of: RunRef(run.unwrap_or_default()),
            of_build: deploys.build,
            commit: of.build.commit.clone(),
            stages: of.stages.values().map(as_observed).collect(),
            artifacts: of.build.artifacts.clone(),
            environment: deploys.environment_name.clone(),
            target: DeployTarget {
                url: target.url,
                namespace: target.namespace,
                ca_bundle: target.ca_bundle,
                registry_host: target.registry_host,
                access,
            },
            version: deploys.version.clone(),
        }))
    }
}

/// Nothing that a provider sends may act on a terminal or a page.
fn cleaned(mut line: LogLine) -> LogLine {
    line.text = alm_domain::clean_text(line.text);
    line
}

fn as_observed(stage: &alm_domain::Stage) -> StageObservation {
    StageObservation {
        key: stage.key.clone(),
        name: stage.name.clone(),
        kind: stage.kind,
        status: stage.status,
        reason: stage.reason.clone(),
        parent: stage.parent.clone(),
        depends_on: stage.depends_on.clone(),
        position: stage.position,
        queued_at: stage.queued_at,
        started_at: stage.started_at,
        finished_at: stage.finished_at,
        paused: stage.paused,
        attempts: stage.attempts.clone(),
        environment: stage.environment.clone(),
        namespace: stage.namespace.clone(),
        url: stage.url.clone(),
        agent: stage.agent.clone(),
    }
}
