//! The data directory, and the lock on it.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

/// How long a lock may outlive the server that had it.
const A_MOMENT: Duration = Duration::from_secs(1);

/// A data directory that belongs to this process until the value is dropped (or the process ends, in whatever way).
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another server uses it.
    #[error("another server uses the data directory {path}: stop it, or give this one its own with data.dir (ALM_DATA_DIR)", path = path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// It cannot be made, written or locked.
    #[error("the data directory {path} cannot be used ({source}): make it writable, or set data.dir (ALM_DATA_DIR) to one that is", path = path.display())]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DataDir {
    /// Makes the directory if need be, readable by its owner only, and locks it. Waits for a moment while it is locked: a server
    /// that was killed while it started a program leaves the lock to that child, which lets go of it when it executes the program.
    ///
    /// # Errors
    /// [`DataDirError::InUse`] when another process has the lock, and keeps it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |source| DataDirError::Unusable { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        // Never removed: whoever removes a locked file lets a second server lock a new one of the same name.
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(unusable)?;
        let asked = Instant::now();
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { path: path.to_owned(), _lock: lock }),
                Err(rustix::io::Errno::WOULDBLOCK) if asked.elapsed() < A_MOMENT => std::thread::sleep(A_MOMENT / 50),
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(DataDirError::InUse { path: path.to_owned() }),
                Err(error) => return Err(unusable(error.into())),
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_second_server_is_told_so_and_gets_it_when_the_first_has_gone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/alm");
        let first = DataDir::open(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let refused = DataDir::open(&path).unwrap_err();
        assert!(matches!(refused, DataDirError::InUse { .. }), "{refused}");
        assert!(refused.to_string().contains("ALM_DATA_DIR"));
        drop(first);
        assert!(DataDir::open(&path).is_ok());
    }

    #[test]
    fn a_path_that_is_no_directory_is_refused_with_the_remedy() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = DataDir::open(file.path()).unwrap_err();
        assert!(refused.to_string().contains("data.dir (ALM_DATA_DIR)"), "{refused}");
    }
}
