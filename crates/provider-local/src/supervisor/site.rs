//! What all stages of a build share.

use std::{collections::BTreeMap, ffi::OsString, fs, io, path::PathBuf};

use alm_domain::ParameterValue;
use alm_masking::{Gap, Masks};

use super::{artifacts::Artifacts, board::Board};
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

/// The secrets of a build: their names, and what takes their values out of the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    pub(crate) names: Vec<String>,
    pub(crate) masks: Masks,
    /// Those that are not, or not wholly, taken out.
    pub(crate) gaps: Vec<Gap>,
}

impl Secrets {
    /// Reads what lies in the run's directory.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(run: &RunDir) -> io::Result<Self> {
        let mut values: Vec<(String, Vec<u8>)> = Vec::new();
        for entry in fs::read_dir(run.secrets())? {
            let entry = entry?;
            values.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
        }
        values.sort();
        let (masks, gaps) = Masks::of(values.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        Ok(Self { names: values.into_iter().map(|(name, _)| name).collect(), masks, gaps })
    }
}
