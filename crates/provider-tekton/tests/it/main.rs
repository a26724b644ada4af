//! The Tekton provider in front of a simulated cluster.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod conformance;
mod stories;
mod support;
