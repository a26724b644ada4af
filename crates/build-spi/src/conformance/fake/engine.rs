//! The engine, and how a test drives it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alm_domain::{
    ApprovalKey, ApprovalStatus, BuildId, Clock, LogStream, Observation, ReasonCode, RunStatus, ServiceId, Settings,
    StatusReason, Timestamp,
};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

use super::{
    run::{Hold, Run},
    script::Script,
    state::{Deed, State},
    ticks::Ticks,
};
use crate::{BuildConfigSpec, ConfigRef, NamedSecret, ProviderError, RunRef, RunSnapshot, SecretReach};

/// A build engine in memory. Clones are the same engine; it outlives the providers that are attached to it.
#[derive(Clone)]
pub struct FakeEngine(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for FakeEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeEngine").field("runs", &self.lock().runs.len()).finish_non_exhaustive()
    }
}

impl Default for FakeEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeEngine {
    /// An engine that knows nothing yet; its builds are plain and succeed. Its clock ticks only when it is looked at.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(Ticks::default()))
    }

    /// An engine with this clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let state = State { page_size: 50, batch_size: 32, ..State::default() };
        Self(Arc::new(Inner { state: Mutex::new(state), changed: watch::Sender::new(0), clock }))
    }

    /// Builds do this, if nothing more particular is said.
    pub fn script_default(&self, script: Script) {
        self.change(|state, _| state.script_default = script);
    }

    /// Builds of configurations whose setting `script` has this name do this.
    pub fn script_named(&self, name: &str, script: Script) {
        self.change(|state, _| state.scripts_by_name.insert(name.to_owned(), script));
    }

    /// Builds of this build service do this.
    pub fn script_service(&self, service: ServiceId, script: Script) {
        self.change(|state, _| state.scripts_by_service.insert(service, script));
    }

    /// This build will do this.
    pub fn script(&self, build: BuildId, script: Script) {
        self.change(|state, _| state.scripts_by_build.insert(build, script));
    }

    /// Lets a build that waits go on; one that is not there yet will not wait when it comes to it.
    pub fn release(&self, build: BuildId) {
        self.signal(build, "");
    }

    /// As [`release`](Self::release), for the place that waits for this signal.
    pub fn signal(&self, build: BuildId, signal: &str) {
        self.change(|state, _| *state.signals.entry((build, signal.to_owned())).or_default() += 1);
    }

    /// The build writes this line now, if it is running.
    pub fn say(&self, build: BuildId, text: &str) {
        self.with_run(build, |run, now| run.write(None, LogStream::Stdout, text.to_owned(), now()));
    }

    /// Followers of the build are told this now, if it is running, true or not.
    pub fn observe(&self, build: BuildId, observation: Observation) {
        self.with_run(build, |run, _| run.tell(observation));
    }

    /// The build ends now in this way, if it is running.
    pub fn end(&self, build: BuildId, status: RunStatus, reason: Option<StatusReason>) {
        self.with_run(build, |run, now| run.end(status, reason, now));
    }

    /// Whatever ran the build disappears: it ends as ERRORED, INTERRUPTED.
    pub fn lose_run(&self, build: BuildId) {
        let reason = StatusReason::new(ReasonCode::Interrupted, "the machine that ran the build is gone");
        self.end(build, RunStatus::Errored, Some(reason));
    }

    /// The engine no longer knows the build at all.
    pub fn forget_run(&self, build: BuildId) {
        self.change(|state, _| {
            state.runs.iter_mut().filter(|run| run.build == Some(build)).for_each(|run| run.forgotten = true);
        });
    }

    /// Nobody answered the question in time.
    pub fn expire_approval(&self, build: BuildId, key: &str) {
        let key = ApprovalKey::from(key);
        self.with_run(build, |run, now| {
            if run.hold == Some(Hold::Decision(key.clone())) {
                run.settle(&key, ApprovalStatus::Expired, now);
            }
        });
    }

    /// Somebody else starts a build at the engine, past the service.
    pub fn start_outside(&self, config: &ConfigRef, script: Script) -> Option<RunRef> {
        self.change(|state, now| {
            let spec = state.configs.get(&config.0)?.clone();
            let name = RunRef(format!("run-{}", state.runs.len() + 1));
            state.runs.push(Run::new(name.clone(), None, config.clone(), spec, Vec::new(), script, now()));
            Some(name)
        })
    }

    /// Switches the engine off (nothing answers; builds go on) or on again.
    pub fn outage(&self, on: bool) {
        self.change(|state, _| state.outage = on);
    }

    /// How long callers are asked to wait while the engine is off.
    pub fn retry_after(&self, delay: Option<Duration>) {
        self.change(|state, _| state.retry_after = delay);
    }

    /// The next so many calls that start, cancel or decide do what they should, but their answers are lost.
    pub fn lose_answers(&self, count: u32) {
        self.change(|state, _| state.lost_answers = count);
    }

    /// The next so many calls that release a run find it still busy, as just after its end.
    pub fn hold_releases(&self, count: u32) {
        self.change(|state, _| state.held_releases = count);
    }

    /// Only these tokens are taken from now on; `None`: any, and none at all.
    pub fn accept_tokens(&self, tokens: Option<Vec<SecretString>>) {
        self.change(|state, _| state.tokens = tokens);
    }

    /// Only these people are asked from now on; `None`: everybody.
    pub fn ask_only(&self, people: Option<Vec<String>>) {
        self.change(|state, _| state.deciders = people);
    }

    /// This is answered with an error from now on; `None`: it is done.
    pub fn refuse(&self, deed: Deed, with: Option<fn() -> ProviderError>) {
        self.change(|state, _| match with {
            Some(error) => state.refusals.insert(deed, error),
            None => state.refusals.remove(&deed),
        });
    }

    /// The engine's clock is wrong by this much from now on.
    pub fn skew(&self, by: TimeDelta) {
        self.change(|state, _| state.skew = by);
    }

    /// How many runs are in a page of a list; 50 if nothing is said.
    pub fn page_size(&self, runs: usize) {
        self.change(|state, _| state.page_size = runs.max(1));
    }

    /// How many observations and lines are in a batch at most; 32 if nothing is said.
    pub fn batch_size(&self, entries: usize) {
        self.change(|state, _| state.batch_size = entries.max(1));
    }

    /// The provider settings that were handed over last.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.lock().settings.clone()
    }

    /// How often the engine was asked to start this build, and took it in.
    #[must_use]
    pub fn start_calls(&self, build: BuildId) -> u32 {
        self.lock().start_calls.get(&build).copied().unwrap_or_default()
    }

    /// How many runs of this build the engine has: never more than one.
    #[must_use]
    pub fn runs_of(&self, build: BuildId) -> usize {
        self.lock().runs.iter().filter(|run| run.build == Some(build)).count()
    }

    /// The build as the engine sees it; `None` before it was started.
    #[must_use]
    pub fn snapshot(&self, build: BuildId) -> Option<RunSnapshot> {
        self.lock().run_of(build).map(Run::snapshot)
    }

    /// The names of the secrets that this build was given so far, and which stages get them.
    #[must_use]
    pub fn secrets_of(&self, build: BuildId) -> Vec<(String, SecretReach)> {
        let state = self.lock();
        let given = state.run_of(build).map(|run| run.secrets.iter());
        given.into_iter().flatten().map(|secret| (secret.name.clone(), secret.reach)).collect()
    }

    /// Until when the secret with this name works that this build was given.
    #[must_use]
    pub fn secret_ends(&self, build: BuildId, name: &str) -> Option<Timestamp> {
        let state = self.lock();
        state.run_of(build)?.secrets.iter().find(|secret| secret.name == name)?.expires_at
    }

    /// Whether this build was given this value as a secret.
    #[must_use]
    pub fn was_given(&self, build: BuildId, name: &str, value: &str) -> bool {
        let is_it = |secret: &NamedSecret| secret.name == name && secret.value.expose_secret() == value;
        self.lock().run_of(build).is_some_and(|run| run.secrets.iter().any(is_it))
    }

    /// Whether everything that followers need was given back ([`release`](crate::BuildProvider::release)).
    #[must_use]
    pub fn was_released(&self, build: BuildId) -> bool {
        self.lock().run_of(build).is_some_and(|run| run.released)
    }

    /// Resolves when the engine has this build.
    pub async fn started(&self, build: BuildId) {
        self.when(|state| state.run_of(build).is_some()).await;
    }

    /// Resolves when this build stands still: it waits for the test or for a person, or has ended.
    pub async fn held(&self, build: BuildId) {
        self.when(|state| state.run_of(build).is_some_and(|run| run.hold.is_some())).await;
    }

    /// Resolves when this build has ended at the engine.
    pub async fn ended(&self, build: BuildId) {
        self.when(|state| state.run_of(build).is_some_and(Run::has_ended)).await;
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Changes the engine, lets every build go as far as it can, and wakes the followers.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State, &dyn Fn() -> Timestamp) -> T) -> T {
        let mut guard = self.lock();
        let state = &mut *guard;
        let skew = state.skew;
        let result = change(state, &|| self.now() + skew);
        let skew = state.skew;
        let now = || self.now() + skew;
        let State { runs, signals, .. } = state;
        for run in runs.iter_mut().filter(|run| !run.has_ended()) {
            let build = run.build;
            run.advance(&now, &mut |name| {
                let count = build.and_then(|build| signals.get_mut(&(build, name.to_owned())));
                count.filter(|count| **count > 0).map(|count| *count -= 1).is_some()
            });
        }
        drop(guard);
        self.0.changed.send_modify(|version| *version += 1);
        result
    }

    pub(crate) fn builds_of(&self, service: ServiceId) -> Vec<BuildId> {
        self.lock().runs.iter().filter(|run| run.spec.service == service).filter_map(|run| run.build).collect()
    }

    pub(crate) fn script_of(&self, spec: &BuildConfigSpec) -> Script {
        self.lock().script(None, spec)
    }

    fn with_run(&self, build: BuildId, change: impl FnOnce(&mut Run, &dyn Fn() -> Timestamp)) {
        self.change(|state, now| {
            if let Some(run) = state.runs.iter_mut().find(|run| run.build == Some(build) && !run.has_ended()) {
                change(run, now);
            }
        });
    }

    async fn when(&self, condition: impl Fn(&State) -> bool) {
        let mut changed = self.watch();
        loop {
            if condition(&self.lock()) {
                return;
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
    }
}
