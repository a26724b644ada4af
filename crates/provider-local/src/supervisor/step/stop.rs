//! Telling a stage to stop.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

/// Why a stage is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// A person asked the build to stop.
    Cancelled,
    /// The build has used up its time.
    BuildTimedOut,
}

/// A switch that can be pulled once, and waited for together with other things.
#[derive(Debug, Clone)]
pub(crate) struct Stop(Arc<(Mutex<Option<StopReason>>, OwnedFd)>);

impl Stop {
    /// A switch that nobody has pulled.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new((Mutex::new(None), eventfd(0, EventfdFlags::CLOEXEC)?))))
    }

    /// Pulls it. The first reason stays.
    pub(crate) fn pull(&self, reason: StopReason) {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_none() {
            *state = Some(reason);
            // Cannot fail: the counter of a fresh eventfd has room.
            let _ = rustix::io::write(&self.0.1, &1u64.to_ne_bytes());
        }
    }

    /// Why it was pulled, if it was.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for so long, or until it is pulled.
    pub(crate) fn wait(&self, time: Duration) {
        let time =
            Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX), tv_nsec: time.subsec_nanos().into() };
        // Coming back early does no harm to a pause.
        let _ = poll(&mut [PollFd::new(&self.0.1, PollFlags::IN)], Some(&time));
    }
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.1.as_fd()
    }
}
