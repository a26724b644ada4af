//! Real repositories, made by git in temporary folders.

mod given_up;
mod hostile;
mod hosts;
mod origin;
mod reading;
mod resolving;
mod transports;
mod trees;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use origin::Origin;

/// A git of our own with a cache, and all local addresses allowed.
struct Bench {
    dir: TempDir,
    git: Git,
}

const OPEN: GitPolicy = GitPolicy { allow_local: true, allow_ssh: true, allow_http: false };

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let git = Git::new(GitSettings::new(dir.path().join("home"), OPEN)).unwrap();
        Self { dir, git }
    }

    fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn url(&self, origin: &Origin) -> RepositoryUrl {
        RepositoryUrl::parse(origin.path().to_str().unwrap(), &OPEN).unwrap()
    }

    async fn fetch(&self, origin: &Origin, reference: &str) -> Result<Fetched, GitError> {
        self.git.fetch(&self.cache(), &self.url(origin), reference).await
    }

    async fn checkout(&self, fetched: &Fetched, name: &str) -> PathBuf {
        let dest = self.path(name);
        self.git.checkout(&fetched.mirror, &fetched.sha, &dest).await.unwrap();
        dest
    }
}

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}
