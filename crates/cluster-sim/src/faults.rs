//! What goes wrong when a test wants it to.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// What a server does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    Refuse,
    Hang,
    TooMany(Duration),
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct State {
    pub(crate) fault: Fault,
    pub(crate) cuts: u64,
}

/// Switches for the troubles of one server. Each holds until [`heal`](Self::heal); switching one on switches another off.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<watch::Sender<State>>);

impl Faults {
    fn set(&self, fault: Fault) {
        self.0.send_modify(|state| state.fault = fault);
    }

    /// Connections are refused, and those that are open are closed.
    pub fn refuse(&self) {
        self.set(Fault::Refuse);
    }

    /// Requests are taken and never answered, and open streams fall silent. When healed, connections that hung are closed.
    pub fn hang(&self) {
        self.set(Fault::Hang);
    }

    /// Every request is answered 429 with this `Retry-After`.
    pub fn too_many_requests(&self, retry_after: Duration) {
        self.set(Fault::TooMany(retry_after));
    }

    /// Every request is answered 500.
    pub fn server_error(&self) {
        self.set(Fault::Error);
    }

    /// Every open stream is cut off in the middle of a line, once. Nothing else changes.
    pub fn cut_streams(&self) {
        self.0.send_modify(|state| state.cuts += 1);
    }

    /// All is well again.
    pub fn heal(&self) {
        self.set(Fault::None);
    }

    pub(crate) fn fault(&self) -> Fault {
        self.0.borrow().fault
    }

    pub(crate) fn listen(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }

    /// Waits until requests are not left hanging.
    pub(crate) async fn unhung(&self) {
        // The sender lives in `self`: this cannot fail.
        let _ = self.listen().wait_for(|state| state.fault != Fault::Hang).await;
    }
}
