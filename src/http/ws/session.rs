//! One websocket, from its upgrade to its end.

use std::{pin::Pin, sync::Arc, time::Duration};

use async_graphql::{Executor, ServerError, parser::types::OperationType};
use axum::extract::ws::{Message, WebSocket};
use futures::{FutureExt, SinkExt, StreamExt, stream};
use serde_json::value::RawValue;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{
    credentials::Credentials,
    ending::Ending,
    message::{Incoming, Outgoing},
    operations::{Event, Operations},
};
use crate::http::{
    Code, HttpState, RequestId,
    document::{Problem, prepare},
    graphql::{Params, execute, subscribe},
    metrics,
};

/// How long the other side may take to answer our close frame.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long operations may go on when the server goes: streams say by themselves why they end.
const LAST_WORDS: Duration = Duration::from_secs(3);

pub(super) struct Session<E> {
    state: Arc<HttpState<E>>,
    socket: WebSocket,
    credentials: Credentials,
    operations: Operations,
    /// Until the acknowledgement the end of the time for it, then the next ping.
    timer: Pin<Box<Sleep>>,
    shutdown: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Whether there was a sign of life since the last ping.
    heard: bool,
    /// Whether something is in the write buffer.
    unflushed: bool,
}

/// What there is to do next.
enum Wake {
    Frame(Option<Result<Message, axum::Error>>),
    Event(Arc<str>, Event),
    Timer,
    Shutdown,
}

impl<E: Executor> Session<E> {
    pub(super) fn new(state: Arc<HttpState<E>>, socket: WebSocket, credentials: Credentials) -> Self {
        Self {
            timer: Box::pin(tokio::time::sleep(state.config.init_timeout)),
            shutdown: Box::pin(state.shutdown.clone().cancelled_owned()),
            operations: Operations::default(),
            heard: true,
            unflushed: false,
            state,
            socket,
            credentials,
        }
    }

