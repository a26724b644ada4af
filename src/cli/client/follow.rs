//! Following a build over any number of connections.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::{
    BuildView, Client, ClientError, LineView, StageView,
    events::{BUILD_DOCUMENT, BuildEvent, EndReason, LOG_DOCUMENT, LogEvent, StreamData},
    socket::{Incoming, Socket, SocketError},
};

const BUILD: &str = "build";
const LOG: &str = "log";
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What happened to a build.
#[derive(Debug)]
pub enum Followed {
    /// The build changed; stages come along where they are new or changed.
    Build(BuildView, Vec<StageView>),
    /// More lines, each exactly once and in order.
    Lines(Vec<LineView>),
    /// The engine lost lines here.
    Gap(String),
    /// The connection is gone; it is being made anew.
    Lost(String),
    /// The connection is back, and goes on behind the last event.
    Back,
    /// Everything was told.
    End,
}

/// One of the two streams, and how far it was read.
#[derive(Debug, Default)]
struct Position {
    after: Option<String>,
    ended: bool,
}

/// Follows one build: its state and its log, from the beginning, across lost connections, exactly once.
#[derive(Debug)]
pub struct Follower {
    client: Client,
    build: String,
    socket: Option<Socket>,
    state: Position,
    log: Position,
    /// The last line that was handed on: what makes lines exactly-once even if a cursor was not taken in.
    last_line: u64,
    patience: Duration,
    lost_since: Option<Instant>,
    told_lost: bool,
    pause: Duration,
    retry_at: Option<Instant>,
}

impl Follower {
    /// Follows this build; gives up when the server could not be reached for as long as `patience`.
    #[must_use]
    pub fn new(client: Client, build: String, patience: Duration) -> Self {
        Self {
            client,
            build,
            socket: None,
            state: Position::default(),
            log: Position::default(),
            last_line: 0,
            patience,
            lost_since: None,
            told_lost: false,
            pause: FIRST_PAUSE,
            retry_at: None,
        }
    }

    /// What happens next. May be dropped and called again at any point: nothing is lost and nothing comes twice.
    ///
    /// # Errors
    /// When trying again would change nothing, or was tried for long enough. Then the build goes on unseen.
    pub async fn next(&mut self) -> Result<Followed, ClientError> {
        loop {
            if self.state.ended && self.log.ended {
                return Ok(Followed::End);
            }
            let Some(socket) = self.socket.as_mut() else {
                match self.connect().await? {
                    Some(told) => return Ok(told),
                    None => continue,
                }
            };
            let told = match socket.next().await {
                Ok(Incoming::Next { id, data }) if id == BUILD => self.build_event(data)?,
                Ok(Incoming::Next { id, data }) if id == LOG => self.log_event(data)?,
                // Operations of ours end with an event that says why; one that just stops is resumed.
                Ok(Incoming::Complete { id }) if self.has_ended(&id) => None,
                Ok(Incoming::Complete { .. }) => self.lost("a stream was cut off".to_owned()),
                Ok(Incoming::Next { .. }) => None,
                Err(SocketError::Lost(reason)) => self.lost(reason),
                Err(SocketError::Final(error)) => return Err(error),
            };
            if let Some(told) = told {
                return Ok(told);
            }
        }
    }

