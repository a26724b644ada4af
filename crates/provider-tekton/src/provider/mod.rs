//! The Build SPI, for Tekton.

mod build_provider;
mod cancel;
mod configs;
mod decide;
mod denials;
mod deploy;
mod describe;
mod earlier;
mod follow;
mod identity;
mod list;
mod logs;
mod objects;
mod purge;
mod release;
mod rerun;
mod secrets;
mod start;
mod supply;
mod tekton;
mod token;

pub use tekton::TektonProvider;
