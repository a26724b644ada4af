//! What supervisor and shim say to each other.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::options::Limits;

/// A command to run; sent to the shim over its socket, so that nothing of it is seen in the process list.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StepSpec {
    /// Program and arguments. Never a secret.
    pub(crate) command: Vec<String>,
    /// The whole environment.
    pub(crate) env: BTreeMap<String, String>,
    /// Where it runs.
    pub(crate) directory: PathBuf,
    pub(crate) limits: Limits,
    /// Run when the command is to be stopped: what runs it elsewhere (a container engine) is told by this.
    pub(crate) stop_command: Vec<String>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Exit {
    /// With this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It was stopped, since it had more than so many processes.
    TooManyProcesses(u64),
    /// It could not be started.
    NotStarted(String),
}
