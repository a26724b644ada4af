//! The Tekton build provider: runs of pipelines on a cluster, followed by what the cluster tells of them and of their tasks.
//!
//! **Architecture Invariant:** the provider keeps nothing. What has to survive is on the cluster: configurations as ConfigMaps, builds
//! as PipelineRuns.
//!
//! **Architecture Invariant:** how a run stands is a function of the PipelineRun and its TaskRuns as they are now. It is told again
//! from the beginning whenever that is simpler than to know what was told.

mod approval;
mod child;
mod deadline;
mod definition;
mod descriptor;
mod duration;
mod fit;
mod handing;
mod inline;
mod note;
mod options;
mod outputs;
mod part;
mod picture;
mod provider;
mod repeating;
mod sharing;
mod standing;
mod steps;

pub use descriptor::descriptor;
pub use provider::TektonProvider;
