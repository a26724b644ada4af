//! One command under a shim: a small process that ends everything that the command leaves behind.
//!
//! ```text
//! supervisor ── socket, stdout, stderr ── shim (subreaper) ── exec-er → the command ── whatever it starts
//! ```
//! The shim ends the tree when the command has ended, when it is told to, and when the socket closes because the supervisor
//! died.

mod exec;
mod launch;
mod shim;
mod spec;
mod stop;
mod tree;

pub(super) use exec::exec;
pub(super) use launch::{StepEnd, Stopped, run};
pub(super) use shim::shim;
pub(super) use spec::{Exit, StepSpec};
pub(super) use stop::{Stop, StopReason};
pub(super) use tree::end_descendants;