    /// One try to connect, when it is due. State changes only once everything is sent, so that being dropped harms nothing.
    async fn connect(&mut self) -> Result<Option<Followed>, ClientError> {
        if let Some(due) = self.retry_at {
            sleep_until(due).await;
        }
        match self.open().await {
            Ok(socket) => {
                self.socket = Some(socket);
                self.retry_at = None;
                let back = self.told_lost;
                self.told_lost = false;
                Ok(back.then_some(Followed::Back))
            }
            Err(SocketError::Final(error)) => Err(error),
            Err(SocketError::Lost(reason)) => {
                let lost_since = *self.lost_since.get_or_insert_with(Instant::now);
                if lost_since.elapsed() >= self.patience {
                    return Err(ClientError::Unreachable {
                        server: self.client.endpoint().server().to_string(),
                        reason,
                    });
                }
                self.retry_at = Some(Instant::now() + self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                Ok(self.tell_lost(reason))
            }
        }
    }

    async fn open(&self) -> Result<Socket, SocketError> {
        let mut socket = Socket::connect(self.client.endpoint()).await?;
        for (id, document, position) in [(BUILD, BUILD_DOCUMENT, &self.state), (LOG, LOG_DOCUMENT, &self.log)] {
            if !position.ended {
                socket.subscribe(id, document, json!({ "id": self.build, "after": position.after })).await?;
            }
        }
        Ok(socket)
    }

    fn has_ended(&self, id: &str) -> bool {
        match id {
            BUILD => self.state.ended,
            _ => self.log.ended,
        }
    }

    fn lost(&mut self, reason: String) -> Option<Followed> {
        self.socket = None;
        let now = Instant::now();
        self.lost_since.get_or_insert(now);
        self.retry_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.tell_lost(reason)
    }

    /// Said once per outage.
    fn tell_lost(&mut self, reason: String) -> Option<Followed> {
        let first = !self.told_lost;
        self.told_lost = true;
        first.then_some(Followed::Lost(reason))
    }

    /// The server has told us something: whatever was wrong is over.
    fn healthy(&mut self) {
        self.lost_since = None;
        self.pause = FIRST_PAUSE;
    }

    fn build_event(&mut self, data: Value) -> Result<Option<Followed>, ClientError> {
        self.healthy();
        let (cursor, told) = match read(data)? {
            BuildEvent::BuildSnapshot { cursor, mut build } => {
                let stages = std::mem::take(&mut build.stages);
                (cursor, Some(Followed::Build(build, stages)))
            }
            BuildEvent::BuildChanged { cursor, build } => (cursor, Some(Followed::Build(build, Vec::new()))),
            BuildEvent::StagesChanged { cursor, build, stages } => (cursor, Some(Followed::Build(build, stages))),
            BuildEvent::Heartbeat { cursor } => (cursor, None),
            BuildEvent::StreamEnded { cursor, reason } => {
                let told = self.ended(reason)?;
                self.state.ended = reason == EndReason::Complete;
                (cursor, told)
            }
            BuildEvent::Unknown => return Ok(None),
        };
        self.state.after = Some(cursor);
        Ok(told)
    }

    fn log_event(&mut self, data: Value) -> Result<Option<Followed>, ClientError> {
        self.healthy();
        let (cursor, told) = match read(data)? {
            LogEvent::LogBatch { cursor, mut lines } => {
                lines.retain(|line| line.seq > self.last_line);
                self.last_line = lines.last().map_or(self.last_line, |line| line.seq);
                (cursor, (!lines.is_empty()).then_some(Followed::Lines(lines)))
            }
            LogEvent::LogGap { cursor, cause } => (cursor, Some(Followed::Gap(cause))),
            LogEvent::Heartbeat { cursor } => (cursor, None),
            LogEvent::StreamEnded { cursor, reason } => {
                let told = self.ended(reason)?;
                self.log.ended = reason == EndReason::Complete;
                (cursor, told)
            }
            LogEvent::Unknown => return Ok(None),
        };
        self.log.after = Some(cursor);
        Ok(told)
    }

    fn ended(&mut self, reason: EndReason) -> Result<Option<Followed>, ClientError> {
        match reason {
            EndReason::Complete => Ok(None),
            EndReason::Removed => Err(ClientError::Gone("it was removed")),
            EndReason::Forbidden => Err(ClientError::Gone("the right to see it was withdrawn")),
            EndReason::Shutdown => Ok(self.lost("the server is going down".to_owned())),
            EndReason::Unknown => Ok(self.lost("the stream ended".to_owned())),
        }
    }
}

fn read<T: DeserializeOwned>(data: Value) -> Result<T, ClientError> {
    serde_json::from_value::<StreamData<T>>(data)
        .map(|data| data.stream)
        .map_err(|error| ClientError::Foreign(error.to_string()))
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
