//! Requests over HTTP/1.1, one after another on each of some connections.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use super::Histogram;
use crate::{line::now, server::TOKEN};

/// What came of the requests of some time.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// How many.
    pub(crate) requests: u64,
    /// From sending to the last byte.
    pub(crate) latency: Histogram,
}

/// A connection that is kept open.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    read: Vec<u8>,
}

impl Connection {
    /// A connection on which this body is posted to the API, again and again.
    pub(crate) async fn open(address: SocketAddr, body: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n\
             Accept: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Ok(Self { stream, request: request.into_bytes(), read: Vec::with_capacity(256 << 10) })
    }

    /// The body of the next reply.
    pub(crate) async fn ask(&mut self) -> io::Result<&[u8]> {
        self.stream.write_all(&self.request).await?;
        self.read.clear();
        let (mut head, mut length) = (0_usize, usize::MAX);
        while self.read.len() < head.saturating_add(length) {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if length == usize::MAX
                && let Some(end) = memchr::memmem::find(&self.read, b"\r\n\r\n")
            {
                head = end + 4;
                length = content_length(&self.read[..end])?;
            }
        }
        Ok(&self.read[head..])
    }
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    match length {
        Some(length) if head.starts_with("http/1.1 200") => Ok(length),
        _ => Err(io::Error::other(format!("not the reply that was expected: {head}"))),
    }
}

/// Asks on all connections for so long.
pub(crate) async fn ask(connections: &mut [Connection], time: Duration) -> io::Result<Answered> {
    let end = Instant::now() + time;
    let ask = |connection| async move {
        let connection: &mut Connection = connection;
        let mut times = Vec::new();
        while Instant::now() < end {
            let begun = now();
            connection.ask().await?;
            times.push(now() - begun);
        }
        io::Result::Ok(times)
    };
    let mut answered = Answered::default();
    for times in futures::future::try_join_all(connections.iter_mut().map(ask)).await? {
        answered.requests += times.len() as u64;
        times.into_iter().for_each(|time| answered.latency.add(time));
    }
    Ok(answered)
}
