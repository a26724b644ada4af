//! What is kept when the service dies, the engine is away, or answers are lost.

mod commands;
mod outages;
mod providers;
mod restarts;
mod retention;
