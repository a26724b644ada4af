//! A provider that is wrong in one way, and right in all others.

use std::{
    collections::HashSet,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use alm_domain::{
    BuildId, BuildShape, Capability, Commit, ProviderHealth, RerunFrom, RunObservation, RunStatus, Settings, Verdict,
};
use async_trait::async_trait;
use futures::{FutureExt, StreamExt, stream};
use secrecy::ExposeSecret;

use super::{
    Mutant,
    news::{main_stage, twist, twist_stage},
};
use crate::{
    Access, BuildConfigSpec, BuildProvider, ByteStream, CancelReceipt, CancellationToken, Chosen, ConfigRef, Decision,
    DecisionReceipt, DeployBuild, Description, Finding, Identity, LineStream, LogPosition, NamedSecret, Observation,
    Observed, ObservedStream, ProviderDescriptor, ProviderError, RerunBuild, ResumeToken, RunPage, RunRef, RunSnapshot,
    SecretReach, StartBuild,
    conformance::fake::{FakeEngine, FakeProvider, Script, position_of},
};

/// A [`FakeProvider`] that is wrong in one way. Only its suite's own tests have a use for it.
pub struct BrokenProvider {
    mutant: Mutant,
    inner: FakeProvider,
    engine: FakeEngine,
    other_descriptor: ProviderDescriptor,
    toggle: AtomicBool,
    memory: Arc<Mutex<Memory>>,
    /// Followers that are listening now.
    listening: Arc<AtomicUsize>,
}

/// What this instance alone remembers.
#[derive(Default)]
struct Memory {
    started: HashSet<BuildId>,
    cancelled: HashSet<RunRef>,
    purged: HashSet<RunRef>,
    handed_out: HashSet<(RunRef, String)>,
    last_token: String,
    secret: String,
    supplied: HashSet<RunRef>,
}

impl fmt::Debug for BrokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("BrokenProvider");
        shown.field("mutant", &self.mutant);
        if self.mutant == Mutant::DebugShowsToken {
            shown.field("token", &self.memory().last_token);
        }
        shown.finish_non_exhaustive()
    }
}

