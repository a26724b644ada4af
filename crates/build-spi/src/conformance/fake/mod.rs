//! A build engine in memory that does what a test says, step by step, and honours every sentence of the Build SPI.
//!
//! A [`FakeEngine`] is the engine; it outlives the [`FakeProvider`]s that are attached to it, as a real one outlives the
//! service. Nothing in it runs by itself: a build goes as far as its [`Script`] lets it in the call that moved it on, so that
//! tests need not wait, and time ticks by one millisecond whenever it is looked at.
//!
//! ```
//! # use alm_build_spi::conformance::fake::{FakeEngine, FakeProvider, Script};
//! let engine = FakeEngine::new();
//! engine.script_default(Script::new().stage("build").line("hello").wait().succeed());
//! let provider = FakeProvider::attach(&engine);
//! // … start a build through the provider or through the API, then let it go on:
//! // engine.release(build);
//! ```

mod descriptor;
mod engine;
mod harness;
mod provider;
mod run;
mod script;
mod stage_spec;
mod state;
mod ticks;

pub use engine::FakeEngine;
pub use harness::FakeHarness;
pub use provider::FakeProvider;
pub(crate) use provider::position_of;
pub use script::Script;
pub use stage_spec::StageSpec;
pub use state::Deed;
