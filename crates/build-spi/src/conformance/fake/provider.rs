//! The provider in front of the fake engine.

use std::collections::{BTreeMap, BTreeSet};

use alm_domain::{
    ApprovalStatus, Artifact, BuildId, BuildShape, Capability, Commit, HealthState, ParameterValue, ProviderHealth,
    RerunFrom, Settings, StageKey, StageObservation, Verdict, check_parameters, check_settings,
};
use async_trait::async_trait;
use futures::stream;

use super::{
    descriptor::descriptor,
    engine::FakeEngine,
    run::{Entry, Hold, Run},
    script::Script,
    state::{Deed, State},
};
use crate::{
    Access, BuildConfigSpec, BuildProvider, ByteStream, CancelReceipt, CancellationToken, Chosen, ConfigRef, Decision,
    DecisionReceipt, DeployBuild, Description, Finding, Identity, LineStream, LogPosition, NamedSecret, Observation,
    Observed, ObservedStream, ProviderDescriptor, ProviderError, RerunBuild, ResumeToken, RunPage, RunRef, RunSnapshot,
    RunSummary, StartBuild,
};

/// A provider in front of a [`FakeEngine`]. Dropping it and attaching another is what a restart of the service looks like.
#[derive(Debug, Clone)]
pub struct FakeProvider {
    engine: FakeEngine,
    descriptor: ProviderDescriptor,
}

impl FakeProvider {
    /// A provider that declares every capability.
    #[must_use]
    pub fn attach(engine: &FakeEngine) -> Self {
        Self { engine: engine.clone(), descriptor: descriptor(Capability::ALL.into()) }
    }

    /// The same without these capabilities: their operations answer that they are not supported. What a script tells is not
    /// changed: give it nothing that is not declared.
    #[must_use]
    pub fn without(mut self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        for capability in capabilities {
            self.descriptor.capabilities.remove(&capability);
        }
        self
    }

    /// The same for an engine that is called with the rights of a person.
    #[must_use]
    pub const fn needing_token(mut self) -> Self {
        self.descriptor.needs_token = true;
        self
    }

    fn needs(&self, capability: Capability) -> Result<(), ProviderError> {
        if self.descriptor.capabilities.contains(&capability) {
            Ok(())
        } else {
            Err(ProviderError::unsupported(capability))
        }
    }

    fn begin(&self, access: &Access, request: StartBuild, of: Option<Repeat>) -> Result<RunRef, ProviderError> {
        self.engine.change(|state, now| {
            state.admit(access)?;
            *state.start_calls.entry(request.build).or_default() += 1;
            if let Some(known) = state.run_of(request.build) {
                let name = known.name.clone();
                return state.answer(name);
            }
            state.allow(Deed::Start)?;
            state.config(&request.config)?;
            let script = state.script(Some(request.build), &request.spec);
            let script = match of.as_ref().and_then(|repeat| repeat.deploys.as_ref()) {
                Some((environment, commit)) => {
                    let script = script.deploying(environment).ok_or_else(|| {
                        let shown = alm_domain::shorten(environment);
                        let reason = format!("the build has no stage that deploys to {shown:?}");
                        ProviderError::Unsupported { what: Capability::Deploy, reason }
                    })?;
                    script.commit(commit.clone())
                }
                None => script,
            };
            let parameters = fill_in(&script, request.parameters)?;
            let name = RunRef(format!("run-{}", state.runs.len() + 1));
            let StartBuild { build, config, spec, secrets, withheld, .. } = request;
            let mut run = Run::new(name.clone(), Some(build), config, spec, parameters, script, now());
            run.secrets = secrets;
            run.withheld.extend(withheld);
            run.waits_for_tokens = self.descriptor.capabilities.contains(&Capability::LateSecrets);
            if let Some(repeat) = of {
                let files = state.run_of(repeat.of_build).map(|of| of.files.clone()).unwrap_or_default();
                let kept = |artifact: Artifact| Some((files.get(&artifact.path)?.clone(), artifact));
                let artifacts = repeat.artifacts.into_iter().filter_map(kept).map(|(content, a)| (a, content));
                match repeat.deploys {
                    None => run.reuse(repeat.stages, artifacts.collect()),
                    Some(_) => run.take_over(artifacts),
                }
            }
            state.runs.push(run);
            state.answer(name)
        })
    }
}

