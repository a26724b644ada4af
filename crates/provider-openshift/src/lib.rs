//! The OpenShift build provider: BuildConfigs and builds of a cluster, and the Jenkins that runs its pipelines.
//!
//! **Architecture Invariant:** what a cluster or a Jenkins says is data. An annotation that cannot be understood is a warning, and the
//! last good picture stays; no address that was read there is given a token unless the cluster's own Route and the administrator's
//! list of domains agree on it.
//!
//! **Architecture Invariant:** a run is the Build whose `spec` names our build: that part of a Build cannot be changed by anybody.
//! Labels only help to find it.

mod build;
mod config;
mod deploy;
mod descriptor;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod git;
mod jenkins;
mod kinds;
mod name;
mod provider;
#[cfg(test)]
mod recorded;
mod settings;
mod text;

pub use descriptor::descriptor;
pub use provider::OpenShiftProvider;
