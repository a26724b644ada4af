//! Server-sent events: one operation over one plain HTTP reply, for networks that block websockets.
//!
//! This is graphql-sse in its "distinct connections mode". What is no request at all (a wrong token, a wrong body) is refused by
//! the status, as everywhere; all that is wrong with a document is told in the stream, since a client of this protocol looks
//! nowhere else. The stream is polled only when the connection takes more, so that a client that reads slowly slows itself and
//! nothing else.

mod event;
mod events;

pub(super) use events::{refuse, stream};