/// What a repetition takes over.
struct Repeat {
    of_build: BuildId,
    stages: Vec<StageObservation>,
    artifacts: Vec<Artifact>,
    /// Where it deploys to, and which commit; it runs nothing else then.
    deploys: Option<(String, Option<Commit>)>,
}

#[async_trait]
impl BuildProvider for FakeProvider {
    fn descriptor(&self) -> &ProviderDescriptor {
        &self.descriptor
    }

    fn configure(&self, settings: &Settings) -> Result<(), ProviderError> {
        check_settings(&self.descriptor.settings, settings, false).map_err(|problems| {
            ProviderError::Invalid(problems.into_iter().map(|p| Finding::new([p.key], p.problem)).collect())
        })?;
        self.engine.lock().settings.clone_from(settings);
        Ok(())
    }

    async fn probe(&self) -> Result<(ProviderHealth, Option<String>), ProviderError> {
        let off = self.engine.lock().outage;
        let (state, message) =
            if off { (HealthState::Failing, Some("switched off".to_owned())) } else { (HealthState::Healthy, None) };
        let health = ProviderHealth { state, message, checked_at: self.engine.now(), latency_ms: 1 };
        Ok((health, (!off).then(|| "fake 1".to_owned())))
    }

    async fn who_am_i(&self, access: &Access) -> Result<Identity, ProviderError> {
        self.engine.lock().admit(access)?;
        Ok(Identity { account: "fake-user".to_owned(), expires_at: None })
    }

    async fn validate(&self, access: &Access, spec: &BuildConfigSpec) -> Result<(), ProviderError> {
        let state = self.engine.lock();
        state.admit(access)?;
        state.check(spec)
    }

    async fn create_config(&self, access: &Access, spec: &BuildConfigSpec) -> Result<ConfigRef, ProviderError> {
        self.engine.change(|state, _| {
            state.admit(access)?;
            state.check(spec)?;
            if let Some((name, _)) = state.configs.iter().find(|(_, known)| known.service == spec.service) {
                return Ok(ConfigRef(name.clone()));
            }
            if state.configs.values().any(|known| known.name == spec.name) {
                return Err(ProviderError::Conflict(format!("the name {} is taken", alm_domain::shorten(&spec.name))));
            }
            state.configs_made += 1;
            let name = format!("config-{}", state.configs_made);
            state.configs.insert(name.clone(), spec.clone());
            Ok(ConfigRef(name))
        })
    }

    async fn read_config(&self, access: &Access, config: &ConfigRef) -> Result<BuildConfigSpec, ProviderError> {
        let state = self.engine.lock();
        state.admit(access)?;
        state.config(config).cloned()
    }

    async fn update_config(
        &self,
        access: &Access,
        config: &ConfigRef,
        spec: &BuildConfigSpec,
        _chosen: &Chosen,
    ) -> Result<ConfigRef, ProviderError> {
        self.engine.change(|state, _| {
            state.admit(access)?;
            state.config(config)?;
            state.check(spec)?;
            state.configs.insert(config.0.clone(), spec.clone());
            Ok(config.clone())
        })
    }

    async fn delete_config(&self, access: &Access, config: &ConfigRef) -> Result<(), ProviderError> {
        self.engine.change(|state, _| {
            state.admit(access)?;
            state.configs.remove(&config.0);
            Ok(())
        })
    }

