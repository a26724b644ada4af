//! The store's stories, each on SQLite and on a real PostgreSQL.

#[macro_use]
mod support;

mod catalog;
mod crash;
mod economy;
mod fencing;
mod history;
mod journal;
mod logs;
mod paging;
mod start;
mod whole;
mod writers;
