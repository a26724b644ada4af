//! Fetching into the cache.

use std::{fs, path::Path};

use super::{
    Git, GitError, GitErrorKind, Mirror, RepositoryUrl, command::Input, config, lock::Lock, reference::is_full_sha,
    resolve::Target,
};

/// A commit that is in the cache, and stays there for two weeks at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Full hash.
    pub sha: String,
    /// Where it is.
    pub mirror: Mirror,
}

/// Where a fetch puts what it was asked for, before the commit is known.
const ARRIVAL: &str = "refs/alm/arrival";
/// From this many packs on the cache is packed anew.
const MANY_PACKS: usize = 50;
/// So many of the newest commits are kept for good.
const KEPT_COMMITS: usize = 300;
/// Names in the cache are read up to here.
const LISTING: usize = 8 * 1024 * 1024;

/// The reference that keeps a commit.
fn kept(sha: &str) -> String {
    format!("refs/alm/builds/{sha}")
}

impl Git {
    /// Brings the commit of a branch, tag or (full or shortened) hash into the cache. Builds may do this at the same time for
    /// the same repository. Only the commit itself is fetched where the host can do that, its whole history where not. A
    /// full hash that is in the cache already is not asked for again.
    ///
    /// # Errors
    /// [`GitError`] that says what to do.
    pub async fn fetch(&self, cache: &Path, url: &RepositoryUrl, reference: &str) -> Result<Fetched, GitError> {
        fs::create_dir_all(cache).map_err(|e| GitError::local("cannot make the cache folder", &e))?;
        let cache = cache.canonicalize().map_err(|e| GitError::local("cannot find the cache folder", &e))?;
        let mirror = Mirror::of(&cache, url);
        let target = self.look_up(url, reference).await?;
        if let Target::Sha(sha) = &target
            && mirror.dir().join("HEAD").exists()
            && let Some(sha) = self.commit_in(&mirror, &kept(sha)).await?
        {
            return Ok(Fetched { sha, mirror });
        }
        let lock = Lock::take(&mirror.dir().with_extension("lock"), self.settings.timeout).await?;
        let format = match &target {
            Target::Name { sha, .. } | Target::Sha(sha) if sha.len() == 64 => "--object-format=sha256",
            _ => "--object-format=sha1",
        };
        self.make_ready(&mirror, &lock, format).await?;
        let sha = match &target {
            Target::Name { name, .. } => self.fetch_name(&mirror, &lock, name).await?,
            Target::Sha(sha) => self.fetch_sha(&mirror, &lock, sha).await?,
            Target::Short(short) => {
                self.fetch_all(&mirror, &lock).await?;
                match self.commit_in(&mirror, short).await? {
                    Some(sha) => sha,
                    None => return Err(self.not_found(url, reference).await),
                }
            }
        };
        // A reference keeps the commit from being pruned, also when its branch goes or is rewritten.
        self.own(&mirror, &lock, &["update-ref", &kept(&sha), &sha]).await?;
        self.tidy(&mirror, &lock).await;
        Ok(Fetched { sha, mirror })
    }

    async fn fetch_name(&self, mirror: &Mirror, lock: &Lock, name: &str) -> Result<String, GitError> {
        let refspec = format!("+{name}:{ARRIVAL}");
        match self.fetch_from_host(mirror, lock, &["--depth=1"], &[&refspec]).await {
            // A host that cannot cut history off says so in many ways.
            Err(error) if error.kind == GitErrorKind::Other => {
                self.fetch_from_host(mirror, lock, &["--update-shallow"], &[&refspec]).await?;
            }
            other => other?,
        }
        match self.commit_in(mirror, ARRIVAL).await? {
            Some(sha) => Ok(sha),
            None => Err(GitError::new(
                GitErrorKind::ReferenceNotFound,
                format!(
                    "{name} of {} does not lead to a commit: choose a branch, a tag of a commit, or a commit",
                    mirror.url()
                ),
            )),
        }
    }

    async fn fetch_sha(&self, mirror: &Mirror, lock: &Lock, sha: &str) -> Result<String, GitError> {
        let refspec = format!("+{sha}:{ARRIVAL}");
        match self.fetch_from_host(mirror, lock, &["--depth=1"], &[&refspec]).await {
            Err(error) if matches!(error.kind, GitErrorKind::Other | GitErrorKind::ReferenceNotFound) => {
                self.fetch_all(mirror, lock).await?;
            }
            other => other?,
        }
        match self.commit_in(mirror, sha).await? {
            Some(sha) => Ok(sha),
            None => Err(GitError::new(
                GitErrorKind::ReferenceNotFound,
                format!("{} has no commit {sha}: check the hash, or push the commit", mirror.url()),
            )),
        }
    }