    /// Serves the socket until it ends, for whatever reason. All of its operations have been dropped then.
    pub(super) async fn run(mut self, speaks_protocol: bool) {
        let ending = if speaks_protocol { self.serve().await } else { Ending::PROTOCOL };
        tracing::debug!(?ending, "a websocket ends");
        drop(std::mem::take(&mut self.operations));
        let farewell = async {
            if let Some(frame) = ending.frame()
                && self.socket.send(Message::Close(Some(frame))).await.is_err()
            {
                return;
            }
            // Reading on until the connection ends sends the answer to the other side's close frame, or waits for the answer
            // to ours, which would be lost with the connection.
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }

    async fn serve(&mut self) -> Ending {
        loop {
            let done = match self.wake().await {
                Ok(Wake::Frame(frame)) => self.frame(frame).await,
                Ok(Wake::Event(id, event)) => self.event(&id, event).await,
                Ok(Wake::Timer) => self.timer().await,
                Ok(Wake::Shutdown) => Err(self.last_words().await),
                Err(ending) => Err(ending),
            };
            if let Err(ending) = done {
                return ending;
            }
        }
    }

    /// The server goes: what the operations still have to say is said, for a moment.
    async fn last_words(&mut self) -> Ending {
        let said = async {
            while self.operations.len() > 0 {
                let (id, event) = self.operations.next().await;
                self.event(&id, event).await?;
            }
            self.flush().await
        };
        match tokio::time::timeout(LAST_WORDS, said).await {
            Ok(Err(ending)) => ending,
            // Those that do not end by themselves are cut.
            Ok(Ok(())) | Err(_) => Ending::SHUTDOWN,
        }
    }

    /// What is there at once is taken before the buffer is flushed, so that a burst costs few writes.
    async fn wake(&mut self) -> Result<Wake, Ending> {
        if self.unflushed {
            if let Some(wake) = self.wait().now_or_never() {
                return Ok(wake);
            }
            self.flush().await?;
        }
        Ok(self.wait().await)
    }

    async fn wait(&mut self) -> Wake {
        tokio::select! {
            frame = self.socket.next() => Wake::Frame(frame),
            (id, event) = self.operations.next() => Wake::Event(id, event),
            () = &mut self.timer => Wake::Timer,
            () = &mut self.shutdown => Wake::Shutdown,
        }
    }

    async fn frame(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<(), Ending> {
        self.heard = true;
        match frame {
            None | Some(Ok(Message::Close(_))) => Err(Ending::Gone),
            Some(Err(error)) => Err(Ending::of_read(error)),
            Some(Ok(Message::Binary(_))) => Err(Ending::BINARY),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                // The library has put the answer to a ping into its buffer.
                self.unflushed = true;
                Ok(())
            }
            Some(Ok(Message::Text(text))) => match Incoming::read(&text)? {
                Incoming::Init(payload) => self.init(payload).await,
                Incoming::Ping(payload) => self.ping(payload).await,
                Incoming::Pong => Ok(()),
                Incoming::Subscribe { id, payload } => self.subscribe(id, payload).await,
                Incoming::Complete { id } => {
                    self.operations.cancel(&id);
                    Ok(())
                }
            },
        }
    }

    async fn init(&mut self, payload: Option<&RawValue>) -> Result<(), Ending> {
        if self.credentials.principal().is_some() {
            return Err(Ending::TWO_INITS);
        }
        tokio::select! {
            signed_in = self.credentials.sign_in(payload) => signed_in?,
            () = &mut self.timer => return Err(Ending::INIT_TIMEOUT),
        }
        self.rearm();
        self.say(&Outgoing::ConnectionAck).await
    }

    /// A ping with a token renews the sign-in. Its payload is not sent back: it may be a secret.
    async fn ping(&mut self, payload: Option<&RawValue>) -> Result<(), Ending> {
        tokio::time::timeout(self.state.config.init_timeout, self.credentials.renew(payload))
            .await
            .map_err(|_| Ending::INTERNAL)??;
        self.say(&Outgoing::Pong).await
    }

    async fn subscribe(&mut self, id: String, payload: &RawValue) -> Result<(), Ending> {
        let Some(principal) = self.credentials.principal().cloned() else { return Err(Ending::NOT_ACKNOWLEDGED) };
        if self.operations.contains(&id) {
            return Err(Ending::doubled(&id));
        }
        let limit = self.state.config.max_subscriptions_per_socket;
        if self.operations.len() >= limit {
            let message = format!("{limit} operations run on this socket: complete one of them first");
            return self.refuse(&id, Problem::new(Code::RateLimited, message)).await;
        }
        let limits = &self.state.config.document;
        let params = Params::from_json(payload.get().as_bytes(), limits)
            .map_err(|problem| Ending::invalid(format!("Invalid `subscribe`: {}", problem.message)))?;
        let mut prepared = match prepare(params, limits) {
            Ok(prepared) => prepared,
            Err(problem) => return self.refuse(&id, problem).await,
        };
        let request_id = RequestId::generate(&*self.state.ids);
        prepared.request = prepared.request.data(principal).data(request_id);
        let outcomes = match prepared.kind {
            OperationType::Subscription => subscribe(&self.state.executor, prepared),
            OperationType::Query | OperationType::Mutation => {
                let (executor, limit) = (self.state.executor.clone(), self.state.config.request_timeout);
                stream::once(async move { execute(&executor, prepared, limit).await }).boxed()
            }
        };
        self.operations.add(id, outcomes);
        Ok(())
    }

    async fn refuse(&mut self, id: &str, problem: Problem) -> Result<(), Ending> {
        metrics::answered("websocket", "refused");
        let errors: [ServerError; 1] = [problem.into_error()];
        self.say(&Outgoing::Error { id, payload: &errors }).await
    }

    async fn event(&mut self, id: &str, event: Event) -> Result<(), Ending> {
        match &event {
            Event::Next(response) => {
                metrics::answered("websocket", if response.errors.is_empty() { "ok" } else { "errors" });
                self.say(&Outgoing::Next { id, payload: response }).await
            }
            Event::Error(errors) => {
                metrics::answered("websocket", "refused");
                self.say(&Outgoing::Error { id, payload: errors }).await
            }
            Event::Complete => self.say(&Outgoing::Complete { id }).await,
        }
    }

    async fn timer(&mut self) -> Result<(), Ending> {
        if self.credentials.principal().is_none() {
            return Err(Ending::INIT_TIMEOUT);
        }
        if !std::mem::take(&mut self.heard) {
            return Err(Ending::SILENT);
        }
        tokio::time::timeout(self.state.config.init_timeout, self.credentials.check())
            .await
            .map_err(|_| Ending::INTERNAL)??;
        self.rearm();
        self.say(&Outgoing::Ping).await?;
        // Every websocket stack answers this one by itself, also where the program above it does not know the protocol's own.
        self.feed(Message::Ping(Vec::new().into())).await
    }

    fn rearm(&mut self) {
        self.timer.as_mut().reset(Instant::now() + self.state.config.keep_alive);
    }

    async fn say(&mut self, message: &Outgoing<'_>) -> Result<(), Ending> {
        self.feed(message.write()?).await
    }

    async fn feed(&mut self, message: Message) -> Result<(), Ending> {
        self.unflushed = true;
        written(self.state.config.write_timeout, self.socket.feed(message)).await
    }

    async fn flush(&mut self) -> Result<(), Ending> {
        self.unflushed = false;
        written(self.state.config.write_timeout, self.socket.flush()).await
    }
}

async fn written(limit: Duration, write: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Ending> {
    match tokio::time::timeout(limit, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Ending::Gone),
        Err(_) => Err(Ending::SILENT),
    }
}
