//! One stream, from its first byte to its end.

use std::{convert::Infallible, sync::Arc};

use async_stream::stream;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream::BoxStream};
use tokio::time::{Instant, sleep, timeout_at};

use super::event::{COMPLETE, HEARTBEAT, next};
use crate::{
    graphql::Live,
    http::{
        HttpState,
        caller::{Caller, Standing},
        document::{Prepared, Problem},
        graphql::{LAST_WORDS, Outcome, Said, run},
        metrics::Present,
    },
};

/// Runs an operation, and tells what comes of it as events.
pub(in crate::http) fn stream<E: Live>(state: Arc<HttpState<E>>, prepared: Prepared, caller: Caller) -> Response {
    let said = run(&state.executor, prepared, state.config.request_timeout, None);
    reply(events(state, said, caller))
}

/// Tells what is wrong with a document.
pub(in crate::http) fn refuse(problem: Problem) -> Response {
    reply(futures::stream::iter(last(problem)))
}

fn reply(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(events.map(Ok::<_, Infallible>)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    // Some proxies gather a reply before they hand it on; this is the word to them not to.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// The errors, and that there is nothing more to come.
fn last(problem: Problem) -> [Bytes; 2] {
    [next(&Said::Alone(Outcome::Refused(vec![problem.into_error()]))), COMPLETE]
}

/// What there is to do next.
enum Wake {
    Event(Option<Bytes>),
    Recheck,
    Pulse,
    Shutdown,
}

fn events<E: Live>(
    state: Arc<HttpState<E>>,
    said: BoxStream<'static, Said>,
    caller: Caller,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let mut told = said.map(|said| next(&said));
    stream! {
        let _present = Present::event_stream();
        let (recheck_after, pulse_after) = (state.config.recheck, state.config.keep_alive);
        let mut recheck = std::pin::pin!(sleep(recheck_after));
        let mut pulse = std::pin::pin!(sleep(pulse_after));
        // Some browsers take a reply for open only when its first byte is there.
        yield HEARTBEAT;
        loop {
            // In this order, so that nothing is told on a token that should have been checked before.
            let wake = tokio::select! {
                biased;
                () = state.shutdown.cancelled() => Wake::Shutdown,
                () = &mut recheck => Wake::Recheck,
                () = &mut pulse => Wake::Pulse,
                event = told.next() => Wake::Event(event),
            };
            match wake {
                Wake::Event(Some(event)) => yield event,
                Wake::Event(None) => {
                    yield COMPLETE;
                    return;
                }
                Wake::Recheck => match caller.standing(&*state.auth, state.config.init_timeout).await {
                    Standing::Same => recheck.as_mut().reset(Instant::now() + recheck_after),
                    Standing::OtherRights => return,
                    Standing::Gone(error) => {
                        for event in last(Problem::new(error.code(), error.to_string())) {
                            yield event;
                        }
                        return;
                    }
                },
                Wake::Pulse => {
                    yield HEARTBEAT;
                    pulse.as_mut().reset(Instant::now() + pulse_after);
                }
                Wake::Shutdown => break,
            }
        }
        let end = Instant::now() + LAST_WORDS;
        while let Ok(event) = timeout_at(end, told.next()).await {
            match event {
                Some(event) => yield event,
                None => {
                    yield COMPLETE;
                    return;
                }
            }
        }
        // What does not end by itself is cut, without a word that it were complete: its client comes back.
    }
}
