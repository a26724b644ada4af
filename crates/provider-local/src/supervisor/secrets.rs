//! The secrets of a build: who is given them, and what takes their values out of the log.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use alm_domain::Timestamp;
use alm_masking::{Gap, Masks};
use secrecy::ExposeSecret;

use crate::spool::{RunDir, StoredToken};

/// The secrets of a build.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// Names of those that every stage gets.
    pub(crate) names: Vec<String>,
    known: Mutex<Known>,
}

/// Every value that the build was ever given: one that was replaced is a secret still.
#[derive(Default)]
struct Known {
    values: BTreeSet<(String, Vec<u8>)>,
    masks: Masks,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Known(…)")
    }
}

impl Secrets {
    /// Reads what lies in the run's directory; tells of what cannot, or not wholly, be taken out of the log.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(run: &RunDir) -> io::Result<(Self, Vec<Gap>)> {
        let values = run.read_secrets()?;
        let names = values.iter().map(|(name, _)| name.clone()).collect();
        let mut values: BTreeSet<_> = values.into_iter().collect();
        for environment in run.token_times()?.into_keys() {
            if let Some(token) = run.token(&environment)? {
                values.insert((environment, token.value.expose_secret().as_bytes().to_vec()));
            }
        }
        let (masks, gaps) = masks(&values);
        Ok((Self { names, known: Mutex::new(Known { values, masks }) }, gaps))
    }

    /// What takes the secrets out of a stream that begins now.
    pub(crate) fn masks(&self) -> Masks {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).masks.clone()
    }

    /// The token of an environment as it is now; from now on it is taken out of every stream that begins. With it, what of
    /// it cannot be taken out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn token(&self, run: &RunDir, environment: &str) -> io::Result<Option<(StoredToken, Vec<Gap>)>> {
        let Some(token) = run.token(environment)? else { return Ok(None) };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let value = token.value.expose_secret().as_bytes().to_vec();
        let mut gaps = Vec::new();
        if known.values.insert((environment.to_owned(), value)) {
            let (masks, all) = masks(&known.values);
            known.masks = masks;
            gaps = all;
        }
        Ok(Some((token, gaps)))
    }
}

fn masks(values: &BTreeSet<(String, Vec<u8>)>) -> (Masks, Vec<Gap>) {
    Masks::of(values.iter().map(|(name, value)| (name.as_str(), value.as_slice())))
}

/// A token in the private folder of one attempt at a stage; gone when this is dropped.
#[derive(Debug)]
pub(crate) struct LaidOut {
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
    pub(crate) variable: String,
    pub(crate) expires_at: Option<Timestamp>,
}

impl LaidOut {
    /// Puts the token of this environment into this folder, which is made for it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn put(folder: &Path, environment: &str, token: &StoredToken) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let laid_out = Self {
            folder: folder.to_owned(),
            file: folder.join(environment),
            variable: variable("ALM_TOKEN", environment),
            expires_at: token.expires_at,
        };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(&laid_out.file)?;
        file.write_all(token.value.expose_secret().as_bytes())?;
        Ok(laid_out)
    }
}

impl Drop for LaidOut {
    fn drop(&mut self) {
        // What is left goes with the work directory of the build.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The variable that says where the secret with this name lies.
pub(crate) fn variable(prefix: &str, name: &str) -> String {
    let tail: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("{prefix}_{tail}_FILE")
}
