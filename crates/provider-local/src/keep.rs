//! Where kept files lie, and which names they may have.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Whether a text is a relative path that stays below where it begins: no empty part, no `.` or `..`, no control character,
/// at most 1 KiB.
pub(crate) fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= 1024
        && !path.chars().any(char::is_control)
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// A kept file of a build that keeps its files under `root`.
pub(crate) fn file(root: &Path, path: &str) -> PathBuf {
    root.join("files").join(path)
}

/// The same while it is being written.
pub(crate) fn draft(root: &Path, path: &str) -> PathBuf {
    root.join("drafts").join(path)
}

/// Removes a directory with everything inside; one that is gone is a success. Folders that a build made unwritable are made
/// writable first.
///
/// # Errors
/// When something cannot be removed.
pub(crate) fn remove_tree(root: &Path) -> io::Result<()> {
    match fs::remove_dir_all(root) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            open_up(root)?;
            fs::remove_dir_all(root)
        }
        other => other,
    }
}

fn open_up(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}