    async fn describe(
        &self,
        access: &Access,
        spec: &BuildConfigSpec,
        _reference: &str,
    ) -> Result<Description, ProviderError> {
        self.needs(Capability::Describe)?;
        {
            let state = self.engine.lock();
            state.admit(access)?;
            state.check(spec)?;
        }
        let script = self.engine.script_of(spec);
        let planned = script.plan.iter().filter(|stage| !stage.late);
        Ok(Description {
            commit: script.commit.as_ref().map(|commit| commit.sha.clone()),
            shape: if script.plan.is_empty() { BuildShape::Plain } else { BuildShape::Pipeline },
            stages: planned.enumerate().map(|(position, stage)| stage.planned(position)).collect(),
            parameters: script.parameters,
            without: Vec::new(),
        })
    }

    async fn start(&self, access: &Access, request: StartBuild) -> Result<RunRef, ProviderError> {
        self.begin(access, request, None)
    }

    async fn rerun(&self, access: &Access, request: RerunBuild) -> Result<RunRef, ProviderError> {
        self.needs(Capability::Rerun)?;
        let again = match &request.from {
            RerunFrom::Beginning => None,
            RerunFrom::Stage(key) => {
                self.needs(Capability::RerunFromStage)?;
                if !request.stages.iter().any(|stage| stage.key == *key) {
                    let message = format!("there is no stage {key:?} in the build to repeat");
                    return Err(ProviderError::Invalid(vec![Finding::new(["from"], message)]));
                }
                Some(BTreeSet::from([key.clone()]))
            }
            RerunFrom::Failed => {
                self.needs(Capability::RerunFromStage)?;
                let bad = request.stages.iter().filter(|stage| stage.status != alm_domain::RunStatus::Succeeded);
                Some(bad.map(|stage| stage.key.clone()).collect())
            }
        };
        let RerunBuild { start, of_build, stages, artifacts, .. } = request;
        let stages = again.map(|roots| left_alone(&stages, roots)).unwrap_or_default();
        self.begin(access, start, Some(Repeat { of_build, stages, artifacts, deploys: None }))
    }

    async fn deploy(&self, access: &Access, request: DeployBuild) -> Result<RunRef, ProviderError> {
        self.needs(Capability::Deploy)?;
        let DeployBuild { start, of_build, commit, artifacts, environment, .. } = request;
        let deploys = Some((environment, commit));
        self.begin(access, start, Some(Repeat { of_build, stages: Vec::new(), artifacts, deploys }))
    }

    async fn find(
        &self,
        access: &Access,
        _config: &ConfigRef,
        build: BuildId,
    ) -> Result<Option<RunRef>, ProviderError> {
        let state = self.engine.lock();
        state.admit(access)?;
        Ok(state.run_of(build).map(|run| run.name.clone()))
    }

    async fn cancel(&self, access: &Access, run: &RunRef) -> Result<CancelReceipt, ProviderError> {
        self.needs(Capability::Cancel)?;
        self.engine.change(|state, now| {
            state.admit(access)?;
            state.allow(Deed::Cancel)?;
            let index = state.live(run)?;
            let ended = state.runs[index].has_ended();
            state.runs[index].cancel(now);
            state.answer(if ended { CancelReceipt::AlreadyFinished } else { CancelReceipt::Accepted })
        })
    }

    async fn get(&self, access: &Access, run: &RunRef) -> Result<RunSnapshot, ProviderError> {
        let state = self.engine.lock();
        state.admit(access)?;
        Ok(state.runs[state.live(run)?].snapshot())
    }

    async fn list(&self, access: &Access, config: &ConfigRef, page: Option<&str>) -> Result<RunPage, ProviderError> {
        let state = self.engine.lock();
        state.admit(access)?;
        state.config(config)?;
        let before = match page {
            None => usize::MAX,
            Some(page) => page.strip_prefix("before-").and_then(|n| n.parse().ok()).ok_or_else(|| {
                ProviderError::Invalid(vec![Finding::new(["page"], "is no page: pass the `next` of the page before")])
            })?,
        };
        let of_config = state.runs.iter().enumerate().rev();
        let mut found = of_config
            .filter(|(index, run)| *index < before && run.config == *config && !run.purged && !run.forgotten)
            .map(|(index, run)| (index, summary(run)));
        let runs: Vec<_> = found.by_ref().take(state.page_size).collect();
        let next = found.next().and(runs.last()).map(|(index, _)| format!("before-{index}"));
        Ok(RunPage { runs: runs.into_iter().map(|(_, run)| run).collect(), next })
    }

