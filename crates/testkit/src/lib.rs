//! Databases for tests: each test gets one of its own, empty, and gone when the test is over.
//!
//! PostgreSQL is the server of `ALM_TEST_DATABASE_URL` if that is set (its user may create databases), otherwise a private one
//! that is started from the binaries of this machine and ends with the process. Where there is none, tests on PostgreSQL say
//! that they are skipped; with `ALM_REQUIRE_POSTGRES=1` they fail instead.
#![expect(clippy::panic, reason = "a test that cannot have its database has failed")]
#![expect(clippy::print_stderr, reason = "a test that is skipped must say so")]

mod cluster;
mod database;

pub use database::Database;
