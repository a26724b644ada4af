//! The bytes of a connection, written only as long as the client reads them.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

/// A connection whose writes fail once the client has taken nothing for so long. An idle connection waits for nothing and holds
/// no timer: the time runs only while the kernel takes no more of our bytes, and anew after each that it takes.
#[derive(Debug)]
pub(in crate::http) struct ConnectionIo {
    stream: TcpStream,
    limit: Duration,
    /// Made when a write has to wait for the first time.
    deadline: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl ConnectionIo {
    pub(in crate::http) const fn new(stream: TcpStream, limit: Duration) -> Self {
        Self { stream, limit, deadline: None, waiting: false }
    }

    /// The socket, for whoever takes the connection over and watches over its writes.
    pub(in crate::http) fn into_inner(self) -> TcpStream {
        self.stream
    }

    /// What a write came to; one that has to wait is given the time that is left.
    fn within<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = false;
            return written;
        }
        let end = || Instant::now() + self.limit;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end())));
        if !std::mem::replace(&mut self.waiting, true) {
            deadline.as_mut().reset(end());
        }
        ready!(deadline.as_mut().poll(context));
        self.waiting = false;
        // What was not read is thrown away with the connection; else the kernel would go on offering it.
        if let Err(error) = self.stream.set_zero_linger() {
            tracing::debug!(%error, "a connection that nobody reads was gone already");
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl AsyncRead for ConnectionIo {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for ConnectionIo {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.within(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
