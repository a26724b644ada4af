//! One writer per cached repository, among all processes of this machine.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::Duration,
};

use super::GitError;

/// Held until it is dropped, and until no git that was given it as its input lives any more.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Waits for its turn.
    pub(super) async fn take(path: &Path, at_most: Duration) -> Result<Self, GitError> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|e| GitError::local("cannot open the lock of the cached repository", &e))?;
        let wait = async {
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(()),
                    // The kernel offers no way to wait for this lock that could be abandoned.
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(20)).await,
                    Err(TryLockError::Error(error)) => {
                        return Err(GitError::local("cannot lock the cached repository", &error));
                    }
                }
            }
        };
        match tokio::time::timeout(at_most, wait).await {
            Ok(taken) => taken.map(|()| Self { file }),
            Err(_) => Err(GitError::timed_out("another fetch of the same repository", at_most)),
        }
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }
}
