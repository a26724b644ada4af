//! What all stages of a build share.

use std::{collections::BTreeMap, ffi::OsString, fs, io, path::PathBuf};

use alm_domain::ParameterValue;

use super::{artifacts::Artifacts, board::Board, secrets::Secrets};
use crate::{
    git::Fetched,
    source::Source,
    spool::{RunDir, RunRequest},
};

/// What all stages of a build share.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) run: RunDir,
    pub(crate) request: RunRequest,
    pub(crate) board: Board,
    pub(crate) source: Source,
    pub(crate) fetched: Fetched,
    /// Variables of the pipeline.
    pub(crate) env: BTreeMap<String, String>,
    /// Inputs, complete.
    pub(crate) parameters: Vec<ParameterValue>,
    pub(crate) artifacts: Artifacts,
    pub(crate) desk: Workplace,
    pub(crate) secrets: Secrets,
    /// Arguments by which this program becomes a shim.
    pub(crate) leading: Vec<OsString>,
}

/// The directories that a build works in; gone when it has ended.
#[derive(Debug, Clone)]
pub(crate) struct Workplace {
    pub(crate) root: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) temporary: PathBuf,
    pub(crate) scripts: PathBuf,
    pub(crate) trees: PathBuf,
    /// Tokens of the stages that are at work, a folder each.
    pub(crate) tokens: PathBuf,
}

impl Workplace {
    /// Makes the directories anew.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn make(root: PathBuf) -> io::Result<Self> {
        let place = Self {
            home: root.join("home"),
            temporary: root.join("tmp"),
            scripts: root.join("scripts"),
            trees: root.join("trees"),
            tokens: root.join("tokens"),
            root,
        };
        place.remove()?;
        for directory in [&place.home, &place.temporary, &place.scripts, &place.trees] {
            fs::create_dir_all(directory)?;
        }
        Ok(place)
    }

    /// Removes them with everything inside.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub(crate) fn remove(&self) -> io::Result<()> {
        crate::keep::remove_tree(&self.root)
    }
}
