//! The samples as real git repositories.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use alm_build_spi::BoxError;
use alm_domain::RepositoryRef;
use async_trait::async_trait;
use reqwest::Url;
use tokio::{process::Command, sync::Mutex};

use crate::app::{Sample, Samples};

/// The branch that samples are on.
const BRANCH: &str = "main";

/// A sample, and its files.
struct Source {
    about: Sample,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! sample {
    ($name:literal, $title:literal, $description:literal: $($file:literal),+) => {
        Source {
            about: Sample { name: $name, title: $title, description: $description },
            files: &[$(($file, include_str!(concat!("../examples/demo/", $name, "/", $file)))),+],
        }
    };
}

/// All samples, in the order in which they are shown.
static SOURCES: [Source; 5] = [
    sample!("parallel", "Parallel stages", "Stages side by side, an artifact that is handed on, a warning in colour.":
        ".alm/pipeline.yaml", "README.md"),
    sample!("nested", "Nested stages", "Frames: two platforms side by side, each with a sequence inside.":
        ".alm/pipeline.yaml", "README.md"),
    sample!("approval", "Approval", "A deployment that waits for a person.": ".alm/pipeline.yaml", "README.md"),
    sample!("failing", "Failure", "A test that fails twice, what is skipped because of it, and what runs nevertheless.":
        ".alm/pipeline.yaml", "README.md", "test.sh"),
    sample!("plain", "Plain build", "A build without stages: one list of commands.": ".alm/pipeline.yaml", "README.md"),
];

/// Why a sample cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// Its files.
    #[error("the samples cannot be written: {0}")]
    Io(#[from] io::Error),
    /// Its repository.
    #[error("{0}")]
    Git(String),
}

/// The samples in a folder of this machine; a repository is made when it is asked for.
#[derive(Debug)]
pub struct SampleFolder {
    folder: PathBuf,
    /// One at a time: two that write the same would stand in each other's way.
    writing: Mutex<()>,
}

impl SampleFolder {
    /// The samples below this folder.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, writing: Mutex::default() }
    }
}

#[async_trait]
impl Samples for SampleFolder {
    fn all(&self) -> Vec<Sample> {
        SOURCES.iter().map(|source| source.about).collect()
    }

    async fn repository(&self, name: &str) -> Result<Option<RepositoryRef>, BoxError> {
        let Some(source) = SOURCES.iter().find(|source| source.about.name == name) else { return Ok(None) };
        let _alone = self.writing.lock().await;
        let folder = write(source, &self.folder).await?.canonicalize()?;
        let url = Url::from_file_path(&folder).map_err(|()| SampleError::Git("has no absolute path".to_owned()))?;
        Ok(Some(RepositoryRef { url: url.into(), reference: BRANCH.to_owned(), directory: None }))
    }
}

/// Writes a sample's repository into a folder: one commit on `main`, the same one each time, so that the repository does not
/// change unless its sample did. What the user committed on top is kept.
async fn write(sample: &Source, parent: &Path) -> Result<PathBuf, SampleError> {
    let folder = parent.join(sample.about.name);
    if folder.join(".git").exists() && git(&folder, &["rev-parse", "--verify", "--quiet", "HEAD"]).await.is_ok() {
        return Ok(folder);
    }
    for (file, content) in sample.files {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await?;
        }
        tokio::fs::write(&path, content).await?;
    }
    git(&folder, &["init", "--quiet", "--initial-branch", BRANCH]).await?;
    git(&folder, &["add", "--all"]).await?;
    git(&folder, &["commit", "--quiet", "--no-verify", "--message", &format!("Sample: {}", sample.about.name)]).await?;
    Ok(folder)
}

/// Git without anything of the user's own: the samples shall be the same everywhere.
async fn git(folder: &Path, arguments: &[&str]) -> Result<(), SampleError> {
    let at = "2026-01-01T00:00:00Z";
    let output = Command::new("git")
        .args(["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .envs([("HOME", folder.as_os_str()), ("GIT_CONFIG_GLOBAL", "/dev/null".as_ref())])
        .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")])
        .envs([("GIT_AUTHOR_NAME", "ALM"), ("GIT_AUTHOR_EMAIL", "alm@localhost"), ("GIT_AUTHOR_DATE", at)])
        .envs([("GIT_COMMITTER_NAME", "ALM"), ("GIT_COMMITTER_EMAIL", "alm@localhost"), ("GIT_COMMITTER_DATE", at)])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| {
            SampleError::Git(format!("git cannot be run ({error}): install it, for example `apt-get install git`"))
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let arguments = arguments.first().copied().unwrap_or_default();
    Err(SampleError::Git(format!("git {arguments} in {} did not work: {}", folder.display(), said.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn head(folder: &Path) -> String {
        let output = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(folder).output().await.unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn every_sample_is_a_pipeline_that_is_understood() {
        for sample in &SOURCES {
            let (file, text) = sample.files[0];
            assert_eq!(file, ".alm/pipeline.yaml");
            let pipeline = alm_provider_local::definition::parse(text, file);
            assert!(pipeline.is_ok(), "{}: {:?}", sample.about.name, pipeline.err());
        }
    }

    #[tokio::test]
    async fn every_sample_is_a_repository_with_the_same_commit_each_time() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for sample in &SOURCES {
            let first = write(sample, one.path()).await.unwrap();
            let second = write(sample, other.path()).await.unwrap();
            assert_eq!(head(&first).await, head(&second).await, "{}", sample.about.name);
        }
    }

    #[tokio::test]
    async fn what_the_user_committed_stays_and_what_was_cut_off_is_made_again() {
        let parent = tempfile::tempdir().unwrap();
        let sample = &SOURCES[0];
        // A start that was cut off right after `git init`.
        std::fs::create_dir(parent.path().join(sample.about.name)).unwrap();
        git(&parent.path().join(sample.about.name), &["init", "--quiet", "--initial-branch=main"]).await.unwrap();
        let folder = write(sample, parent.path()).await.unwrap();
        std::fs::write(folder.join("mine"), "mine").unwrap();
        git(&folder, &["add", "--all"]).await.unwrap();
        git(&folder, &["commit", "--quiet", "--message", "mine"]).await.unwrap();
        let mine = head(&folder).await;
        write(sample, parent.path()).await.unwrap();
        assert_eq!(head(&folder).await, mine);
    }
}