    async fn fetch_all(&self, mirror: &Mirror, lock: &Lock) -> Result<(), GitError> {
        let refspecs = ["+refs/heads/*:refs/alm/heads/*", "+refs/tags/*:refs/alm/tags/*"];
        let depth: &[&str] = if mirror.dir().join("shallow").exists() {
            &["--unshallow", "--update-shallow", "--prune"]
        } else {
            &["--update-shallow", "--prune"]
        };
        match self.fetch_from_host(mirror, lock, depth, &refspecs).await {
            // The original is shallow itself: then there is no more to get.
            Err(error) if depth.len() == 3 && error.kind == GitErrorKind::Other => {
                self.fetch_from_host(mirror, lock, &depth[1..], &refspecs).await
            }
            other => other,
        }
    }

    async fn fetch_from_host(
        &self,
        mirror: &Mirror,
        lock: &Lock,
        options: &[&str],
        refspecs: &[&str],
    ) -> Result<(), GitError> {
        let mut command = self.in_repository(mirror.dir().as_os_str());
        command.env("GIT_ALLOW_PROTOCOL", config::only(mirror.url().transport()));
        command.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force"]);
        command.args(options).args(["--end-of-options", mirror.url().as_str()]).args(refspecs);
        self.expect("cannot fetch", mirror.url().as_str(), &mut command, Input::Lock(lock.file()), 65_536)
            .await
            .map(|_| ())
    }

    /// A command on the cache itself, with words of our own only.
    pub(super) async fn own(&self, mirror: &Mirror, lock: &Lock, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let mut command = self.in_repository(mirror.dir().as_os_str());
        command.args(arguments);
        self.expect(
            "cannot use the cached copy of",
            mirror.url().as_str(),
            &mut command,
            Input::Lock(lock.file()),
            65_536,
        )
        .await
    }

    /// The commit that a name or (shortened) hash leads to in the cache.
    async fn commit_in(&self, mirror: &Mirror, name: &str) -> Result<Option<String>, GitError> {
        let mut command = self.in_repository(mirror.dir().as_os_str());
        command.args(["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]);
        let output = self.run("looking for a commit", &mut command, Input::Nothing, 1024).await?;
        let sha = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.success && is_full_sha(&sha)).then_some(sha))
    }

    async fn tidy(&self, mirror: &Mirror, lock: &Lock) {
        let packs = fs::read_dir(mirror.dir().join("objects/pack")).map_or(0, Iterator::count) / 2;
        if packs >= MANY_PACKS
            && let Err(error) = self.pack_anew(mirror, lock).await
        {
            tracing::warn!(mirror = %mirror.dir().display(), %error, "the cached repository could not be packed");
        }
    }

    /// Packs the cache anew, and lets go of all but the newest commits. git itself keeps what nothing names any more for two
    /// weeks, so that builds of old commits that are running now still find them.
    pub(super) async fn pack_anew(&self, mirror: &Mirror, lock: &Lock) -> Result<(), GitError> {
        let mut command = self.in_repository(mirror.dir().as_os_str());
        command.args(["for-each-ref", "--sort=-committerdate", "--format=delete %(refname)", "refs/alm/builds"]);
        let place = mirror.url().as_str();
        let listed = self
            .expect("cannot list the cached commits of", place, &mut command, Input::Lock(lock.file()), LISTING)
            .await?;
        let text = String::from_utf8_lossy(&listed);
        let old: String = text.lines().skip(KEPT_COMMITS).map(|line| format!("{line}\n")).collect();
        if !old.is_empty() {
            let mut command = self.in_repository(mirror.dir().as_os_str());
            command.args(["update-ref", "--stdin"]);
            let output = self.run("forgetting old commits", &mut command, Input::Bytes(old.as_bytes()), 4096).await?;
            if !output.success {
                return Err(GitError::from_words("cannot forget old commits of", place, &output.stderr));
            }
        }
        self.own(mirror, lock, &["gc", "--quiet"]).await.map(|_| ())
    }
}
