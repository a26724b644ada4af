//! Live streams: listen first, then read by cursor, then go on.
//!
//! **Architecture Invariant:** what wakes a listener carries no content. A wake-up that is lost, late or doubled changes
//! nothing but the time at which the listener reads.

mod audit_events;
mod build_events;
mod listened;
mod log_lines;
mod project_events;
mod provider_events;
mod ring;
mod viewer_events;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alm_domain::{BuildHeads, BuildId, Clock, ProjectId, UserId};
use alm_store::{Committed, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::{
    listened::{Bell, Listened},
    ring::Ring,
};

pub use audit_events::AuditUpdate;
pub use build_events::BuildUpdate;
pub use log_lines::{LogFrom, LogOptions, LogUpdate};
pub use project_events::{ProjectTold, ProjectUpdate};
pub use provider_events::ProviderUpdate;
pub use viewer_events::ViewerUpdate;

/// Why a live stream came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// Nothing more can happen.
    Complete,
    /// The service goes down: resume in a moment.
    Shutdown,
}

/// Wakes listeners, and keeps the newest log lines at hand for them. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    heartbeat: Duration,
    stop: CancellationToken,
    builds: Listened<BuildId, BuildChannel>,
    projects: Listened<ProjectId, Bell>,
    viewers: Listened<UserId, Bell>,
    audit: Bell,
    accounts: Bell,
    providers: Bell,
}

/// One build that somebody listens to.
#[derive(Debug, Default)]
struct BuildChannel {
    /// How far the build is known to reach; zero until the first commit that the channel saw.
    heads: watch::Sender<BuildHeads>,
    ring: Mutex<Ring>,
}

impl Hub {
    pub(super) fn new(store: Store, clock: Arc<dyn Clock>, heartbeat: Duration) -> Self {
        let shared = Shared {
            store,
            clock,
            heartbeat,
            stop: CancellationToken::new(),
            builds: Listened::default(),
            projects: Listened::default(),
            viewers: Listened::default(),
            audit: Bell::default(),
            accounts: Bell::default(),
            providers: Bell::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Tells everybody who listens that a build has moved on. Called after the commit.
    pub(super) fn publish<R>(&self, build: BuildId, committed: &Committed<R>) {
        if let Some(channel) = self.shared.builds.heard(&build) {
            locked(&channel.ring).push(&committed.lines);
            channel.heads.send_modify(|heads| {
                heads.event = heads.event.max(committed.heads.event);
                heads.line = heads.line.max(committed.heads.line);
                heads.is_complete |= committed.heads.is_complete;
            });
        }
        if let Some(event) = &committed.project_event {
            self.ring_project(event.project);
        }
    }

    /// Tells everybody who listens that something happened in a project. Called after the commit.
    pub(super) fn ring_project(&self, project: ProjectId) {
        // A provider has more or less to do.
        self.ring_providers();
        if let Some(bell) = self.shared.projects.heard(&project) {
            bell.ring();
        }
    }

    /// Tells everybody who listens that a provider changed, was probed, or has more or less to do.
    pub(super) fn ring_providers(&self) {
        self.shared.providers.ring();
    }

    /// Tells everybody who listens that what a person has connected changed. Called after the commit.
    pub(super) fn connections_changed(&self, user: UserId) {
        if let Some(bell) = self.shared.viewers.heard(&user) {
            bell.ring();
        }
        self.ring_accounts();
    }

    /// Tells whatever waits for somebody's account to look whether it is there: few wait, and each looks for itself.
    pub(super) fn ring_accounts(&self) {
        self.shared.accounts.ring();
    }

    /// Rung whenever what anybody has connected changed, or somebody is here again.
    pub(super) fn accounts(&self) -> watch::Receiver<u64> {
        self.shared.accounts.subscribe()
    }

    /// Ends all streams.
    pub(super) fn shut_down(&self) {
        self.shared.stop.cancel();
    }

    pub(super) fn stopping(&self) -> CancellationToken {
        self.shared.stop.clone()
    }
}

/// What ended a wait.
enum Woken {
    Rung,
    Silence,
    Stopping,
}

/// Waits until the listener is rung, or has to say that it lives, or the service stops.
async fn wait<T>(rung: &mut watch::Receiver<T>, silence: Duration, stop: &CancellationToken) -> Woken {
    tokio::select! {
        biased;
        () = stop.cancelled() => Woken::Stopping,
        changed = rung.changed() => match changed {
            Ok(()) => Woken::Rung,
            // The sender is held by the listener itself, so this cannot come to pass; stopping is the safe answer.
            Err(_) => Woken::Stopping,
        },
        () = tokio::time::sleep(silence) => Woken::Silence,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
