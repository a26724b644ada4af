//! The load generator: many readers on one thread, each on a websocket of its own.

mod client;
mod follower;
mod frames;
mod histogram;
mod oracle;
mod readers;
mod requests;

pub(crate) use client::{Client, scratch};
pub(crate) use follower::Follower;
pub(crate) use frames::text as frame_of;
pub(crate) use histogram::Histogram;
pub(crate) use oracle::Oracle;
pub(crate) use readers::Readers;
pub(crate) use requests::{Connection, ask};
