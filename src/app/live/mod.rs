//! Live streams: listen first, then read by cursor, then go on.
//!
//! **Architecture Invariant:** what wakes a listener carries no content. A wake-up that is lost, late or doubled changes
//! nothing but the time at which the listener reads.

mod audit_events;
mod build_events;
mod log_lines;
mod project_events;
mod ring;
mod viewer_events;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use alm_domain::{BuildHeads, BuildId, Clock, ProjectId, UserId};
use alm_store::{Committed, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::ring::Ring;

pub use audit_events::AuditUpdate;
pub use build_events::BuildUpdate;
pub use log_lines::{LogFrom, LogOptions, LogUpdate};
pub use project_events::{ProjectTold, ProjectUpdate};
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
    builds: Mutex<HashMap<BuildId, Weak<BuildChannel>>>,
    projects: Mutex<HashMap<ProjectId, Weak<watch::Sender<u64>>>>,
    audit: watch::Sender<u64>,
    accounts: watch::Sender<u64>,
    viewers: Mutex<HashMap<UserId, Weak<watch::Sender<u64>>>>,
}

/// One build that somebody listens to.
#[derive(Debug)]
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
            builds: Mutex::default(),
            projects: Mutex::default(),
            audit: watch::Sender::new(0),
            accounts: watch::Sender::new(0),
            viewers: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Tells everybody who listens that a build has moved on. Called after the commit.
    pub(super) fn publish<R>(&self, build: BuildId, committed: &Committed<R>) {
        let channel = locked(&self.shared.builds).get(&build).and_then(Weak::upgrade);
        if let Some(channel) = channel {
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
        let channel = locked(&self.shared.projects).get(&project).and_then(Weak::upgrade);
        if let Some(channel) = channel {
            channel.send_modify(|rung| *rung = rung.wrapping_add(1));
        }
    }

    /// Tells everybody who listens that what a person has connected changed. Called after the commit.
    pub(super) fn connections_changed(&self, user: UserId) {
        let channel = locked(&self.shared.viewers).get(&user).and_then(Weak::upgrade);
        if let Some(channel) = channel {
            channel.send_modify(|rung| *rung = rung.wrapping_add(1));
        }
        self.ring_accounts();
    }

    /// Tells whatever waits for somebody's account to look whether it is there: few wait, and each looks for itself.
    pub(super) fn ring_accounts(&self) {
        self.shared.accounts.send_modify(|rung| *rung = rung.wrapping_add(1));
    }

    /// Rung whenever what anybody has connected changed, or somebody is here again.
    pub(super) fn accounts(&self) -> watch::Receiver<u64> {
        self.shared.accounts.subscribe()
    }

    /// Rung whenever what a person has connected changed, for as long as it is held.
    pub(super) fn listen_to_viewer(&self, user: UserId) -> Arc<watch::Sender<u64>> {
        let mut viewers = locked(&self.shared.viewers);
        if let Some(channel) = viewers.get(&user).and_then(Weak::upgrade) {
            return channel;
        }
        viewers.retain(|_, channel| channel.strong_count() > 0);
        let channel = Arc::new(watch::Sender::new(0));
        viewers.insert(user, Arc::downgrade(&channel));
        channel
    }

    /// Ends all streams.
    pub(super) fn shut_down(&self) {
        self.shared.stop.cancel();
    }

    pub(super) fn stopping(&self) -> CancellationToken {
        self.shared.stop.clone()
    }

    fn listen_to_build(&self, build: BuildId) -> Arc<BuildChannel> {
        let mut builds = locked(&self.shared.builds);
        if let Some(channel) = builds.get(&build).and_then(Weak::upgrade) {
            return channel;
        }
        builds.retain(|_, channel| channel.strong_count() > 0);
        let channel = Arc::new(BuildChannel {
            heads: watch::Sender::new(BuildHeads::default()),
            ring: Mutex::new(Ring::default()),
        });
        builds.insert(build, Arc::downgrade(&channel));
        channel
    }

    fn listen_to_project(&self, project: ProjectId) -> Arc<watch::Sender<u64>> {
        let mut projects = locked(&self.shared.projects);
        if let Some(channel) = projects.get(&project).and_then(Weak::upgrade) {
            return channel;
        }
        projects.retain(|_, channel| channel.strong_count() > 0);
        let channel = Arc::new(watch::Sender::new(0));
        projects.insert(project, Arc::downgrade(&channel));
        channel
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
