//! Monitors: exactly one follower for each build that is not over.

mod ahead;
pub(super) mod backoff;
mod commands;
mod deployments;
mod follower;
mod held;
mod reader;
mod release;
mod supply;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alm_domain::{BuildId, Clock, Principal};
use alm_store::Store;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::follower::Follower;
use super::{AppError, gate::Gate, live::Hub, registry::Registry};

/// How long the application's own waits are. Injected, so that tests can shorten them.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Least time between two commits of one busy build; an idle one commits at once.
    pub commit_window: Duration,
    /// First pause after an outage; doubles, with full jitter, up to `longest_retry`.
    pub first_retry: Duration,
    /// Longest pause between two tries.
    pub longest_retry: Duration,
    /// Time between two looks for builds that are kept no longer.
    pub retention: Duration,
    /// Time between two looks for connections that are due to be checked.
    pub connections: Duration,
    /// Time between two questions to a provider whether it is well.
    pub probes: Duration,
    /// Time between two looks for runs that engines began by themselves.
    pub external_runs: Duration,
    /// How long a build waits for an account before it lapses.
    pub hold: Duration,
    /// Time between two looks whether what waits for an account can go on, besides the looks when accounts change.
    pub recheck: Duration,
    /// Silence after which a live stream says that it lives.
    pub heartbeat: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            commit_window: Duration::from_millis(25),
            first_retry: Duration::from_millis(500),
            longest_retry: Duration::from_secs(30),
            retention: Duration::from_secs(600),
            connections: Duration::from_secs(5),
            probes: Duration::from_secs(60),
            external_runs: Duration::from_secs(30),
            hold: Duration::from_secs(24 * 60 * 60),
            recheck: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
        }
    }
}

/// Starts followers and finds them. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Monitors {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) registry: Registry,
    pub(super) hub: Hub,
    pub(super) gate: Gate,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) timing: Timing,
    /// As whom followers read and write.
    pub(super) principal: Principal,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Rung when there is a command to deliver.
    bells: Mutex<HashMap<BuildId, Arc<Notify>>>,
}

impl Monitors {
    pub(super) fn new(
        store: Store,
        registry: Registry,
        hub: Hub,
        gate: Gate,
        clock: Arc<dyn Clock>,
        timing: Timing,
    ) -> Self {
        let shared = Shared {
            store,
            registry,
            hub,
            gate,
            clock,
            timing,
            principal: Principal::system("monitor"),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            bells: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Follows every build that is not over, and releases those that are over but not released.
    pub(super) async fn resume(&self) -> Result<(), AppError> {
        let system = &self.shared.principal;
        let unfinished = self.shared.store.unfinished_builds(system).await?;
        let unreleased = self.shared.store.unreleased_builds(system).await?;
        if !unfinished.is_empty() {
            tracing::info!(builds = unfinished.len(), "following again the builds that were not over");
        }
        for build in unfinished.into_iter().chain(unreleased) {
            self.follow(build);
        }
        Ok(())
    }

    /// Follows a build until it is over and released. Does nothing for one that is followed already.
    pub(super) fn follow(&self, build: BuildId) {
        if self.shared.stop.is_cancelled() {
            return;
        }
        let bell = Arc::new(Notify::new());
        let mut bells = self.bells();
        if bells.contains_key(&build) {
            return;
        }
        bells.insert(build, Arc::clone(&bell));
        drop(bells);
        let shared = Arc::clone(&self.shared);
        let stop = self.shared.stop.child_token();
        self.shared.tasks.spawn(async move {
            metrics::gauge!("alm_builds_followed").increment(1);
            Follower::new(&shared, build, bell, stop).run().await;
            metrics::gauge!("alm_builds_followed").decrement(1);
            shared.bells.lock().unwrap_or_else(PoisonError::into_inner).remove(&build);
        });
    }

    /// Tells the follower of a build that a command for it has been stored.
    pub(super) fn ring(&self, build: BuildId) {
        self.shared.ring(build);
    }

    /// Lets go of all builds; resolves when no follower runs any more.
    pub(super) async fn shut_down(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    fn bells(&self) -> std::sync::MutexGuard<'_, HashMap<BuildId, Arc<Notify>>> {
        self.shared.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Tells the follower of a build that there is something for it to look at.
    fn ring(&self, build: BuildId) {
        if let Some(bell) = self.bells.lock().unwrap_or_else(PoisonError::into_inner).get(&build) {
            bell.notify_one();
        }
    }
}
