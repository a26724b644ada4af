//! The operations that run on one socket.

use std::{collections::HashMap, sync::Arc};

use async_graphql::ServerError;
use bytes::Bytes;
use futures::{
    StreamExt,
    future::AbortHandle,
    stream::{self, BoxStream, SelectAll},
};

use super::lane::Lane;
use crate::{
    graphql::Payload,
    http::{
        graphql::{Outcome, Said},
        metrics::{self, Present},
    },
};

/// What an operation has to say.
pub(super) enum Event {
    /// A response as JSON, and how it goes.
    Next(Arc<Lane>, Bytes),
    /// It was refused, and is over.
    Error(Vec<ServerError>),
    /// It is over.
    Complete,
}

type Events = BoxStream<'static, (Arc<str>, Event)>;

struct Running {
    handle: AbortHandle,
    lane: Arc<Lane>,
    _present: Present,
}

/// Operations by their ids. An operation is polled only while [`Operations::next`] is; when it is cancelled, or this value
/// dropped, its stream is dropped.
#[derive(Default)]
pub(super) struct Operations {
    running: HashMap<Arc<str>, Running>,
    events: SelectAll<Events>,
}

impl Operations {
    pub(super) fn contains(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// Adds an operation under an id that is not in use.
    pub(super) fn add(&mut self, id: String, lane: Arc<Lane>, said: BoxStream<'static, Said>) {
        let id: Arc<str> = id.into();
        let responses = Arc::clone(&lane);
        let events = said
            .map(move |said| match said {
                Said::Alone(Outcome::Executed(response)) => {
                    metrics::answered("websocket", if response.errors.is_empty() { "ok" } else { "errors" });
                    Event::Next(Arc::clone(&responses), Payload::of(&response).into_bytes())
                }
                Said::Shared(payload) => {
                    metrics::answered("websocket", "ok");
                    Event::Next(Arc::clone(&responses), payload.into_bytes())
                }
                Said::Alone(Outcome::Refused(errors) | Outcome::TimedOut(errors)) => Event::Error(errors),
            })
            .chain(stream::once(std::future::ready(Event::Complete)));
        let name = Arc::clone(&id);
        let (events, handle) = stream::abortable(events.map(move |event| (Arc::clone(&name), event)));
        self.running.insert(id, Running { handle, lane, _present: Present::operation() });
        self.events.push(events.boxed());
    }

    /// Stops an operation; nothing more is heard of it. One that is not there (any more) is none.
    pub(super) fn cancel(&mut self, id: &str) {
        if let Some(running) = self.running.remove(id) {
            running.lane.close();
            running.handle.abort();
        }
    }

    /// The next event of any operation, fairly chosen; waits for ever while none runs. An operation that has said
    /// [`Event::Error`] or [`Event::Complete`] is gone. Loses nothing when dropped.
    pub(super) async fn next(&mut self) -> (Arc<str>, Event) {
        let Some((id, event)) = self.events.next().await else { return std::future::pending().await };
        if matches!(event, Event::Error(_) | Event::Complete) {
            self.cancel(&id);
        }
        (id, event)
    }
}
