//! The Tekton provider in front of a simulated cluster.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod conformance;
mod stories;
mod support;
