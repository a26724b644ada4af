//! The store's stories, each on SQLite and on a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that is surprised has failed")]

#[macro_use]
mod support;

mod catalog;
mod crash;
mod economy;
mod external;
mod fencing;
mod history;
mod holds;
mod journal;
mod logs;
mod paging;
mod people;
mod retention;
mod search;
mod secrets;
mod start;
mod whole;
mod windows;
mod writers;
