//! graphql-transport-ws: any number of operations over one websocket.
//!
//! One task per socket does everything: it takes the next event of an operation only when the one before has been handed to the
//! kernel or fits the small write buffer. So a client that reads slowly slows its own streams and nothing else, and no queue grows.

mod credentials;
mod ending;
mod message;
mod operations;
mod session;
mod upgrade;

pub(super) use upgrade::upgrade;
