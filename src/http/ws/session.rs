//! One websocket, from its upgrade to its end.

use std::{io::IoSlice, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use async_graphql::ServerError;
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::value::RawValue;
use tokio::time::{Instant, Sleep};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Bytes, Message},
};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{
    credentials::Credentials,
    ending::Ending,
    frame::Head,
    lane::Lane,
    message::{Incoming, Outgoing},
    operations::{Event, Operations},
    outbox::Outbox,
    wire::Wire,
};
use crate::{
    graphql::Live,
    http::{
        Code, HttpState, RequestId,
        document::{Problem, prepare},
        graphql::{LAST_WORDS, Params, run},
        metrics,
        origin::origin,
    },
};

/// How long the other side may take to answer our close frame.
const FAREWELL: Duration = Duration::from_secs(2);

pub(super) struct Session<E> {
    state: Arc<HttpState<E>>,
    /// What comes in, and answers to the websocket protocol's own frames. Everything else goes out through the outbox.
    socket: WebSocketStream<Wire>,
    outbox: Arc<Outbox>,
    credentials: Credentials,
    /// Of the client.
    address: Option<IpAddr>,
    operations: Operations,
    /// Until the acknowledgement the end of the time for it, then the next ping.
    timer: Pin<Box<Sleep>>,
    /// When to ask again whether the token still stands for the same.
    recheck: Pin<Box<Sleep>>,
    shutdown: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Whether there was a sign of life since the last ping.
    heard: bool,
}

/// What there is to do next.
enum Wake {
    Frame(Option<Result<Message, tungstenite::Error>>),
    Event(Arc<str>, Event),
    Timer,
    Recheck,
    Roused,
    Drained(Result<(), Ending>),
    Shutdown,
}

impl<E: Live> Session<E> {
    pub(super) fn new(
        state: Arc<HttpState<E>>,
        socket: WebSocketStream<Wire>,
        credentials: Credentials,
        address: Option<IpAddr>,
    ) -> Self {
        Self {
            outbox: Arc::clone(&socket.get_ref().0),
            timer: Box::pin(tokio::time::sleep(state.config.init_timeout)),
            recheck: Box::pin(tokio::time::sleep(state.config.recheck)),
            shutdown: Box::pin(state.shutdown.clone().cancelled_owned()),
            operations: Operations::default(),
            heard: true,
            state,
            socket,
            credentials,
            address,
        }
    }

