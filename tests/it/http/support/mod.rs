//! A server on a free port, and clients that can be as rude as a test wants.

mod raw;
mod schema;
mod server;
mod socket;

pub(super) use raw::{Reply, Request, exchange};
pub(super) use server::{Running, TOKEN, serve, serve_state, serve_with};
pub(super) use socket::{Heard, Socket, within};
