//! The local provider from the outside: real repositories, real processes, through the SPI.

mod approvals;
mod artifacts;
mod cancel;
mod configs;
mod crash;
mod environment;
mod follow;
mod logs;
mod pipelines;
mod queue;
mod rerun;
mod support;
