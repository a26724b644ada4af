//! The conformance suite: what every provider must do, as named checks that any provider can be put through; and a scriptable
//! fake of an engine that passes all of them.
//!
//! The author of a provider implements [`Harness`], and calls [`run`] from a test:
//!
//! ```
//! # use alm_build_spi::conformance::{self, fake::FakeHarness};
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # runtime.block_on(async {
//! let report = conformance::run(&FakeHarness::new()).await;
//! report.assert_passed();
//! # });
//! ```
//!
//! A check that a provider cannot be put through (a capability that it does not declare, a scenario or power that its harness
//! does not have) is skipped, and the report says why: it never counts as passed.

mod checks;
pub mod fake;
mod follower;
mod harness;
pub mod mutants;
mod power;
mod report;
mod scenario;
mod stand;
mod suite;

pub use checks::Check;
pub use harness::Harness;
pub use power::Power;
pub use report::{Outcome, Report};
pub use scenario::Scenario;
pub use suite::{run, run_checks};
