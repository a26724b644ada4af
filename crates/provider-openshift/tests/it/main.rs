//! The OpenShift provider in front of a simulated cluster.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod builds;
mod configs;
mod conformance;
mod credentials;
mod decisions;
mod deploy;
mod deployed;
mod faults;
mod jenkins;
mod logs;
mod policies;
mod references;
mod restored;
mod secrets;
mod steps;
mod support;
mod surprises;
mod target;
mod triggers;
mod troubles;
