//! A repository to fetch from.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

pub(super) struct Origin {
    dir: TempDir,
}

impl Origin {
    /// No commit yet.
    pub(super) fn empty() -> Self {
        let origin = Self { dir: tempfile::tempdir().unwrap() };
        origin.git(["init", "--quiet", "--initial-branch=main"]);
        origin
    }

    /// One commit on `main`, with `a.txt`.
    pub(super) fn with_one_commit() -> Self {
        let origin = Self::empty();
        origin.commit("a.txt", "one\n", "First");
        origin
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        let file = self.dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    pub(super) fn commit(&self, name: &str, content: &str, message: &str) -> String {
        self.write(name, content);
        self.commit_all(message)
    }

    pub(super) fn commit_all(&self, message: &str) -> String {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(["rev-parse", "HEAD"])
    }

    pub(super) fn git<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        run(self.dir.path(), arguments)
    }
}

pub(super) fn run<S: AsRef<OsStr>>(dir: &Path, arguments: impl IntoIterator<Item = S>) -> String {
    let output = Command::new("git")
        .current_dir(dir)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs([("GIT_AUTHOR_NAME", "Ada L."), ("GIT_AUTHOR_EMAIL", "ada@example.org")])
        .envs([("GIT_COMMITTER_NAME", "Ada L."), ("GIT_COMMITTER_EMAIL", "ada@example.org")])
        .env_remove("GIT_DIR")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
