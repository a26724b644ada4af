//! Signals as values.

use std::io;

use futures::{Stream, stream};
use tokio::signal::unix::{SignalKind, signal};

/// One item for each Ctrl-C from now on, which then no longer ends the process.
pub(super) fn interrupts() -> io::Result<impl Stream<Item = ()> + Send> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(stream::poll_fn(move |context| interrupt.poll_recv(context)))
}

/// One item for each Ctrl-C and each SIGTERM from now on.
pub(super) fn stops() -> io::Result<impl Stream<Item = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let terminate = stream::poll_fn(move |context| terminate.poll_recv(context));
    Ok(stream::select(interrupts()?, terminate))
}