    fn logs(&self, access: &Access, run: &RunRef, from: LogPosition) -> LineStream {
        let read = |state: &State| {
            state.admit(access)?;
            Ok(state.runs[state.live(run)?].lines_from(from))
        };
        match read(&self.engine.lock()) {
            Ok(lines) => Box::pin(stream::iter(lines.into_iter().map(Ok))),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        }
    }

    fn follow(
        &self,
        access: &Access,
        run: &RunRef,
        from: Option<ResumeToken>,
        stop: CancellationToken,
    ) -> ObservedStream {
        let (engine, access, run) = (self.engine.clone(), access.clone(), run.clone());
        let mut changed = engine.watch();
        Box::pin(async_stream::stream! {
            let mut position = match from.as_ref().map(position_of) {
                None => 0,
                Some(Some(position)) => position,
                Some(None) => {
                    let finding = Finding::new(["from"], "is no resume token of this provider");
                    yield Err(ProviderError::Invalid(vec![finding]));
                    return;
                }
            };
            while !stop.is_cancelled() {
                // Before the read, so that no change falls between.
                changed.borrow_and_update();
                let batch = read_batch(&engine.lock(), &access, &run, position);
                match batch {
                    Err(error) => {
                        yield Err(error);
                        return;
                    }
                    Ok((observations, next, is_last)) => {
                        let had_some = !observations.is_empty();
                        position = next;
                        if had_some {
                            yield Ok(Observed { resume: token_at(position), observations });
                        }
                        if is_last {
                            return;
                        }
                        if had_some {
                            continue;
                        }
                    }
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = changed.changed() => {}
                }
            }
        })
    }

    async fn decide(
        &self,
        access: &Access,
        run: &RunRef,
        decision: &Decision,
    ) -> Result<DecisionReceipt, ProviderError> {
        self.needs(Capability::Approvals)?;
        self.engine.change(|state, now| {
            state.admit(access)?;
            state.allow(Deed::Decide)?;
            let index = state.live(run)?;
            let run = &mut state.runs[index];
            let Some(approval) = run.approvals.iter().find(|approval| approval.key == decision.approval) else {
                return Err(ProviderError::NotFound("this was never asked".to_owned()));
            };
            if run.hold != Some(Hold::Decision(decision.approval.clone())) {
                return state.answer(DecisionReceipt::AlreadySettled);
            }
            if state.deciders.as_ref().is_some_and(|people| !people.contains(&decision.decided_by)) {
                return Err(ProviderError::Forbidden(format!("{} is not asked", decision.decided_by)));
            }
            let status = match decision.verdict {
                Verdict::Approve => {
                    check_parameters(&approval.parameters, &decision.parameters).map_err(invalid)?;
                    ApprovalStatus::Approved
                }
                Verdict::Reject => ApprovalStatus::Rejected,
            };
            run.settle(&decision.approval, status, now);
            state.answer(DecisionReceipt::Accepted)
        })
    }

    async fn supply(&self, access: &Access, run: &RunRef, secret: &NamedSecret) -> Result<(), ProviderError> {
        self.needs(Capability::LateSecrets)?;
        self.engine.change(|state, _| {
            state.admit(access)?;
            let index = state.live(run)?;
            if !state.runs[index].has_ended() {
                state.runs[index].supply(&secret.name, Some(secret.clone()));
            }
            state.answer(())
        })
    }

