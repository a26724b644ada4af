//! The local provider from the outside: real repositories, real processes, through the SPI.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod approvals;
mod artifacts;
mod cancel;
mod configs;
mod conformance;
mod containers;
mod crash;
mod deploy;
mod environment;
mod follow;
mod frames;
mod hardening;
mod hostile;
mod logs;
mod pipelines;
mod queue;
mod rerun;
mod support;
mod tokens;
