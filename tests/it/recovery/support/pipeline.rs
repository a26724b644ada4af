//! Repositories to build.

use std::{fs, path::Path, process::Command};

/// Makes a git repository with this pipeline in it.
pub(crate) fn repository(folder: &Path, pipeline: &str) {
    fs::create_dir_all(folder.join(".alm")).unwrap();
    fs::write(folder.join(".alm/pipeline.yaml"), pipeline).unwrap();
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    git(folder, &["add", "."]);
    git(
        folder,
        &["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--quiet", "--message", "Begin"],
    );
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(folder).status().unwrap();
    assert!(status.success(), "git {arguments:?}");
}
