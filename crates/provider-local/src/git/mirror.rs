//! The cache: one bare repository per address, shared by all builds.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{Git, GitError, RepositoryUrl, lock::Lock};

/// The cached copy of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    dir: PathBuf,
    url: RepositoryUrl,
}

impl Mirror {
    /// The place of a repository in a cache folder; the same each time. Touches nothing.
    #[must_use]
    pub fn of(cache: &Path, url: &RepositoryUrl) -> Self {
        let digest = Sha256::digest(url.as_str().as_bytes());
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { dir: cache.join(format!("{name}.git")), url: url.clone() }
    }

    /// The bare repository.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The address that it is a copy of.
    #[must_use]
    pub const fn url(&self) -> &RepositoryUrl {
        &self.url
    }
}

impl Git {
    /// Makes the cached repository if there is none, and takes away what a git that was killed left locked in it: a build that
    /// is cancelled kills its git, and the next one of the same commit must not find its lock.
    pub(super) async fn make_ready(&self, mirror: &Mirror, lock: &Lock, format: &str) -> Result<(), GitError> {
        if mirror.dir.join("HEAD").exists() {
            // Nobody else writes here while we hold the lock.
            return unlock(&mirror.dir).map_err(|e| GitError::local("cannot clean the cached repository", &e));
        }
        // Made aside: half a repository must not pass for one.
        let draft = mirror.dir.with_extension("new");
        crate::keep::remove_tree(&draft)
            .and_then(|()| fs::create_dir_all(&draft))
            .map_err(|e| GitError::local("cannot make the cached repository", &e))?;
        let made = Mirror { dir: draft, url: mirror.url.clone() };
        self.own(&made, lock, &["init", "--bare", "--quiet", "--template=", format]).await?;
        // What is there without a head was left by one that was killed before it had made it.
        crate::keep::remove_tree(&mirror.dir)
            .and_then(|()| fs::rename(&made.dir, &mirror.dir))
            .map_err(|e| GitError::local("cannot make the cached repository", &e))
    }
}

/// Removes every lock file that git may have left in a repository.
fn unlock(repository: &Path) -> io::Result<()> {
    let objects = repository.join("objects");
    let mut folders = vec![repository.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                // The folders of loose objects, two digits each, hold many files, and none is ever locked.
                if folder != objects || entry.file_name().len() > 2 {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "lock") {
                fs::remove_file(path)?;
            }
        }
    }
    Ok(())
}
