//! graphql-transport-ws: any number of operations over one websocket.
//!
//! One task per socket reads it, runs its operations and puts what they say into its outbox ([`outbox`]); it takes the next event
//! of an operation only while there is room. Responses that many subscribers share come into the outbox by a shorter way
//! ([`lane`]), without waking that task; what does not find room there is taken by the operation itself, later. So a client that
//! reads slowly slows its own streams and nothing else, and no queue grows.

mod credentials;
mod ending;
mod frame;
mod lane;
mod message;
mod operations;
mod outbox;
mod session;
mod upgrade;
mod wire;

#[cfg(feature = "fuzzing")]
pub(super) use message::close_reason;
pub(super) use upgrade::upgrade;
