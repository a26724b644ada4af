//! Whether who listens still may.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use alm_domain::{Principal, ProjectRole};
use tokio::time::Instant;

use crate::app::{App, Subject};

/// How long a right is taken to last. With what a response takes on its way it stays under the five seconds after which whoever
/// has lost a right is told nothing more.
const TRUSTED: Duration = Duration::from_secs(4);

/// Pause before a store that could not be read is asked again.
const AGAIN: Duration = Duration::from_millis(250);

/// One principal among those who share an execution. Its right to see the subject is asked for again when something is to be
/// told and the last answer is too old; so who hears nothing costs nothing.
#[derive(Debug)]
pub(super) struct Audience {
    pub(super) principal: Principal,
    /// The role that it must keep: that of all who share the execution.
    least: ProjectRole,
    trusted_until: Mutex<Instant>,
    asking: tokio::sync::Mutex<()>,
}

impl Audience {
    /// Of a principal whose right has just been asked for.
    pub(super) fn new(principal: Principal, least: ProjectRole) -> Self {
        Self {
            principal,
            least,
            trusted_until: Mutex::new(Instant::now() + TRUSTED),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// Whether the last answer still counts.
    pub(super) fn is_trusted(&self, now: Instant) -> bool {
        now < *self.trusted_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the right still holds. As long as the store cannot be read there is no answer, and whoever waits for it is told
    /// nothing.
    pub(super) async fn holds(&self, app: &App, subject: Subject) -> bool {
        loop {
            match self.ask(app, subject).await {
                Some(holds) => return holds,
                None => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    /// Whether the right still holds, if the store can be read. Many who ask at once ask it once.
    pub(super) async fn ask(&self, app: &App, subject: Subject) -> Option<bool> {
        if self.is_trusted(Instant::now()) {
            return Some(true);
        }
        let _asking = self.asking.lock().await;
        if self.is_trusted(Instant::now()) {
            return Some(true);
        }
        let asked = Instant::now();
        let holds = app.role_on(&self.principal, subject).await.ok()?.is_some_and(|role| role >= self.least);
        if holds {
            *self.trusted_until.lock().unwrap_or_else(PoisonError::into_inner) = asked + TRUSTED;
        }
        Some(holds)
    }
}
