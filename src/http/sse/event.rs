//! What is written into a stream.

use async_graphql::ServerError;
use bytes::Bytes;
use serde::Serialize;

use crate::{
    graphql::Payload,
    http::{
        graphql::{Outcome, Said},
        metrics,
    },
};

/// A comment: clients skip it, and proxies see that the connection is in use.
pub(super) const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// The operation is over. The empty `data` is what makes a browser's `EventSource` tell it at all.
pub(super) const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");

#[derive(Serialize)]
struct Errors<'a> {
    errors: &'a [ServerError],
}

/// What the operation says, as an event. JSON has no line breaks but in its texts, where they are escaped: one line of `data` is
/// enough.
pub(super) fn next(said: &Said) -> Bytes {
    match said {
        Said::Shared(payload) => {
            metrics::answered("sse", "ok");
            framed(payload.as_bytes())
        }
        Said::Alone(Outcome::Executed(response)) => {
            metrics::answered("sse", if response.errors.is_empty() { "ok" } else { "errors" });
            framed(Payload::of(response).as_bytes())
        }
        Said::Alone(Outcome::Refused(errors)) => {
            metrics::answered("sse", "refused");
            refused(errors)
        }
        Said::Alone(Outcome::TimedOut(errors)) => {
            metrics::answered("sse", "timeout");
            refused(errors)
        }
    }
}

fn refused(errors: &[ServerError]) -> Bytes {
    // Texts and numbers: it cannot fail.
    framed(&serde_json::to_vec(&Errors { errors }).unwrap_or_default())
}

fn framed(payload: &[u8]) -> Bytes {
    [b"event: next\ndata: ", payload, b"\n\n"].concat().into()
}