    /// Serves the socket until it ends, for whatever reason. All of its operations have been dropped then.
    pub(super) async fn run(mut self, speaks_protocol: bool) {
        let ending = if speaks_protocol { self.serve().await } else { Ending::PROTOCOL };
        tracing::debug!(?ending, "a websocket ends");
        drop(std::mem::take(&mut self.operations));
        let farewell = async {
            if let Some(frame) = ending.frame() {
                let _ = self.socket.send(Message::Close(Some(frame))).await;
            }
            // Reading on until the connection ends sends the answer to the other side's close frame, or waits for the answer
            // to ours, which would be lost with the connection.
            loop {
                let _ = self.socket.flush().await;
                if self.outbox.drain(FAREWELL).await.is_err() {
                    return;
                }
                let Some(Ok(_)) = self.socket.next().await else { return };
            }
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }

    async fn serve(&mut self) -> Ending {
        loop {
            let done = match self.wake().await {
                Wake::Frame(frame) => self.frame(frame).await,
                Wake::Event(id, event) => self.event(&id, event),
                Wake::Timer => self.timer().await,
                Wake::Recheck => self.recheck().await,
                Wake::Roused => Ok(()),
                Wake::Drained(done) => done,
                Wake::Shutdown => Err(self.last_words().await),
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
                if !self.outbox.has_room() {
                    self.outbox.drain(LAST_WORDS).await?;
                }
                let (id, event) = self.operations.next().await;
                self.event(&id, event)?;
            }
            self.outbox.drain(LAST_WORDS).await
        };
        match tokio::time::timeout(LAST_WORDS, said).await {
            Ok(Err(ending)) => ending,
            // Those that do not end by themselves are cut.
            Ok(Ok(())) | Err(_) => Ending::SHUTDOWN,
        }
    }

    /// What is there at once is taken before it is written, so that a burst costs few writes. While too much waits to be
    /// written, nothing is taken that would make it more.
    async fn wake(&mut self) -> Wake {
        if self.outbox.is_empty() {
            return self.wait().await;
        }
        if self.outbox.has_room()
            && let Some(wake) = self.wait().now_or_never()
        {
            return wake;
        }
        let (outbox, limit) = (Arc::clone(&self.outbox), self.state.config.write_timeout);
        tokio::select! {
            drained = outbox.drain(limit) => Wake::Drained(drained),
            wake = self.wait() => wake,
        }
    }

    async fn wait(&mut self) -> Wake {
        let has_room = self.outbox.has_room();
        tokio::select! {
            frame = self.socket.next(), if has_room => Wake::Frame(frame),
            (id, event) = self.operations.next(), if has_room => Wake::Event(id, event),
            () = self.outbox.roused() => Wake::Roused,
            () = &mut self.timer => Wake::Timer,
            () = &mut self.recheck => Wake::Recheck,
            () = &mut self.shutdown => Wake::Shutdown,
        }
    }

    async fn frame(&mut self, frame: Option<Result<Message, tungstenite::Error>>) -> Result<(), Ending> {
        self.heard = true;
        match frame {
            None | Some(Ok(Message::Close(_))) => Err(Ending::Gone),
            Some(Err(error)) => Err(Ending::of_read(&error)),
            Some(Ok(Message::Binary(_))) => Err(Ending::BINARY),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                // The library has the answer to a ping at hand.
                self.socket.flush().await.map_err(|_| Ending::Gone)
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
        self.say(&Outgoing::ConnectionAck)
    }

    /// A ping with a token renews the sign-in. Its payload is not sent back: it may be a secret.
    async fn ping(&mut self, payload: Option<&RawValue>) -> Result<(), Ending> {
        self.credentials.renew(payload, self.state.config.init_timeout).await?;
        self.say(&Outgoing::Pong)
    }

    async fn subscribe(&mut self, id: String, payload: &RawValue) -> Result<(), Ending> {
        let Some(principal) = self.credentials.principal().cloned() else { return Err(Ending::NOT_ACKNOWLEDGED) };
        if self.operations.contains(&id) {
            return Err(Ending::doubled(&id));
        }
        let limit = self.state.config.max_subscriptions_per_socket;
        if self.operations.len() >= limit {
            let message = format!("{limit} operations run on this socket: complete one of them first");
            return self.refuse(&id, Problem::new(Code::RateLimited, message));
        }
        let limits = &self.state.config.document;
        let params = Params::from_json(payload.get().as_bytes(), limits)
            .map_err(|problem| Ending::invalid(format!("Invalid `subscribe`: {}", problem.message)))?;
        let mut prepared = match prepare(params, principal.role, &self.state.documents, limits) {
            Ok(prepared) => prepared,
            Err(problem) => return self.refuse(&id, problem),
        };
        let request_id = RequestId::generate(&*self.state.ids);
        let caller = principal.asking(origin(&request_id, self.address));
        prepared.request = prepared.request.data(caller).data(request_id);
        let lane = Arc::new(Lane::new(&id, Arc::clone(&self.outbox))?);
        let said = run(&self.state.executor, prepared, self.state.config.request_timeout, Some(lane.clone()));
        self.operations.add(id, lane, said);
        Ok(())
    }

    fn refuse(&mut self, id: &str, problem: Problem) -> Result<(), Ending> {
        metrics::answered("websocket", "refused");
        let errors: [ServerError; 1] = [problem.into_error()];
        self.say(&Outgoing::Error { id, payload: &errors })
    }

    fn event(&mut self, id: &str, event: Event) -> Result<(), Ending> {
        match event {
            Event::Next(lane, json) => {
                lane.push(&json);
                Ok(())
            }
            Event::Error(errors) => {
                metrics::answered("websocket", "refused");
                self.say(&Outgoing::Error { id, payload: &errors })
            }
            Event::Complete => self.say(&Outgoing::Complete { id }),
        }
    }

    async fn timer(&mut self) -> Result<(), Ending> {
        if self.credentials.principal().is_none() {
            return Err(Ending::INIT_TIMEOUT);
        }
        if !std::mem::take(&mut self.heard) {
            return Err(Ending::SILENT);
        }
        self.rearm();
        self.say(&Outgoing::Ping)?;
        // Every websocket stack answers this one by itself, also where the program above it does not know the protocol's own.
        self.socket.send(Message::Ping(Bytes::new())).await.map_err(|_| Ending::Gone)
    }

    async fn recheck(&mut self) -> Result<(), Ending> {
        self.credentials.check(self.state.config.init_timeout).await?;
        self.recheck.as_mut().reset(Instant::now() + self.state.config.recheck);
        Ok(())
    }

    fn rearm(&mut self) {
        self.timer.as_mut().reset(Instant::now() + self.state.config.keep_alive);
    }

    fn say(&mut self, message: &Outgoing<'_>) -> Result<(), Ending> {
        let text = message.write()?;
        self.outbox.push(&[Head::of(text.len()).as_bytes(), text.as_bytes()].map(IoSlice::new));
        Ok(())
    }
}
