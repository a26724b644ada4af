//! The Jenkins that runs pipelines: what its annotations on Builds say, where it is, its logs, its questions.

mod address;
mod client;
mod crumb;
mod deployed;
mod environment;
mod input;
mod log;
mod stages;
mod status;
mod tagged;

pub(crate) use address::{RunAddress, locate};
pub(crate) use client::Jenkins;
pub(crate) use deployed::Deployed;
pub(crate) use input::{Input, PENDING, inputs};
pub(crate) use log::{JenkinsNews, JenkinsTold, follow_log, read_log};
pub(crate) use stages::stages;
pub(crate) use status::{JenkinsRun, JenkinsStage, JenkinsStatus, STATUS};
pub(crate) use tagged::{Tagged, tagged};

/// The annotation with the address of the run.
pub(crate) const BUILD_URI: &str = "openshift.io/jenkins-build-uri";
