//! The use cases, and what runs beside them: the monitors that follow builds and the hub that wakes listeners.
//!
//! **Architecture Invariant:** nothing in here knows GraphQL, HTTP or a concrete provider.

mod access;
mod actions;
mod admin;
mod artifacts;
mod at_engine;
mod audit;
mod clients;
mod connections;
mod credentials;
mod decide;
mod denials;
mod deployments;
mod engine;
mod environments;
mod error;
mod external;
mod figures;
mod gate;
mod left_behind;
mod live;
mod monitor;
mod people;
mod presence;
mod probes;
mod registry;
mod retention;
mod rotation;
mod samples;
mod secrets;
mod services;
mod start;
mod streams;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

pub use access::{Checked, TokenState};
pub use actions::{Action, ActionBlocker, ActionState, permitted};
pub use admin::{ProviderChanges, RegisterProvider};
use alm_credentials::{outbound::Outbound, vault::Vault};
use alm_domain::{Clock, IdSource, UserId};
use alm_store::Store;
pub use at_engine::AtEngine;
use chrono::TimeDelta;
pub use clients::ClientFields;
pub use connections::{CompletedConnection, Disconnected, StartedConnection};
pub use credentials::Credentials;
pub use decide::DecideBuild;
pub use denials::Denied;
pub use deployments::{Board, Cell, PromoteBuild, RollBack, Row};
pub use environments::{AddEnvironment, EnvironmentChanges, ProtectionChanges};
pub use error::{AppError, FieldProblem};
pub use figures::{Failure, ProjectVerdict, ServiceStats, VerdictReason, VerdictReasonCode, duration_ms};
pub use gate::{StartCheck, Wallet};
pub use left_behind::RemovedService;
pub use live::{
    AuditUpdate, BuildUpdate, LogFrom, LogOptions, LogUpdate, ProjectTold, ProjectUpdate, ProviderUpdate, StreamEnd,
    ViewerUpdate,
};
pub use monitor::Timing;
pub use people::CreatePersonalToken;
pub use presence::{Bearer, BearerOrigin, Presence};
pub use registry::ProviderFactory;
pub use rotation::{Ring, RotationError, VaultReport, rotate_vault, vault_status};
pub use samples::{Sample, Samples};
pub use services::{CreateService, UpdateService};
pub use start::{RerunBuild, StartBuild};
pub use streams::{Reach, Subject};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::task::TaskTracker;

use gate::{Gate, OwnWallet};
use live::Hub;
use monitor::Monitors;
use registry::Registry;

/// Everything that a use case needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    registry: Registry,
    hub: Hub,
    gate: Gate,
    monitors: Monitors,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    credentials: Credentials,
    connections: connections::Connections,
    denials: denials::Denials,
    at_engines: at_engine::AtEngines,
    retention_every: Duration,
    presence: Presence,
    probes: probes::Probes,
    probes_every: Duration,
    external_runs_every: Duration,
    samples: OnceLock<Arc<dyn Samples>>,
    connections_every: Duration,
    /// How long a build waits for an account.
    longest_hold: TimeDelta,
    /// Changes that are under way, whether or not anybody still waits for their answer, and shared streams.
    changes: TaskTracker,
}

impl App {
    /// The application over a migrated store. Nothing is followed until [`resume`](Self::resume).
    #[must_use]
    pub fn new(
        store: Store,
        factory: Arc<dyn ProviderFactory>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        credentials: Credentials,
        timing: Timing,
    ) -> Self {
        let registry = Registry::new(store.clone(), factory);
        let hub = Hub::new(store.clone(), Arc::clone(&clock), timing.heartbeat);
        let gate = Gate::new(store.clone(), Arc::clone(&clock), credentials.vault.clone());
        let monitors =
            Monitors::new(store.clone(), registry.clone(), hub.clone(), gate.clone(), Arc::clone(&clock), timing);
        let longest_hold = TimeDelta::from_std(timing.hold).unwrap_or(TimeDelta::MAX);
        let (retention_every, connections_every) = (timing.retention, timing.connections);
        Self {
            inner: Arc::new(Inner {
                retention_every,
                presence: Presence::new(Arc::clone(&clock)),
                probes: probes::Probes::default(),
                probes_every: timing.probes,
                external_runs_every: timing.external_runs,
                samples: OnceLock::new(),
                connections_every,
                connections: connections::Connections::default(),
                denials: denials::Denials::default(),
                at_engines: at_engine::AtEngines::default(),
                longest_hold,
                gate,
                store,
                registry,
                hub,
                monitors,
                clock,
                ids,
                credentials,
                changes: TaskTracker::new(),
            }),
        }
    }

