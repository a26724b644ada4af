//! From a name to a commit.

use alm_domain::shorten;

use super::{
    Git, GitError, GitErrorKind, RepositoryUrl, check_reference,
    command::Input,
    config,
    reference::{is_full_sha, is_short_sha},
};

/// What a reference turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A name that the repository has, in full, and the commit that it led to when it was asked.
    Name { name: String, sha: String },
    /// A full commit hash; whether the repository has it is not known yet.
    Sha(String),
    /// A shortened commit hash; the same.
    Short(String),
}

/// Answers of hosts are read up to here.
const LISTING: usize = 8 * 1024 * 1024;

impl Git {
    /// The commit that a branch or tag of a repository leads to now. A branch wins over a tag of the same name; a tag that
    /// is an object of its own is followed to its commit. A full commit hash is returned as it is, without asking.
    ///
    /// # Errors
    /// [`GitError`]; for a name that is not there it lists names like it. A shortened hash cannot be resolved without
    /// fetching, and is [`GitErrorKind::ReferenceNotFound`] here.
    pub async fn resolve(&self, url: &RepositoryUrl, reference: &str) -> Result<String, GitError> {
        match self.look_up(url, reference).await? {
            Target::Name { sha, .. } | Target::Sha(sha) => Ok(sha),
            Target::Short(short) => Err(GitError::new(
                GitErrorKind::ReferenceNotFound,
                format!("{url} has no branch or tag {short:?}: if it is a commit, give its full hash"),
            )),
        }
    }

    pub(super) async fn look_up(&self, url: &RepositoryUrl, reference: &str) -> Result<Target, GitError> {
        check_reference(reference).map_err(|p| GitError::new(GitErrorKind::Refused, format!("the reference {p}")))?;
        if is_full_sha(reference) {
            return Ok(Target::Sha(reference.to_ascii_lowercase()));
        }
        let mut wanted = match reference {
            "HEAD" => vec!["HEAD".to_owned()],
            name if name.starts_with("refs/") => vec![name.to_owned()],
            name => ["refs/heads", "refs/tags", "refs"].map(|kind| format!("{kind}/{name}")).to_vec(),
        };
        wanted.extend(wanted.clone().iter().filter(|name| *name != "HEAD").map(|name| format!("{name}^{{}}")));
        let found = self.list(url, &wanted).await?;
        for name in wanted.iter().filter(|name| !name.ends_with("^{}")) {
            let peeled = format!("{name}^{{}}");
            let sha_of = |name: &str| found.iter().find(|(_, n)| n == name).map(|(sha, _)| sha.clone());
            if let Some(sha) = sha_of(&peeled).or_else(|| sha_of(name)) {
                return Ok(Target::Name { name: name.clone(), sha });
            }
        }
        if is_short_sha(reference) {
            return Ok(Target::Short(reference.to_ascii_lowercase()));
        }
        Err(self.not_found(url, reference).await)
    }

    /// What a repository lists: pairs of hash and full name.
    async fn list(&self, url: &RepositoryUrl, patterns: &[String]) -> Result<Vec<(String, String)>, GitError> {
        let mut command = self.command();
        command.env("GIT_ALLOW_PROTOCOL", config::only(url.transport()));
        command.args(["ls-remote", "--quiet", "--end-of-options", url.as_str()]).args(patterns);
        let output = self.run("asking for branches and tags", &mut command, Input::Nothing, LISTING).await?;
        if !output.success && !output.overflow {
            return Err(GitError::from_words("cannot read", url.as_str(), &output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let pair = |line: &str| line.split_once('\t').map(|(sha, name)| (sha.to_owned(), name.to_owned()));
        Ok(text.lines().filter_map(pair).filter(|(sha, _)| is_full_sha(sha)).collect())
    }

    pub(super) async fn not_found(&self, url: &RepositoryUrl, reference: &str) -> GitError {
        let shown = shorten(reference);
        let names = match self.list(url, &[]).await {
            Ok(listed) => listed,
            Err(error) => return error,
        };
        let names: Vec<&str> = names
            .iter()
            .filter_map(|(_, name)| name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")))
            .filter(|name| !name.ends_with("^{}"))
            .collect();
        let remedy = if names.is_empty() {
            "the repository is empty: push a branch first".to_owned()
        } else {
            let near: Vec<String> = nearest(reference, &names).into_iter().map(shorten).collect();
            let more = names.len() - near.len();
            let rest = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            format!("it has {}{rest}", near.join(", "))
        };
        GitError::new(
            GitErrorKind::ReferenceNotFound,
            format!("{url} has no branch, tag or commit {shown:?}: {remedy}"),
        )
    }
}

/// At most ten names, the most similar first.
fn nearest<'a>(wanted: &str, names: &[&'a str]) -> Vec<&'a str> {
    let wanted = wanted.trim_start_matches("refs/").trim_start_matches("heads/").trim_start_matches("tags/");
    // Comparing is quadratic in the length of names, and a foreign repository may have any number of any length.
    let mut ranked: Vec<(usize, &str)> = names
        .iter()
        .take(20_000)
        .map(|name| (if name.len() <= 250 { strsim::levenshtein(wanted, name) } else { usize::MAX }, *name))
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(10).map(|(_, name)| name).collect()
}
