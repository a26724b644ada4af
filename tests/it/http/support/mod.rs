//! A server on a free port, and clients that can be as rude as a test wants.

mod door;
mod events;
mod raw;
mod schema;
mod server;
mod socket;

pub(super) use door::{Door, user};
pub(super) use events::{EventStream, Sent, get as events_by_get, streams};
pub(super) use raw::{Reply, Request, exchange};
pub(super) use server::{Running, TOKEN, serve, serve_as, serve_everybody, serve_state, serve_with, serve_with_state};
pub(super) use socket::{Heard, Socket, within};
