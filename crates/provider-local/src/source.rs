//! The source of a build: the one place where git is called from.

use std::{
    future::Future,
    path::{Path, PathBuf},
    time::Duration,
};

use alm_domain::Commit;

use crate::{
    git::{Fetched, Git, GitError, GitErrorKind, GitPolicy, GitSettings, HostCredentials, RepositoryUrl, SshSettings},
    options::GitFiles,
    spool::Places,
};

/// A pipeline file is no larger.
const LARGEST_DEFINITION: usize = 1 << 20;
/// How often a call looks whether it is still wanted.
const PULSE: Duration = Duration::from_millis(50);

/// Which addresses are allowed here.
pub(crate) const fn policy(allow_local: bool) -> GitPolicy {
    GitPolicy { allow_local, allow_ssh: true, allow_http: false }
}

/// Git, as it is set up for a build.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    git: Git,
    url: RepositoryUrl,
    cache: PathBuf,
}

impl Source {
    /// Sets git up for this repository.
    ///
    /// # Errors
    /// When the address is not allowed, or the directory cannot be written.
    pub(crate) fn new(places: &Places, files: &GitFiles, url: &str) -> Result<Self, GitError> {
        let policy = policy(places.allow_local_repositories);
        let url = RepositoryUrl::parse(url, &policy)
            .map_err(|problem| GitError { kind: GitErrorKind::Refused, message: problem.message().to_owned() })?;
        Ok(Self { git: git(places, files)?, url, cache: places.git.join("cache") })
    }

    /// Brings the commit that a reference leads to into the cache.
    ///
    /// # Errors
    /// [`GitError`].
    pub(crate) async fn fetch(&self, reference: &str) -> Result<(Fetched, Commit), GitError> {
        let fetched = self.git.fetch(&self.cache, &self.url, reference).await?;
        let commit = self.git.commit_info(&fetched.mirror, &fetched.sha).await?;
        Ok((fetched, commit))
    }

    /// Reads the definition at this commit; `None` when there is no such file.
    ///
    /// # Errors
    /// [`GitError`].
    pub(crate) async fn definition(&self, at: &Fetched, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        self.git.read_file(&at.mirror, &at.sha, path, LARGEST_DEFINITION).await
    }

    /// Lays the source out in a new directory.
    ///
    /// # Errors
    /// [`GitError`].
    pub(crate) async fn checkout(&self, at: &Fetched, into: &Path) -> Result<(), GitError> {
        self.git.checkout(&at.mirror, &at.sha, into).await
    }
}

/// Git under these settings, for any repository.
///
/// # Errors
/// When its home cannot be written.
pub(crate) fn git(places: &Places, files: &GitFiles) -> Result<Git, GitError> {
    let mut settings = GitSettings::new(places.git.join("home"), policy(places.allow_local_repositories));
    if let Some(path) = std::env::var_os("PATH") {
        settings.search_path = path;
    }
    settings.ssh =
        SshSettings { identity_file: files.ssh_key.clone(), known_hosts: files.known_hosts.clone(), agent: None };
    settings.credentials = files
        .credentials
        .clone()
        .zip(files.credentials_host.clone())
        .map(|(file, host)| HostCredentials { host, file });
    Git::new(settings)
}

/// The file of the definition, from the root of the repository.
pub(crate) fn definition_path(directory: Option<&str>, path: &str) -> String {
    match directory.map(|directory| directory.trim_end_matches('/')).filter(|directory| !directory.is_empty()) {
        Some(directory) => format!("{directory}/{path}"),
        None => path.to_owned(),
    }
}

/// Runs a future on this thread until it ends, or is not wanted any more: then `None`, and what it had started is ended.
pub(crate) fn block_on<T>(
    future: impl Future<Output = Result<T, GitError>>,
    is_unwanted: impl Fn() -> bool,
) -> Result<Option<T>, GitError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| GitError { kind: GitErrorKind::Local, message: format!("cannot run git: {cause}") })?;
    runtime.block_on(async {
        let mut pulse = tokio::time::interval(PULSE);
        let mut future = std::pin::pin!(future);
        loop {
            tokio::select! {
                biased;
                result = &mut future => return result.map(Some),
                _ = pulse.tick() => {
                    if is_unwanted() {
                        return Ok(None);
                    }
                }
            }
        }
    })
}
