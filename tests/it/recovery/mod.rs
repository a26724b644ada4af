//! Kills, outages and departures, with real processes: what was acknowledged stays, what was told is told once.

mod alone;
mod commands;
mod database;
mod kills;
mod moments;
mod shutdown;
mod start;
mod supervisor;
pub(crate) mod support;
