//! What all requests and controllers of one cluster share.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{Options, clock::Clock, faults::Faults, world::World};

/// What all requests and controllers share. Changes ring the bell; whoever waits for one listens first, then looks.
pub(crate) struct Shared {
    world: Mutex<World>,
    bell: watch::Sender<u64>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) faults: Faults,
    pub(crate) jenkins_faults: Faults,
    pub(crate) options: Options,
    pub(crate) stop: CancellationToken,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(options: Options) -> Self {
        let clock = Arc::new(Clock::new(options.time_factor));
        Self {
            world: Mutex::new(World::new(clock.clone())),
            bell: watch::Sender::new(0),
            clock,
            faults: Faults::default(),
            jenkins_faults: Faults::default(),
            options,
            stop: CancellationToken::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let answer = change(&mut self.lock());
        self.bell.send_modify(|n| *n += 1);
        answer
    }

    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// Waits until the world is so. Nothing when the cluster is stopped before.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut(&World) -> Option<T>) -> Option<T> {
        let mut bell = self.listen();
        loop {
            bell.borrow_and_update();
            if let Some(found) = self.read(&mut look) {
                return Some(found);
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                changed = bell.changed() => if changed.is_err() { return None },
            }
        }
    }
}
