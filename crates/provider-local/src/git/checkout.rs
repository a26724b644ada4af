//! Work trees.

use std::{fs, path::Path};

use super::{Git, GitError, GitErrorKind, Mirror, command::Input, read::check_sha};

impl Git {
    /// Makes a work tree of a commit that is in the cache. It has a repository of its own, of this one commit, that shares
    /// nothing with the cache or with another work tree: what a build does to it harms nobody, and it may be seen without
    /// the cache. `origin` is the address that the source came from. Any number may be made at the same time. Nothing of
    /// the repository's own is run: no hook, no filter, no submodule.
    ///
    /// # Errors
    /// [`GitErrorKind::Refused`] when `dest` is there and not empty; other [`GitError`]s. What was made then is left there.
    pub async fn checkout(&self, mirror: &Mirror, sha: &str, dest: &Path) -> Result<(), GitError> {
        check_sha(sha)?;
        fs::create_dir_all(dest).map_err(|e| GitError::local("cannot make the work tree", &e))?;
        let dest = &dest.canonicalize().map_err(|e| GitError::local("cannot find the work tree", &e))?;
        let mut inside = fs::read_dir(dest).map_err(|e| GitError::local("cannot read the work tree", &e))?;
        if inside.next().is_some() {
            return Err(GitError::new(
                GitErrorKind::Refused,
                format!("{} is not empty: give a new folder for the work tree", dest.display()),
            ));
        }
        let format = if sha.len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" };
        self.in_tree(dest, &["init", "--quiet", "--template=", format]).await?;
        // Copying by fetch rather than by links or alternates: a build that spoils its repository must not spoil the cache.
        let source = mirror.dir().as_os_str();
        let mut command = self.in_repository(dest.join(".git").as_os_str());
        command.env("GIT_ALLOW_PROTOCOL", "file");
        command.args([
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
        ]);
        command.arg("--end-of-options").arg(source).arg(sha);
        self.expect("cannot copy from the cache", mirror.url().as_str(), &mut command, Input::Nothing, 65_536).await?;
        self.in_tree(dest, &["checkout", "--quiet", "--force", "--detach", "--no-recurse-submodules", sha]).await?;
        self.in_tree(dest, &["config", "remote.origin.url", mirror.url().as_str()]).await
    }

    async fn in_tree(&self, tree: &Path, arguments: &[&str]) -> Result<(), GitError> {
        let mut command = self.in_repository(tree.join(".git").as_os_str());
        command.env("GIT_WORK_TREE", tree).args(arguments);
        let place = tree.to_string_lossy();
        self.expect("cannot make the work tree", &place, &mut command, Input::Nothing, 65_536).await.map(|_| ())
    }
}
