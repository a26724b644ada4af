//! The Tekton provider in front of a simulated cluster.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

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