    /// From now on builds need, and are given, the accounts that people have connected here; before [`resume`](Self::resume).
    pub fn use_connections(&self) {
        self.use_wallet(Arc::new(OwnWallet::of(self)));
    }

    /// Says where the tokens of people come from; once, before [`resume`](Self::resume). Without it no token is asked for, and
    /// none is given to any build.
    pub fn use_wallet(&self, wallet: Arc<dyn Wallet>) {
        self.inner.gate.use_wallet(wallet);
    }

    /// Tells whatever waits for this person's accounts that they have changed: connected, renewed, withdrawn, or that the person
    /// is here.
    pub fn connections_changed(&self, user: UserId) {
        self.inner.hub.connections_changed(user);
    }

    /// Follows again every build that was not over when the service last stopped, lets go of those that were over but
    /// not released, and from now on removes what is kept no longer, or was left behind, asks providers whether they are well, and finds
    /// what engines began by themselves.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn resume(&self) -> Result<(), AppError> {
        self.inner.monitors.resume().await?;
        self.inner.changes.spawn(self.clone().keep_house(self.inner.retention_every));
        self.inner.changes.spawn(self.clone().keep_connections(self.inner.connections_every));
        self.inner.changes.spawn(self.clone().keep_probing(self.inner.probes_every));
        self.inner.changes.spawn(self.clone().find_external_runs(self.inner.external_runs_every));
        self.inner.changes.spawn(self.clone().keep_clearing(self.inner.probes_every));
        self.inner.changes.spawn(self.clone().hear_arrivals());
        self.inner.changes.spawn(self.clone().try_arrivals());
        self.inner.changes.spawn(self.clone().watch_deployments());
        Ok(())
    }

    /// A build that waits for its starter's own sign-in goes on when that person is here again.
    async fn hear_arrivals(self) {
        let (mut arrivals, stop) = (self.inner.presence.arrivals(), self.inner.hub.stopping());
        loop {
            let arrived = tokio::select! {
                () = stop.cancelled() => return,
                arrived = arrivals.recv() => arrived,
            };
            match arrived {
                Ok(_) | Err(RecvError::Lagged(_)) => self.inner.hub.ring_accounts(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Runs a change to its end, even if nobody waits for it any more; shutting down waits for it.
    ///
    /// # Errors
    /// When the change panicked.
    pub async fn finish<T: Send + 'static>(
        &self,
        change: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, tokio::task::JoinError> {
        self.inner.changes.spawn(change).await
    }

    /// Ends all live streams with SHUTDOWN.
    pub fn end_streams(&self) {
        self.inner.hub.shut_down();
    }

    /// Lets go of all builds, which go on by themselves, and ends all live streams; resolves when nothing of this application
    /// runs any more.
    pub async fn shut_down(&self) {
        self.end_streams();
        self.inner.changes.close();
        self.inner.changes.wait().await;
        self.inner.monitors.shut_down().await;
    }

    /// Where everything is read. Each of its functions takes the principal.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The bearer tokens of those who are here.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.inner.presence
    }

    /// Seals whatever is kept and must not be known.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.inner.credentials.vault
    }

    /// The way to addresses that users have given.
    #[must_use]
    pub fn outbound(&self) -> &Outbound {
        &self.inner.credentials.outbound
    }

    /// The clock of the service.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }
}
