//! Why git did not do it, in words that say what to do.

use std::time::Duration;

/// What to do about it, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitErrorKind {
    /// git itself is missing or cannot be started: install it.
    ProgramMissing,
    /// The host's name is not known: correct the address, or try again when the name service is well.
    HostNotFound,
    /// The host cannot be reached, or answered with a fault of its own: try again later.
    Unreachable,
    /// The host does not accept the credentials, or wants some: set them.
    AuthenticationFailed,
    /// There is no such repository, or the credentials may not see it.
    RepositoryNotFound,
    /// The repository has no such branch, tag or commit.
    ReferenceNotFound,
    /// It took too long: try again later.
    TimedOut,
    /// The file or answer is larger than was allowed.
    TooLarge,
    /// An address, a reference or a path was refused before git was called.
    Refused,
    /// The local disk or process machinery failed.
    Local,
    /// Anything else: read the message.
    Other,
}

/// Why git did not do it. The message holds the remedy and git's own words, cleaned of credentials and control characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GitError {
    /// For programs.
    pub kind: GitErrorKind,
    /// For people.
    pub message: String,
}

impl GitError {
    pub(super) fn new(kind: GitErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn local(what: &str, error: &std::io::Error) -> Self {
        Self::new(GitErrorKind::Local, format!("{what}: {error}"))
    }

    pub(super) fn timed_out(what: &str, after: Duration) -> Self {
        Self::new(
            GitErrorKind::TimedOut,
            format!("git did not finish {what} within {} s: try again later, or raise the timeout", after.as_secs()),
        )
    }

    /// Whether the same call may work later without anybody doing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, GitErrorKind::Unreachable | GitErrorKind::TimedOut | GitErrorKind::HostNotFound)
    }

    /// What git said on stderr, made into an error. `place` is the address that it was about.
    pub(super) fn from_words(what: &str, place: &str, words: &str) -> Self {
        let words = clean(words);
        let lower = words.to_lowercase();
        let has = |needles: &[&str]| needles.iter().any(|n| lower.contains(n));
        let (kind, remedy) = if has(&[
            "could not resolve host",
            "name or service not known",
            "could not resolve hostname",
            "temporary failure in name resolution",
        ]) {
            (GitErrorKind::HostNotFound, "the host is not known: check the address")
        } else if has(&[
            "authentication failed",
            "permission denied (",
            "could not read username",
            "could not read password",
            "terminal prompts disabled",
            "returned error: 401",
            "returned error: 403",
            "host key verification failed",
            "invalid username or",
        ]) {
            (
                GitErrorKind::AuthenticationFailed,
                "the host does not accept the credentials, or wants some: set the provider's credentials file (https) or SSH identity file (ssh) for this host, and check that its host key is known",
            )
        } else if has(&[
            "repository not found",
            "does not appear to be a git repository",
            "returned error: 404",
            "not found: did you run",
            "does not exist",
            "no such file or directory",
            "not a git repository",
        ]) || lower.contains("repository '") && lower.contains("not found")
        {
            (
                GitErrorKind::RepositoryNotFound,
                "there is no such repository, or the credentials may not see it: check the address",
            )
        } else if has(&[
            "couldn't find remote ref",
            "not our ref",
            "no such remote ref",
            "unadvertised object",
            "bad object",
            "unknown revision",
            "needed a single revision",
            "not a valid object name",
        ]) {
            (GitErrorKind::ReferenceNotFound, "the repository has no such branch, tag or commit: check the name")
        } else if has(&[
            "connection refused",
            "failed to connect",
            "couldn't connect",
            "connection timed out",
            "connection reset",
            "unreachable",
            "operation too slow",
            "timed out",
            "returned error: 5",
            "returned error: 429",
            "early eof",
            "empty reply",
            "recv failure",
            "unexpected disconnect",
            "hung up unexpectedly",
            "ssl",
            "certificate",
        ]) {
            (GitErrorKind::Unreachable, "the host cannot be reached: check the address, or try again later")
        } else if has(&["no space left", "disk quota", "read-only file system"]) {
            (GitErrorKind::Local, "the server's disk is full or not writable: free some space")
        } else {
            (GitErrorKind::Other, "git failed")
        };
        let said = if words.is_empty() { String::new() } else { format!(" (git said: {words})") };
        Self::new(kind, format!("{what} {place}: {remedy}{said}"))
    }
}

/// git's words in one line of at most 600 characters: control characters gone, anything before an `@` of an address left out.
fn clean(words: &str) -> String {
    let mut kept: Vec<String> = Vec::new();
    for line in words.lines() {
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = line.split_whitespace().map(without_credentials).collect::<Vec<_>>().join(" ");
        if !line.is_empty() && !line.starts_with("hint:") {
            kept.push(line);
        }
    }
    let joined = kept.join("; ");
    match joined.char_indices().nth(600) {
        Some((at, _)) => format!("{}…", &joined[..at]),
        None => joined,
    }
}

fn without_credentials(word: &str) -> String {
    if let Some(at) = word.find("://") {
        let (scheme, rest) = word.split_at(at + 3);
        let end = rest.find('/').unwrap_or(rest.len());
        if let Some(user_end) = rest[..end].rfind('@') {
            return format!("{scheme}…{}", &rest[user_end..]);
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remedy_follows_from_what_git_said() {
        for (words, kind) in [
            ("fatal: unable to access 'https://x/': Could not resolve host: x", GitErrorKind::HostNotFound),
            ("ssh: connect to host x port 22: Connection refused", GitErrorKind::Unreachable),
            ("git@x: Permission denied (publickey).", GitErrorKind::AuthenticationFailed),
            (
                "fatal: could not read Username for 'https://x': terminal prompts disabled",
                GitErrorKind::AuthenticationFailed,
            ),
            ("fatal: repository 'https://x/a/' not found", GitErrorKind::RepositoryNotFound),
            ("fatal: '/x' does not appear to be a git repository", GitErrorKind::RepositoryNotFound),
            ("fatal: couldn't find remote ref refs/heads/x", GitErrorKind::ReferenceNotFound),
            ("error: No space left on device", GitErrorKind::Local),
            ("fatal: something new", GitErrorKind::Other),
        ] {
            assert_eq!(GitError::from_words("cannot fetch", "x", words).kind, kind, "{words}");
        }
    }

    #[test]
    fn credentials_and_control_characters_do_not_get_through() {
        let error =
            GitError::from_words("cannot fetch", "x", "fatal: 'https://me:hunter2@h/a'\u{1b}[31m\u{7}\nhint: no\nx");
        assert!(!error.message.contains("hunter2") && !error.message.contains("hint"), "{error}");
        assert!(!error.message.chars().any(char::is_control), "{error:?}");
    }
}
