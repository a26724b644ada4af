//! The Build SPI, for Tekton.

mod build_provider;
mod cancel;
mod configs;
mod describe;
mod follow;
mod identity;
mod list;
mod logs;
mod objects;
mod purge;
mod start;
mod tekton;
mod token;

pub use tekton::TektonProvider;
