//! The samples as real git repositories.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::cli::CliError;

/// A sample: the name of its repository, and its files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) name: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! sample {
    ($name:literal: $($file:literal),+) => {
        Sample {
            name: $name,
            files: &[$(($file, include_str!(concat!("../../../examples/demo/", $name, "/", $file)))),+],
        }
    };
}

/// All samples, in the order in which they are shown.
pub(super) const SAMPLES: [Sample; 5] = [
    sample!("parallel": ".alm/pipeline.yaml", "README.md"),
    sample!("nested": ".alm/pipeline.yaml", "README.md"),
    sample!("approval": ".alm/pipeline.yaml", "README.md"),
    sample!("failing": ".alm/pipeline.yaml", "README.md", "test.sh"),
    sample!("plain": ".alm/pipeline.yaml", "README.md"),
];

/// Writes a sample's repository into a folder: one commit on `main`, the same one each time, so that the repository does not
/// change unless its sample did. What the user committed on top is kept.
pub(super) async fn write(sample: Sample, parent: &Path) -> Result<PathBuf, CliError> {
    let folder = parent.join(sample.name);
    let failed = |source| CliError::Io { what: "the samples cannot be written", source };
    if folder.join(".git").exists() && git(&folder, &["rev-parse", "--verify", "--quiet", "HEAD"]).await.is_ok() {
        return Ok(folder);
    }
    for (file, content) in sample.files {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await.map_err(failed)?;
        }
        tokio::fs::write(&path, content).await.map_err(failed)?;
    }
    git(&folder, &["init", "--quiet", "--initial-branch=main"]).await?;
    git(&folder, &["add", "--all"]).await?;
    git(&folder, &["commit", "--quiet", "--no-verify", "--message", &format!("Sample: {}", sample.name)]).await?;
    Ok(folder)
}

/// Git without anything of the user's own: the samples shall be the same everywhere.
async fn git(folder: &Path, arguments: &[&str]) -> Result<(), CliError> {
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
            CliError::Tool(format!("git cannot be run ({error}): install it, for example `apt-get install git`"))
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let arguments = arguments.first().copied().unwrap_or_default();
    Err(CliError::Tool(format!("git {arguments} in {} did not work: {}", folder.display(), said.trim())))
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
        for sample in SAMPLES {
            let (file, text) = sample.files[0];
            assert_eq!(file, ".alm/pipeline.yaml");
            let pipeline = alm_provider_local::definition::parse(text, file);
            assert!(pipeline.is_ok(), "{}: {:?}", sample.name, pipeline.err());
        }
    }

    #[tokio::test]
    async fn every_sample_is_a_repository_with_the_same_commit_each_time() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for sample in SAMPLES {
            let first = write(sample, one.path()).await.unwrap();
            let second = write(sample, other.path()).await.unwrap();
            assert_eq!(head(&first).await, head(&second).await, "{}", sample.name);
        }
    }

    #[tokio::test]
    async fn what_the_user_committed_stays_and_what_was_cut_off_is_made_again() {
        let parent = tempfile::tempdir().unwrap();
        let sample = SAMPLES[0];
        // A start that was cut off right after `git init`.
        std::fs::create_dir(parent.path().join(sample.name)).unwrap();
        git(&parent.path().join(sample.name), &["init", "--quiet", "--initial-branch=main"]).await.unwrap();
        let folder = write(sample, parent.path()).await.unwrap();
        std::fs::write(folder.join("mine"), "mine").unwrap();
        git(&folder, &["add", "--all"]).await.unwrap();
        git(&folder, &["commit", "--quiet", "--message", "mine"]).await.unwrap();
        let mine = head(&folder).await;
        write(sample, parent.path()).await.unwrap();
        assert_eq!(head(&folder).await, mine);
    }
}
