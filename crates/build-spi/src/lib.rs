//! The Build SPI: the contract between the ALM Build Service and a build provider.
//!
//! A provider turns the words of this crate into those of its engine. It sees domain types, an access token and secrets; it
//! never sees the store, GraphQL or another provider. `docs/build-spi.md` is the same contract on paper.
//!
//! **Architecture Invariant:** what a provider does not declare in [`ProviderDescriptor::capabilities`] is never called.

mod access;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod denial;
mod descriptor;
mod error;
mod provider;
mod run;

pub use access::{Access, Identity, NamedSecret, SecretReach};
pub use alm_domain::{CapabilityNote, Observation, Observed, ResumeToken};
pub use config::{BuildConfigSpec, Chosen, ConfigRef, Description};
pub use denial::{Denial, Verb};
pub use descriptor::ProviderDescriptor;
pub use error::{BoxError, Finding, ProviderError};
pub use provider::{BuildProvider, ByteStream, LineStream, ObservedStream};
pub use run::{
    CancelReceipt, Decision, DecisionReceipt, DeployBuild, DeployTarget, LogPosition, PositionedLine, RerunBuild,
    RunPage, RunRef, RunSnapshot, RunSummary, StartBuild,
};
pub use tokio_util::sync::CancellationToken;
