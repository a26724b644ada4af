//! The Tekton provider in front of a simulated cluster.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do, and say why one is skipped"
)]

mod approvals;
mod conformance;
mod definitions;
mod deployments;
mod outputs;
mod real;
mod reruns;
mod restored;
mod secrets;
mod steps;
mod stories;
mod support;
mod surprises;
mod troubles;
