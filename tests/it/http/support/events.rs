//! Server-sent events, read byte by byte.

use std::{collections::VecDeque, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{Request, Running, TOKEN, within};

/// What the server has sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Sent {
    /// A comment.
    Heartbeat,
    Next(Value),
    Complete,
    /// The reply is over, in order.
    End,
    /// The connection is gone in the midst of it.
    Cut,
}

/// An open reply to a request that accepts events.
pub(crate) struct EventStream {
    stream: BufReader<TcpStream>,
    pub(crate) status: u16,
    head: Vec<String>,
    text: String,
    sent: VecDeque<Sent>,
}

impl EventStream {
    /// Sends this request, whatever it accepts, and reads the head of the reply.
    pub(crate) async fn open(server: &Running, request: Request) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(&request.bytes()).await.unwrap();
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            within(stream.read_line(&mut line)).await.unwrap();
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_ascii_lowercase()),
            }
        }
        let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
        Self { stream, status, head, text: String::new(), sent: VecDeque::new() }
    }

    /// Runs this document with a POST.
    pub(crate) async fn post(server: &Running, query: &str) -> Self {
        let request = Request::post(&serde_json::json!({ "query": query })).with("accept", "text/event-stream");
        let stream = Self::open(server, request).await;
        assert_eq!((stream.status, stream.header("content-type")), (200, Some("text/event-stream; charset=utf-8")));
        stream
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The next of what is sent, heartbeats too.
    pub(crate) async fn hear(&mut self) -> Sent {
        loop {
            if let Some(sent) = self.sent.pop_front() {
                return sent;
            }
            match within(self.chunk()).await {
                Ok(Some(text)) => self.take(&text),
                Ok(None) => return Sent::End,
                Err(_) => return Sent::Cut,
            }
        }
    }

    /// The next of what is sent, but for heartbeats.
    pub(crate) async fn told(&mut self) -> Sent {
        loop {
            match self.hear().await {
                Sent::Heartbeat => {}
                told => return told,
            }
        }
    }

    /// The payload of the next event, which must be one.
    pub(crate) async fn next(&mut self) -> Value {
        match self.told().await {
            Sent::Next(payload) => payload,
            other => panic!("{other:?}"),
        }
    }

    /// The operation must be over, and the reply with it.
    pub(crate) async fn complete(mut self) {
        assert_eq!((self.told().await, self.told().await), (Sent::Complete, Sent::End));
    }

    /// Says that the stream is not to be read at all.
    pub(crate) fn unread(self) -> TcpStream {
        self.stream.into_inner()
    }

    async fn chunk(&mut self) -> std::io::Result<Option<String>> {
        let mut size = String::new();
        self.stream.read_line(&mut size).await?;
        let size = usize::from_str_radix(size.trim_end(), 16).map_err(std::io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).await?;
        assert!(chunk.ends_with(b"\r\n"));
        chunk.truncate(size);
        Ok((size > 0).then(|| String::from_utf8(chunk).unwrap()))
    }

    fn take(&mut self, text: &str) {
        self.text += text;
        while let Some(end) = self.text.find("\n\n") {
            let event: String = self.text.drain(..end + 2).collect();
            let lines: Vec<&str> = event.trim_end_matches('\n').split('\n').collect();
            self.sent.push_back(match lines[..] {
                [":"] => Sent::Heartbeat,
                ["event: next", data] => {
                    Sent::Next(serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap())
                }
                ["event: complete", "data:"] => Sent::Complete,
                _ => panic!("{event:?}"),
            });
        }
    }
}

/// Waits until so many streams of the schema are alive.
pub(crate) async fn streams(server: &Running, expected: usize) {
    within(async {
        while server.traces.streams.load(std::sync::atomic::Ordering::SeqCst) != expected {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// A signed-in GET of this document.
pub(crate) fn get(query: &str) -> Request {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let request = Request::new("GET", &format!("/graphql?query={query}")).with("accept", "text/event-stream");
    request.with("authorization", &format!("Bearer {TOKEN}"))
}
