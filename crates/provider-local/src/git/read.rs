//! Reading from the cache without a work tree.

use alm_domain::Commit;

use super::{Git, GitError, GitErrorKind, Mirror, check_path, command::Input, reference::is_full_sha};

impl Git {
    /// Hash, title and author of a commit that is in the cache. Text that is not UTF-8 is replaced, control characters too.
    ///
    /// # Errors
    /// [`GitError`] when the cache does not have it.
    pub async fn commit_info(&self, mirror: &Mirror, sha: &str) -> Result<Commit, GitError> {
        check_sha(sha)?;
        let mut command = self.in_repository(mirror.dir().as_os_str());
        command.args([
            "log",
            "-1",
            "--no-show-signature",
            "--encoding=UTF-8",
            "--format=%H%x00%an <%ae>%x00%B",
            sha,
            "--",
        ]);
        let output = self.run("reading a commit", &mut command, Input::Nothing, 65_536).await?;
        if !output.success && !output.overflow {
            return Err(GitError::from_words("cannot read the commit from", mirror.url().as_str(), &output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let mut parts = text.splitn(3, '\0').map(|part| part.trim().lines().next().unwrap_or_default());
        let sha = parts.next().unwrap_or_default().to_owned();
        let mut next = || parts.next().map(one_line).filter(|text| !text.is_empty() && text != "<>");
        let author = next();
        Ok(Commit { sha, title: next(), author })
    }

    /// A file of a commit that is in the cache; `None` when it has no such file. Links are followed inside the repository.
    ///
    /// # Errors
    /// [`GitErrorKind::TooLarge`] above `max_bytes`; [`GitErrorKind::Refused`] for a path that cannot be one, that is a
    /// folder, or that leads out of the repository.
    pub async fn read_file(
        &self,
        mirror: &Mirror,
        sha: &str,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, GitError> {
        check_sha(sha)?;
        let refused = |message: String| Err(GitError::new(GitErrorKind::Refused, message));
        if let Err(problem) = check_path(path) {
            return refused(format!("the path {problem}"));
        }
        let mut command = self.in_repository(mirror.dir().as_os_str());
        command.args(["cat-file", "--batch-check", "--follow-symlinks"]);
        let question = format!("{sha}:{path}\n");
        let output = self.run("looking for a file", &mut command, Input::Bytes(question.as_bytes()), 8192).await?;
        if !output.success {
            return Err(GitError::from_words("cannot read a file of", mirror.url().as_str(), &output.stderr));
        }
        let answer = String::from_utf8_lossy(&output.stdout);
        let first = answer.lines().next().unwrap_or_default();
        let words: Vec<&str> = first.split(' ').collect();
        let (oid, size) = match words[..] {
            [oid, "blob", size] if is_full_sha(oid) => (oid, size.parse::<usize>().unwrap_or(usize::MAX)),
            [oid, _, _] if is_full_sha(oid) => return refused(format!("{path} is a folder: give the path of a file")),
            _ if first.ends_with(" missing") || first.starts_with("dangling ") || first.starts_with("notdir ") => {
                return Ok(None);
            }
            _ => {
                return refused(format!(
                    "{path} is a link that leads out of the repository: put the file itself there"
                ));
            }
        };
        if size > max_bytes {
            return Err(GitError::new(
                GitErrorKind::TooLarge,
                format!("{path} has {size} bytes, and at most {max_bytes} are read: make it smaller"),
            ));
        }
        let mut command = self.in_repository(mirror.dir().as_os_str());
        command.args(["cat-file", "blob", oid]);
        self.expect("cannot read a file of", mirror.url().as_str(), &mut command, Input::Nothing, max_bytes)
            .await
            .map(Some)
    }
}

pub(super) fn check_sha(sha: &str) -> Result<(), GitError> {
    if is_full_sha(sha) {
        Ok(())
    } else {
        Err(GitError::new(GitErrorKind::Refused, format!("{:?} is not a full commit hash", alm_domain::shorten(sha))))
    }
}

/// At most 500 characters of foreign text, on one line.
fn one_line(text: &str) -> String {
    text.chars().take(500).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
