//! What goes out on one socket.

use std::{
    io::{self, IoSlice},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use tokio::{net::TcpStream, sync::Notify, time::Instant};

use super::ending::Ending;

/// With so many bytes waiting, nothing more is asked for that would produce more.
const ROOM: usize = 16 << 10;

/// The writing side of a socket. Whole frames are put in from several tasks, each at once and without waiting, and go out in
/// that order. What the kernel does not take waits here, and only the socket's own task waits for it.
#[derive(Debug)]
pub(super) struct Outbox {
    stream: TcpStream,
    waiting: Mutex<Waiting>,
    roused: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: BytesMut,
    /// Since when the kernel has taken nothing of them.
    since: Option<Instant>,
}

impl Outbox {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, waiting: Mutex::default(), roused: Notify::new() }
    }

    /// The socket, to read from.
    pub(super) const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Puts a frame behind what waits; it goes out with the next [`drain`](Self::drain).
    pub(super) fn push(&self, parts: &[IoSlice<'_>]) {
        self.waiting().add(parts, 0);
    }

    /// Sends a frame, if `may` says so when its turn has come and there is room. What the kernel does not take of it waits, and
    /// the socket's task is roused for it.
    pub(super) fn offer(&self, parts: &[IoSlice<'_>], may: impl FnOnce() -> bool) -> bool {
        let mut waiting = self.waiting();
        if waiting.bytes.len() >= ROOM || !may() {
            return false;
        }
        if !waiting.bytes.is_empty() {
            waiting.add(parts, 0);
            return true;
        }
        // A socket that is broken is found out by its own task, which meets the same error.
        let written = self.stream.try_write_vectored(parts).unwrap_or_default();
        waiting.add(parts, written);
        if !waiting.bytes.is_empty() {
            self.roused.notify_one();
        }
        true
    }

    /// Does this while nothing can be offered.
    pub(super) fn exclusively(&self, work: impl FnOnce()) {
        let _waiting = self.waiting();
        work();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting().bytes.is_empty()
    }

    /// Whether to go on with what produces more.
    pub(super) fn has_room(&self) -> bool {
        self.waiting().bytes.len() < ROOM
    }

    /// Resolves when something waits that was offered.
    pub(super) async fn roused(&self) {
        self.roused.notified().await;
    }

    /// Resolves when nothing waits any more, or with the end of the socket: it is broken, or the other side has read nothing
    /// for so long. Loses nothing when dropped.
    pub(super) async fn drain(&self, limit: Duration) -> Result<(), Ending> {
        loop {
            let Some(since) = self.waiting().write(&self.stream)? else { return Ok(()) };
            match tokio::time::timeout_at(since + limit, self.stream.writable()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Ending::Gone),
                Err(_) => return Err(Ending::SILENT),
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Adds what these parts hold behind the first `skip` bytes.
    fn add(&mut self, parts: &[IoSlice<'_>], mut skip: usize) {
        for part in parts {
            let skipped = skip.min(part.len());
            self.bytes.extend_from_slice(&part[skipped..]);
            skip -= skipped;
        }
    }

    /// Writes as much as the kernel takes; since when it takes nothing more, if something is left.
    fn write(&mut self, stream: &TcpStream) -> Result<Option<Instant>, Ending> {
        while !self.bytes.is_empty() {
            match stream.try_write(&self.bytes) {
                Ok(0) => return Err(Ending::Gone),
                Ok(written) => {
                    self.bytes.advance(written);
                    self.since = None;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Some(*self.since.get_or_insert_with(Instant::now)));
                }
                Err(_) => return Err(Ending::Gone),
            }
        }
        // Most sockets have nothing to say most of the time, and there are many of them.
        *self = Self::default();
        Ok(None)
    }
}
