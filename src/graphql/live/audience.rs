//! Whether who listens still may.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use alm_domain::Principal;
use tokio::time::Instant;

use crate::app::{App, Subject};

/// How long a right is taken to last. With what a response takes on its way it stays under the five seconds after which whoever
/// has lost a right is told nothing more.
const TRUSTED: Duration = Duration::from_secs(4);

/// One principal among those who share an execution. Its right to see the subject is asked for again when something is to be
/// told and the last answer is too old; so who hears nothing costs nothing.
#[derive(Debug)]
pub(super) struct Audience {
    pub(super) principal: Principal,
    trusted_until: Mutex<Instant>,
    asking: tokio::sync::Mutex<()>,
}

impl Audience {
    /// Of a principal whose right has just been asked for.
    pub(super) fn new(principal: Principal) -> Self {
        Self { principal, trusted_until: Mutex::new(Instant::now() + TRUSTED), asking: tokio::sync::Mutex::default() }
    }

    /// Whether the last answer still counts.
    pub(super) fn is_trusted(&self, now: Instant) -> bool {
        now < *self.trusted_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the right still holds. Many who ask at once ask the store once. A store that cannot be read gives nobody a right.
    pub(super) async fn holds(&self, app: &App, subject: Subject) -> bool {
        if self.is_trusted(Instant::now()) {
            return true;
        }
        let _asking = self.asking.lock().await;
        if self.is_trusted(Instant::now()) {
            return true;
        }
        let asked = Instant::now();
        let holds = matches!(app.reach(&self.principal, subject).await, Ok(Some(_)));
        if holds {
            *self.trusted_until.lock().unwrap_or_else(PoisonError::into_inner) = asked + TRUSTED;
        }
        holds
    }
}
