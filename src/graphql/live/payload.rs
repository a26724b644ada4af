//! What a shared execution says, ready to be sent.

use async_graphql::{Response, ServerError};
use bytes::Bytes;

/// A response as JSON, written once for all who get it. Cloning it copies nothing.
#[derive(Debug, Clone)]
pub struct Payload(Bytes);

impl Payload {
    /// The response, written. One that cannot be, which no type of ours brings about, becomes an error that says so.
    #[must_use]
    pub fn of(response: &Response) -> Self {
        Self(serde_json::to_vec(response).map_or_else(
            |error| {
                tracing::error!(%error, "a response cannot be written as JSON");
                Bytes::from_static(
                    br#"{"data":null,"errors":[{"message":"the service failed","extensions":{"code":"INTERNAL"}}]}"#,
                )
            },
            Bytes::from,
        ))
    }

    /// The JSON object: valid UTF-8, without line breaks.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// See [`into_bytes`](Self::into_bytes).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a subscription says.
#[derive(Debug)]
pub enum Told {
    /// A response of an execution for this subscriber alone.
    Response(Response),
    /// A response that others get too.
    Shared(Payload),
    /// It is over, for this reason.
    Refused(ServerError),
}

/// A way to a subscriber that is shorter than waking the task that serves it.
pub trait Tap: Send + Sync + std::fmt::Debug {
    /// Takes the response on its way to the subscriber, at once and without waiting; `false` when it cannot right now, and has
    /// not. Responses go out in the order in which they were taken, behind everything that was sent before.
    fn offer(&self, payload: &Payload) -> bool;
}