impl BrokenProvider {
    pub(super) fn new(mutant: Mutant, inner: FakeProvider, engine: &FakeEngine) -> Self {
        let mut other_descriptor = inner.descriptor().clone();
        other_descriptor.isolation.push_str(" Or is there?");
        Self {
            mutant,
            inner,
            engine: engine.clone(),
            other_descriptor,
            toggle: AtomicBool::new(false),
            memory: Arc::default(),
            listening: Arc::default(),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == mutant
    }

    fn declares(&self, capability: Capability) -> bool {
        self.inner.descriptor().capabilities.contains(&capability)
    }

    fn build_of(&self, run: &RunRef) -> Option<BuildId> {
        self.engine.lock().runs.iter().find(|known| known.name == *run).and_then(|known| known.build)
    }

    fn status_of(&self, run: &RunRef) -> Option<RunStatus> {
        self.engine.lock().runs.iter().find(|known| known.name == *run).map(|known| known.state.status)
    }

    /// A run that nobody asked for.
    fn one_more(&self, config: &ConfigRef) -> Result<RunRef, ProviderError> {
        let run = self.engine.start_outside(config, Script::new());
        run.ok_or_else(|| ProviderError::NotFound("no such build configuration".to_owned()))
    }

    fn twisted<T>(&self, access: &Access, answer: Result<T, ProviderError>) -> Result<T, ProviderError> {
        answer.map_err(|error| match (error, self.mutant) {
            (ProviderError::Unavailable { message, .. }, Mutant::OutageIsInternal) => {
                ProviderError::internal(message, "connection refused")
            }
            (ProviderError::NotFound(message), Mutant::UnknownRunIsInternal) => {
                ProviderError::internal(message, "no row")
            }
            (ProviderError::Unauthorized(message), Mutant::UnauthorizedIsForbidden) => {
                ProviderError::Forbidden(message)
            }
            (ProviderError::Unauthorized(message), Mutant::ErrorEchoesToken) => {
                let token = access.token.as_ref().map(|token| token.expose_secret()).unwrap_or_default();
                ProviderError::Unauthorized(format!("{message}: {token}"))
            }
            (error, _) => error,
        })
    }
}

/// Ends the build if it is dropped before the stream has come to an end.
struct EndsBuild {
    engine: FakeEngine,
    build: Option<BuildId>,
    armed: bool,
}

impl Drop for EndsBuild {
    fn drop(&mut self) {
        if let (true, Some(build)) = (self.armed, self.build) {
            self.engine.end(build, RunStatus::Errored, None);
        }
    }
}

/// Keeps the line `before` back until other lines come.
fn keep_back(told: &mut Vec<Observation>, kept_back: &mut Vec<Observation>) {
    let is_early =
        |told: &Observation| matches!(told, Observation::Lines(lines) if lines.len() == 1 && lines[0].text == "before");
    if let (Some(early), 1) = (told.iter().position(is_early), told.iter().filter(|told| is_line(told)).count()) {
        kept_back.push(told.remove(early));
    } else if told.iter().any(is_line) {
        told.splice(0..0, kept_back.drain(..));
    }
}

fn is_line(told: &Observation) -> bool {
    matches!(told, Observation::Lines(_))
}

/// Puts a secret back into the lines that it was taken out of.
fn show(told: &mut [Observation], secret: &str) {
    for told in told {
        if let Observation::Lines(lines) = told {
            lines.iter_mut().for_each(|line| line.text = line.text.replace("***", secret));
        }
    }
}

/// Counts those who listen.
struct Listening(Arc<AtomicUsize>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl BuildProvider for BrokenProvider {
    fn descriptor(&self) -> &ProviderDescriptor {
        if self.is(Mutant::DescriptorChanges) && self.toggle.fetch_xor(true, Ordering::SeqCst) {
            return &self.other_descriptor;
        }
        self.inner.descriptor()
    }

    fn configure(&self, settings: &Settings) -> Result<(), ProviderError> {
        if self.is(Mutant::ConfigureRefusesOwnSettings) {
            return Err(ProviderError::Invalid(vec![Finding::new(["slots"], "cannot be changed while builds run")]));
        }
        self.inner.configure(settings)
    }

    async fn probe(&self) -> Result<(ProviderHealth, Option<String>), ProviderError> {
        if self.is(Mutant::ProbeFailsInOutage) && self.engine.lock().outage {
            return Err(ProviderError::unavailable("no answer", "connection refused"));
        }
        self.inner.probe().await
    }

    async fn who_am_i(&self, access: &Access) -> Result<Identity, ProviderError> {
        let mut identity = self.inner.who_am_i(access).await?;
        if self.is(Mutant::NamelessAccount) {
            identity.account.clear();
        }
        Ok(identity)
    }

    async fn validate(&self, access: &Access, spec: &BuildConfigSpec) -> Result<(), ProviderError> {
        match (self.inner.validate(access, spec).await, self.mutant) {
            (Err(ProviderError::Invalid(_)), Mutant::ValidateAcceptsAnything) => Ok(()),
            (Err(ProviderError::Invalid(mut findings)), Mutant::FindingWithoutPath) => {
                findings.iter_mut().for_each(|finding| finding.path.clear());
                Err(ProviderError::Invalid(findings))
            }
            (answer, _) => answer,
        }
    }

    async fn create_config(&self, access: &Access, spec: &BuildConfigSpec) -> Result<ConfigRef, ProviderError> {
        let config = self.inner.create_config(access, spec).await?;
        if self.is(Mutant::CreatesConfigTwice) {
            return Ok(self.engine.change(|state, _| {
                state.configs_made += 1;
                let another = format!("config-{}", state.configs_made);
                state.configs.insert(another.clone(), spec.clone());
                ConfigRef(another)
            }));
        }
        Ok(config)
    }

    async fn read_config(&self, access: &Access, config: &ConfigRef) -> Result<BuildConfigSpec, ProviderError> {
        self.inner.read_config(access, config).await
    }

    async fn update_config(
        &self,
        access: &Access,
        config: &ConfigRef,
        spec: &BuildConfigSpec,
        chosen: &Chosen,
    ) -> Result<ConfigRef, ProviderError> {
        if self.is(Mutant::UpdateForgotten) {
            return self.inner.read_config(access, config).await.map(|_| config.clone());
        }
        self.inner.update_config(access, config, spec, chosen).await
    }

    async fn delete_config(&self, access: &Access, config: &ConfigRef) -> Result<(), ProviderError> {
        match self.mutant {
            Mutant::DeleteKeepsConfig => return Ok(()),
            Mutant::SecondDeleteErrors => drop(self.inner.read_config(access, config).await?),
            _ => {}
        }
        self.inner.delete_config(access, config).await
    }

    async fn describe(
        &self,
        access: &Access,
        spec: &BuildConfigSpec,
        reference: &str,
    ) -> Result<Description, ProviderError> {
        if self.is(Mutant::UndeclaredIsServed) && !self.declares(Capability::Describe) {
            return FakeProvider::attach(&self.engine).describe(access, spec, reference).await;
        }
        let mut description = self.inner.describe(access, spec, reference).await?;
        match self.mutant {
            Mutant::CapabilityDeclaredButBroken => return Err(ProviderError::unsupported(Capability::Describe)),
            Mutant::DescribesOtherStages => drop(description.stages.pop()),
            Mutant::DescribesWithoutParameters => description.parameters.clear(),
            // So that it is found by what it does, not by what it says.
            Mutant::PlainWithStage if description.shape == BuildShape::Plain => {
                description.stages.push(main_stage(RunStatus::Planned));
            }
            _ => {}
        }
        Ok(description)
    }

    async fn start(&self, access: &Access, mut request: StartBuild) -> Result<RunRef, ProviderError> {
        let build = request.build;
        let known = self.engine.snapshot(build);
        let is_mine = !self.memory().started.insert(build);
        match self.mutant {
            Mutant::StartsTwice if known.as_ref().is_some_and(|run| run.run.status.is_terminal()) && is_mine => {
                return self.one_more(&request.config);
            }
            Mutant::StartRaces if known.is_none() => {
                tokio::task::yield_now().await;
                if self.engine.runs_of(build) > 0 {
                    return self.one_more(&request.config);
                }
            }
            Mutant::ForgetsStartsAfterRestart if known.is_some() && !is_mine => return self.one_more(&request.config),
            Mutant::SecretsDropped => request.secrets.clear(),
            Mutant::TokensForEveryStage => {
                request.secrets.iter_mut().for_each(|secret| secret.reach = SecretReach::Build);
            }
            Mutant::WithheldIgnored => request.withheld.clear(),
            Mutant::LogShowsSecret => {
                let first = request.secrets.first().map(|secret| secret.value.expose_secret().to_owned());
                self.memory().secret = first.unwrap_or_default();
            }
            Mutant::ParametersDropped => {
                request.parameters.iter_mut().for_each(|parameter| parameter.value = "nobody".into());
            }
            _ => {}
        }
        let answer = self.inner.start(access, request).await;
        self.twisted(access, answer)
    }

    async fn find(&self, access: &Access, config: &ConfigRef, build: BuildId) -> Result<Option<RunRef>, ProviderError> {
        let found = self.inner.find(access, config, build).await?;
        Ok(found.filter(|_| !self.is(Mutant::FindsNothing)))
    }

    async fn rerun(&self, access: &Access, mut request: RerunBuild) -> Result<RunRef, ProviderError> {
        let from_beginning = request.from == RerunFrom::Beginning && self.declares(Capability::Rerun);
        match self.mutant {
            Mutant::RerunReturnsOldRun if from_beginning => return Ok(request.of),
            Mutant::RerunsTwice if from_beginning && self.engine.runs_of(request.start.build) > 0 => {
                return self.one_more(&request.start.config);
            }
            Mutant::RerunFromStageRunsAll if self.declares(Capability::RerunFromStage) => {
                request.from = RerunFrom::Beginning;
            }
            _ => {}
        }
        self.inner.rerun(access, request).await
    }

    async fn deploy(&self, access: &Access, mut request: DeployBuild) -> Result<RunRef, ProviderError> {
        if !self.declares(Capability::Deploy) {
            return self.inner.deploy(access, request).await;
        }
        let build = request.start.build;
        match self.mutant {
            Mutant::DeployReturnsOldRun if request.environment == "prod" => return Ok(request.of),
            Mutant::DeploysTwice if self.engine.runs_of(build) > 0 => return self.one_more(&request.start.config),
            Mutant::DeployRunsAll if request.environment == "prod" => {
                return self.inner.start(access, request.start).await;
            }
            Mutant::DeployLosesFiles => request.artifacts.clear(),
            Mutant::DeployTakesNewestCommit => {
                request.commit = Some(Commit { sha: "0".repeat(40), title: None, author: None });
            }
            Mutant::DeployToNowhereAccepted => {
                let start = request.start.clone();
                return match self.inner.deploy(access, request).await {
                    Err(ProviderError::Unsupported { .. }) => self.inner.start(access, start).await,
                    answer => answer,
                };
            }
            _ => {}
        }
        self.inner.deploy(access, request).await
    }

    async fn cancel(&self, access: &Access, run: &RunRef) -> Result<CancelReceipt, ProviderError> {
        let conflict = || Err(ProviderError::Conflict("it cannot be cancelled now".to_owned()));
        let status = self.status_of(run);
        let first = self.memory().cancelled.insert(run.clone());
        if !self.declares(Capability::Cancel) {
            let internal = || Err(ProviderError::internal("cannot cancel", "not implemented"));
            return if self.is(Mutant::UndeclaredIsInternal) {
                internal()
            } else {
                self.inner.cancel(access, run).await
            };
        }
        match self.mutant {
            Mutant::CancelBeforeWorkErrors if status == Some(RunStatus::Queued) => return conflict(),
            Mutant::SecondCancelErrors if !first => return conflict(),
            Mutant::CancelAfterEndErrors if status == Some(RunStatus::Succeeded) => return conflict(),
            Mutant::CancelAfterEndAccepted if status == Some(RunStatus::Succeeded) => {
                return Ok(CancelReceipt::Accepted);
            }
            _ => {}
        }
        self.inner.cancel(access, run).await
    }

    async fn get(&self, access: &Access, run: &RunRef) -> Result<RunSnapshot, ProviderError> {
        self.memory().last_token =
            access.token.as_ref().map(|token| token.expose_secret().to_owned()).unwrap_or_default();
        let answer = self.inner.get(access, run).await;
        let mut snapshot = self.twisted(access, answer)?;
        match self.mutant {
            Mutant::StaleGet => snapshot.stages.iter_mut().for_each(|stage| stage.status = RunStatus::Planned),
            Mutant::DuplicateStageKey => snapshot.stages.extend(snapshot.stages.first().cloned()),
            Mutant::KeysChangePerBuild => {
                snapshot.stages.retain_mut(|stage| twist_stage(self.mutant, run, stage));
            }
            _ => {}
        }
        Ok(snapshot)
    }

    async fn list(&self, access: &Access, config: &ConfigRef, page: Option<&str>) -> Result<RunPage, ProviderError> {
        let mut answer = match (self.inner.list(access, config, page).await, self.mutant) {
            (Err(ProviderError::NotFound(_)), Mutant::UnknownConfigListsNothing) => {
                Ok(RunPage { runs: Vec::new(), next: None })
            }
            (Err(ProviderError::Invalid(_)), Mutant::RubbishPageAccepted) => {
                self.inner.list(access, config, None).await
            }
            (answer, _) => answer,
        }?;
        match self.mutant {
            Mutant::PageRepeats if page.is_some() => answer.runs.extend(answer.runs.first().cloned()),
            Mutant::PageSkips if page.is_some() => drop(answer.runs.pop()),
            Mutant::ListsOldestFirst => answer.runs.reverse(),
            Mutant::ListSortedByTime => answer.runs.sort_by_key(|run| std::cmp::Reverse(run.created_at)),
            _ => {}
        }
        Ok(answer)
    }

    fn logs(&self, access: &Access, run: &RunRef, from: LogPosition) -> LineStream {
        let count = self.engine.lock().runs.iter().find(|known| known.name == *run).map(|run| run.lines.len() as u64);
        match self.mutant {
            Mutant::LogOffByOne if from.0 > 0 => self.inner.logs(access, run, LogPosition(from.0.saturating_add(1))),
            Mutant::LogPastEndErrors if count.is_some_and(|count| from.0 > count) => {
                let error = ProviderError::NotFound("there is no such line".to_owned());
                Box::pin(stream::iter([Err(error)]))
            }
            Mutant::LogSortedByTime => {
                let lines = self.inner.logs(access, run, from);
                let sorted = lines.collect::<Vec<_>>().map(|mut lines: Vec<_>| {
                    lines.sort_by_key(|line| line.as_ref().ok().and_then(|line| line.line.at));
                    stream::iter(lines)
                });
                Box::pin(stream::once(sorted).flatten())
            }
            _ => self.inner.logs(access, run, from),
        }
    }

    fn follow(
        &self,
        access: &Access,
        run: &RunRef,
        from: Option<ResumeToken>,
        stop: CancellationToken,
    ) -> ObservedStream {
        let key = from.clone().map(|token| (run.clone(), token.0));
        let mine = key.is_some_and(|key| self.memory().handed_out.contains(&key));
        let position = from.as_ref().and_then(position_of).unwrap_or_default();
        let runs_end = {
            let state = self.engine.lock();
            state.runs.iter().find(|known| known.name == *run && known.has_ended()).map(|run| run.ledger.len())
        };
        if self.is(Mutant::HangsBehindTheEnd) && from.is_some() && runs_end == Some(position) {
            return Box::pin(stream::pending());
        }
        // Far into the run only: the other checks have short ones.
        let deep = position >= 100;
        let from = match self.mutant {
            Mutant::ForgetsTokenAfterRestart if !mine => None,
            Mutant::OldTokensExpire if deep => {
                let error = ProviderError::NotFound("the token is too old".to_owned());
                return Box::pin(stream::iter([Err(error)]));
            }
            Mutant::LosesLineOnResume if deep => Some(ResumeToken(format!("fake-{}", position + 1))),
            Mutant::DoublesLineOnResume if deep => Some(ResumeToken(format!("fake-{}", position - 1))),
            _ => from,
        };
        let mut inner = self.inner.follow(access, run, from, stop.clone());
        let (mutant, run, memory) = (self.mutant, run.clone(), Arc::clone(&self.memory));
        let ends = EndsBuild {
            engine: self.engine.clone(),
            build: self.build_of(&run),
            armed: mutant == Mutant::DropStopsRun,
        };
        let others = self.listening.fetch_add(1, Ordering::SeqCst);
        let listening = Listening(Arc::clone(&self.listening));
        Box::pin(async_stream::stream! {
            let _listening = listening;
            let mut ends = ends;
            let mut is_complete = false;
            let mut last = ResumeToken("fake-0".to_owned());
            let mut kept_back = Vec::new();
            while let Some(item) = inner.next().await {
                if item.is_err() && !kept_back.is_empty() {
                    yield Ok(Observed { resume: last.clone(), observations: std::mem::take(&mut kept_back) });
                }
                let item = match (item, mutant) {
                    (Ok(mut batch), _) => {
                        let twisted = batch.observations.into_iter().flat_map(|told| twist(mutant, &run, told));
                        batch.observations = twisted.collect();
                        if mutant == Mutant::FollowersShareLines && others > 0 {
                            batch.observations.retain(|told| !matches!(told, Observation::Lines(_)));
                        }
                        if mutant == Mutant::LogShowsSecret {
                            let secret = memory.lock().unwrap_or_else(PoisonError::into_inner).secret.clone();
                            show(&mut batch.observations, &secret);
                        }
                        if mutant == Mutant::LinesComeLate {
                            keep_back(&mut batch.observations, &mut kept_back);
                        }
                        is_complete |= batch.observations.contains(&Observation::Complete);
                        last = batch.resume.clone();
                        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                        memory.handed_out.insert((run.clone(), last.0.clone()));
                        Ok(batch)
                    }
                    (Err(ProviderError::Unavailable { .. }), Mutant::OutageFailsBuild) => {
                        let failed = Observation::Run(RunObservation::status(RunStatus::Errored));
                        Ok(Observed { resume: last.clone(), observations: vec![failed, Observation::Complete] })
                    }
                    (Err(error), _) => Err(error),
                };
                ends.armed &= !is_complete;
                yield item;
            }
            ends.armed = false;
            if mutant == Mutant::EventAfterComplete && is_complete {
                let late = Observation::Run(RunObservation::status(RunStatus::Succeeded));
                yield Ok(Observed { resume: last, observations: vec![late] });
            }
            if mutant == Mutant::StopIsAnError && stop.is_cancelled() {
                yield Err(ProviderError::internal("stopped", "cancelled"));
            }
        })
    }

    async fn decide(
        &self,
        access: &Access,
        run: &RunRef,
        decision: &Decision,
    ) -> Result<DecisionReceipt, ProviderError> {
        let mut decision = decision.clone();
        match self.mutant {
            Mutant::RejectionIgnored => decision.verdict = Verdict::Approve,
            Mutant::DecisionInputsUnchecked => decision.parameters.clear(),
            _ => {}
        }
        match (self.inner.decide(access, run, &decision).await, self.mutant) {
            (Ok(_), Mutant::DecideLastWins) => Ok(DecisionReceipt::Accepted),
            (Err(ProviderError::NotFound(_)), Mutant::UnknownDecisionAccepted) if self.build_of(run).is_some() => {
                Ok(DecisionReceipt::Accepted)
            }
            (answer, _) => answer,
        }
    }

    async fn supply(&self, access: &Access, run: &RunRef, secret: &NamedSecret) -> Result<(), ProviderError> {
        let again = !self.memory().supplied.insert(run.clone());
        match self.mutant {
            Mutant::SecondSupplyErrors if again => Err(ProviderError::Conflict("it has its token".to_owned())),
            Mutant::SupplyGivesNothing if self.declares(Capability::LateSecrets) && self.build_of(run).is_some() => {
                self.engine.change(|state, _| {
                    let run = state.runs.iter_mut().find(|known| known.name == *run);
                    run.into_iter().for_each(|run| run.supply(&secret.name, None));
                });
                Ok(())
            }
            _ => self.inner.supply(access, run, secret).await,
        }
    }

    fn artifact(&self, access: &Access, run: &RunRef, path: &str, offset: u64) -> ByteStream {
        let released = self.build_of(run).is_some_and(|build| self.engine.was_released(build));
        match self.mutant {
            Mutant::ArtifactOffsetIgnored => self.inner.artifact(access, run, path, 0),
            Mutant::ReleaseDeletesArtifacts if released => {
                Box::pin(stream::iter([Err(ProviderError::NotFound("no such artifact".to_owned()))]))
            }
            _ => self.inner.artifact(access, run, path, offset),
        }
    }

    async fn release(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        let build = self.build_of(run);
        match self.mutant {
            Mutant::GoneRunCannotBeReleased if build.is_none() => {
                return Err(ProviderError::NotFound("no such run".to_owned()));
            }
            Mutant::SecondReleaseErrors if build.is_some_and(|build| self.engine.was_released(build)) => {
                return Err(ProviderError::Conflict("it was released before".to_owned()));
            }
            _ => {}
        }
        self.inner.release(access, run).await
    }

    async fn purge(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        let again = !self.memory().purged.insert(run.clone());
        match self.mutant {
            Mutant::SecondPurgeErrors if again => Err(ProviderError::Conflict("it was purged before".to_owned())),
            Mutant::PurgeKeepsArtifacts => Ok(()),
            _ => self.inner.purge(access, run).await,
        }
    }
}