    fn artifact(&self, access: &Access, run: &RunRef, path: &str, offset: u64) -> ByteStream {
        const BLOCK: usize = 1 << 20;
        let read = |state: &State| {
            self.needs(Capability::Artifacts)?;
            state.admit(access)?;
            let run = state.run_index(run).map(|index| &state.runs[index]);
            let file = run.and_then(|run| run.files.get(path));
            let file = file.ok_or_else(|| ProviderError::NotFound("no such artifact".to_owned()))?;
            let rest = usize::try_from(offset).ok().and_then(|offset| file.get(offset..)).unwrap_or_default();
            Ok(rest.chunks(BLOCK).map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        match read(&self.engine.lock()) {
            Ok(blocks) => Box::pin(stream::iter(blocks.into_iter().map(Ok))),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        }
    }

    async fn release(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        self.engine.change(|state, _| {
            state.admit(access)?;
            if state.held_releases > 0 {
                state.held_releases -= 1;
                return Err(ProviderError::Conflict("the run is still being put away".to_owned()));
            }
            if let Some(index) = state.run_index(run) {
                state.runs[index].released = true;
            }
            Ok(())
        })
    }

    async fn purge(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        self.engine.change(|state, _| {
            state.admit(access)?;
            if let Some(index) = state.run_index(run) {
                state.runs[index].purged = true;
                state.runs[index].files = BTreeMap::new();
            }
            Ok(())
        })
    }
}

fn token_at(position: usize) -> ResumeToken {
    ResumeToken(format!("fake-{position}"))
}

pub(crate) fn position_of(token: &ResumeToken) -> Option<usize> {
    token.0.strip_prefix("fake-").and_then(|n| n.parse().ok())
}

/// What comes after a position, the position behind it, and whether that is all there will ever be.
fn read_batch(
    state: &State,
    access: &Access,
    run: &RunRef,
    position: usize,
) -> Result<(Vec<Observation>, usize, bool), ProviderError> {
    state.admit(access)?;
    let run = &state.runs[state.live(run)?];
    if position > run.ledger.len() {
        return Err(ProviderError::Invalid(vec![Finding::new(["from"], "is a resume token of another run")]));
    }
    let mut observations = Vec::new();
    let entries = run.ledger.iter().skip(position).take(state.batch_size);
    let next = position.saturating_add(entries.len());
    for entry in entries {
        match (entry, observations.last_mut()) {
            (Entry::Line(line), Some(Observation::Lines(lines))) => lines.push(run.lines[*line].clone()),
            (Entry::Line(line), _) => observations.push(Observation::Lines(vec![run.lines[*line].clone()])),
            (Entry::Told(observation), _) => observations.push(observation.as_ref().clone()),
        }
    }
    Ok((observations, next, run.has_ended() && next >= run.ledger.len()))
}

fn summary(run: &Run) -> RunSummary {
    RunSummary { run: run.name.clone(), build: run.build, state: run.state.clone(), created_at: run.created_at }
}

fn fill_in(script: &Script, given: Vec<ParameterValue>) -> Result<Vec<ParameterValue>, ProviderError> {
    if script.parameters.is_empty() {
        return Ok(given);
    }
    check_parameters(&script.parameters, &given).map_err(invalid)
}

fn invalid(problems: Vec<alm_domain::ParameterProblem>) -> ProviderError {
    let finding = |p: alm_domain::ParameterProblem| Finding::new(["parameters".to_owned(), p.name], p.problem);
    ProviderError::Invalid(problems.into_iter().map(finding).collect())
}

/// The stages that are not run again: neither these, nor what depends on them or lies within them.
fn left_alone(stages: &[StageObservation], mut again: BTreeSet<StageKey>) -> Vec<StageObservation> {
    loop {
        let touched = |stage: &&StageObservation| {
            let within = stage.parent.as_ref().is_some_and(|parent| again.contains(parent));
            !again.contains(&stage.key) && (within || stage.depends_on.iter().any(|key| again.contains(key)))
        };
        let more: Vec<_> = stages.iter().filter(touched).map(|stage| stage.key.clone()).collect();
        if more.is_empty() {
            return stages.iter().filter(|stage| !again.contains(&stage.key)).cloned().collect();
        }
        again.extend(more);
    }
}
