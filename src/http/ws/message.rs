//! The messages of the protocol.

use std::borrow::Cow;

use async_graphql::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ending::Ending;

/// What a client says.
#[derive(Debug)]
pub(super) enum Incoming<'a> {
    Init(Option<&'a RawValue>),
    Ping(Option<&'a RawValue>),
    Pong,
    Subscribe { id: String, payload: &'a RawValue },
    Complete { id: String },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

impl<'a> Incoming<'a> {
    /// Reads one message; whatever is not one of the protocol ends the socket with 4400.
    pub(super) fn read(text: &'a str) -> Result<Self, Ending> {
        let envelope: Envelope<'a> =
            serde_json::from_str(text).map_err(|_| Ending::invalid("A message must be a JSON object with a `type`"))?;
        let payload = envelope.payload.filter(|payload| payload.get() != "null");
        match &*envelope.kind {
            "connection_init" => object(payload).map(Self::Init),
            "ping" => object(payload).map(Self::Ping),
            "pong" => object(payload).map(|_| Self::Pong),
            "complete" => Ok(Self::Complete { id: id(envelope.id)? }),
            "subscribe" => {
                let id = id(envelope.id)?;
                let payload = object(payload)?.ok_or_else(|| Ending::invalid("`subscribe` needs a `payload`"))?;
                Ok(Self::Subscribe { id, payload })
            }
            other => Err(Ending::invalid(format!("A client may not send {:?}", alm_domain::shorten(other)))),
        }
    }
}

/// Reads a message, and gives the reason with which the socket would be closed.
#[cfg(feature = "fuzzing")]
pub(in crate::http) fn close_reason(text: &str) -> Option<String> {
    Incoming::read(text).err()?.frame().map(|frame| frame.reason.to_string())
}

fn id(id: Option<String>) -> Result<String, Ending> {
    id.filter(|id| !id.is_empty()).ok_or_else(|| Ending::invalid("The message needs an `id` that is not empty"))
}

fn object(payload: Option<&RawValue>) -> Result<Option<&RawValue>, Ending> {
    match payload {
        Some(payload) if !payload.get().starts_with('{') => Err(Ending::invalid("`payload` must be an object")),
        payload => Ok(payload),
    }
}

/// What the server says, but for responses: see [`super::frame::with_next`].
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outgoing<'a> {
    ConnectionAck,
    Ping,
    Pong,
    Error { id: &'a str, payload: &'a [ServerError] },
    Complete { id: &'a str },
}

impl Outgoing<'_> {
    pub(super) fn write(&self) -> Result<String, Ending> {
        serde_json::to_string(self).map_err(|error| {
            tracing::error!(%error, "a message cannot be written as JSON");
            Ending::INTERNAL
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Option<u16> {
        Incoming::read(text).err().and_then(Ending::frame).map(|frame| frame.code.into())
    }

    #[test]
    fn what_is_not_of_the_protocol_closes_with_4400() {
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"next","id":"1"}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"subscribe","id":1,"payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":"{a}"}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"connection_init","payload":"token"}"#,
        ] {
            assert_eq!(code(bad), Some(4400), "{bad}");
        }
    }

    #[test]
    fn absent_and_null_payloads_are_the_same() {
        for good in [r#"{"type":"ping"}"#, r#"{"type":"ping","payload":null}"#, r#"{"type":"p\u0069ng","payload":{}}"#]
        {
            assert!(matches!(Incoming::read(good), Ok(Incoming::Ping(_))), "{good}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_message_or_refused(text in "\\PC{0,100}") {
            let _ = Incoming::read(&text);
        }
    }
}
