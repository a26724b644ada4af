//! What a run was asked to do, as it lies in its directory.

use std::path::PathBuf;

use alm_build_spi::{BuildConfigSpec, ConfigRef};
use alm_domain::{Artifact, BuildId, Commit, ParameterValue, RerunFrom, StageObservation, Timestamp};
use serde::{Deserialize, Serialize};

use crate::options::Options;

/// What a run was asked to do: all that its supervisor needs to know, and no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRequest {
    pub(crate) build: BuildId,
    pub(crate) number: u32,
    pub(crate) config: ConfigRef,
    pub(crate) spec: BuildConfigSpec,
    pub(crate) reference: String,
    pub(crate) parameters: Vec<ParameterValue>,
    pub(crate) created_at: Timestamp,
    /// Counts the runs of a spool in the order in which they were taken in: clocks may jump back.
    #[serde(default)]
    pub(crate) ordinal: u64,
    /// The settings, checked.
    pub(crate) options: Options,
    /// Where it may work, and where it leaves what is kept.
    pub(crate) places: Places,
    /// The build that it repeats, or whose version it brings somewhere.
    #[serde(default)]
    pub(crate) rerun: Option<RerunRequest>,
    /// That only what deploys to an environment is run.
    #[serde(default)]
    pub(crate) deploys: Option<DeployRequest>,
    /// Environments whose token comes later.
    #[serde(default)]
    pub(crate) withheld: Vec<String>,
}

/// Where a run brings which version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeployRequest {
    pub(crate) environment: String,
    pub(crate) version: String,
}

/// Directories of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    /// Work trees, one directory per build.
    pub(crate) work: PathBuf,
    /// Kept files, one directory per build.
    pub(crate) artifacts: PathBuf,
    /// Bare repositories, shared by builds; git's own home.
    pub(crate) git: PathBuf,
    /// Whether repositories of this machine may be built.
    pub(crate) allow_local_repositories: bool,
    /// What a sandbox hides besides the directories above.
    pub(crate) hidden: Vec<PathBuf>,
}

/// That a run repeats another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RerunRequest {
    pub(crate) of_build: BuildId,
    pub(crate) commit: Option<Commit>,
    pub(crate) from: RerunFrom,
    pub(crate) stages: Vec<StageObservation>,
    pub(crate) artifacts: Vec<Artifact>,
}
