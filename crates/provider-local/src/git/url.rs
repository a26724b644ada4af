//! Addresses of repositories.

use std::fmt;

use alm_domain::shorten;
use serde::{Deserialize, Serialize};

/// Which addresses are allowed. The default allows `https` and `ssh` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitPolicy {
    /// Paths and `file://` addresses of this machine, and `http` from its loopback.
    pub allow_local: bool,
    /// `ssh://` and `user@host:path` addresses.
    pub allow_ssh: bool,
    /// `http` from anywhere: neither confidential nor safe from tampering.
    pub allow_http: bool,
}

impl Default for GitPolicy {
    fn default() -> Self {
        Self { allow_local: false, allow_ssh: true, allow_http: false }
    }
}

/// What is wrong with an address, a reference or a path, and the remedy, as a sentence. Holds no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceProblem(String);

impl SourceProblem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0
    }
}

/// How git reaches a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Transport {
    Https,
    Http,
    Ssh,
    File,
}

/// A checked address: allowed by the policy, free of credentials, control characters and options.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RepositoryUrl {
    text: String,
    transport: Transport,
}

impl fmt::Debug for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl RepositoryUrl {
    /// Checks an address.
    ///
    /// # Errors
    /// [`SourceProblem`] that says what is wrong and what would be right.
    pub fn parse(url: &str, policy: &GitPolicy) -> Result<Self, SourceProblem> {
        let problem = |message: &str| Err(SourceProblem::new(format!("{:?} {message}", show(url))));
        if url.is_empty() {
            return Err(SourceProblem::new(
                "is empty: give the address of a git repository, such as https://host/path.git",
            ));
        }
        if url.len() > 2048 {
            return problem("is longer than 2048 bytes: give the repository's clone address");
        }
        if url.chars().any(char::is_control) {
            return problem("holds a control character: remove it");
        }
        if url.starts_with('-') {
            return problem("begins with `-`: give an address, not an option");
        }
        if let Some(at) = url.find("::")
            && !url[..at].is_empty()
            && url[..at].bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-' | b'_'))
        {
            return problem("names a git transport helper, which could run any program: use https or ssh");
        }
        match url.split_once("://") {
            Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b)) => {
                match scheme.to_ascii_lowercase().as_str() {
                    "https" => web(url, rest, Transport::Https, policy),
                    "http" => web(url, rest, Transport::Http, policy),
                    "ssh" => ssh(url, rest, policy),
                    "file" => match rest.strip_prefix('/') {
                        Some(_) => local(url, url, policy),
                        None => {
                            problem("names a host: write file:// followed by an absolute path, file:///srv/web.git")
                        }
                    },
                    "git" => {
                        problem("uses the git protocol, which anybody on the way can tamper with: use https or ssh")
                    }
                    _ => problem("has a scheme that is not allowed: use https or ssh"),
                }
            }
            _ if url.starts_with('/') => local(url, url, policy),
            _ => scp(url, policy),
        }
    }

    /// The address as git takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is on this machine's file system.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.transport == Transport::File
    }

    pub(super) const fn transport(&self) -> Transport {
        self.transport
    }

    /// Passes anything: for the tests that show that the layers behind the check hold by themselves.
    #[cfg(test)]
    pub(super) fn unchecked(text: &str) -> Self {
        Self { text: text.to_owned(), transport: Transport::File }
    }
}

/// The address for an error message: what could be a password is left out.
fn show(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    match url[start..end].rfind('@') {
        Some(at) => shorten(&format!("{}…{}", &url[..start], &url[start + at..])),
        None => shorten(url),
    }
}

fn web(url: &str, rest: &str, transport: Transport, policy: &GitPolicy) -> Result<RepositoryUrl, SourceProblem> {
    let problem = |message: &str| Err(SourceProblem::new(format!("{:?} {message}", show(url))));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return problem(
            "holds a user name or a password: take them out, and put them into the provider's credentials file for this host",
        );
    }
    let Some(host) = host_of(authority) else {
        return problem("has no valid host name: write https://host/path.git");
    };
    if path.trim_matches('/').is_empty() {
        return problem("names no repository: add its path behind the host");
    }
    if path.contains(['?', '#', '\\', ' ', '"', '<', '>']) {
        return problem(
            "has a character in its path that a clone address does not have: give the repository's clone address",
        );
    }
    let loopback =
        matches!(host, "localhost" | "[::1]") || host.parse::<std::net::Ipv4Addr>().is_ok_and(|a| a.is_loopback());
    if transport == Transport::Http && !(policy.allow_http || policy.allow_local && loopback) {
        return problem("uses http, which anybody on the way can read and tamper with: use https");
    }
    Ok(RepositoryUrl { text: url.to_owned(), transport })
}

fn ssh(url: &str, rest: &str, policy: &GitPolicy) -> Result<RepositoryUrl, SourceProblem> {
    let problem = |message: &str| Err(SourceProblem::new(format!("{:?} {message}", show(url))));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => {
            return problem("holds a password: take it out, and use the provider's SSH identity file");
        }
        Some((user, _)) if !is_user(user) => return problem("has an odd user name: write ssh://git@host/path.git"),
        Some((_, host)) => host,
        None => authority,
    };
    if host_of(host).is_none() {
        return problem("has no valid host name: write ssh://git@host/path.git");
    }
    remote_path(url, path, policy)
}

fn scp(url: &str, policy: &GitPolicy) -> Result<RepositoryUrl, SourceProblem> {
    let problem = |message: &str| Err(SourceProblem::new(format!("{:?} {message}", show(url))));
    let colon = url.find(':');
    let Some(colon) = colon.filter(|at| !url[..*at].contains('/')) else {
        let dotted = url.split('/').next().is_some_and(|first| first.contains('.') && !first.starts_with('.'));
        return problem(if dotted {
            "has no scheme: put https:// before it"
        } else {
            "is not the address of a git repository: write https://host/path.git, git@host:path.git, or an absolute path"
        });
    };
    let (authority, path) = (&url[..colon], &url[colon + 1..]);
    let host = match authority.rsplit_once('@') {
        Some((user, _)) if !is_user(user) => return problem("has an odd user name: write git@host:path.git"),
        Some((_, host)) => host,
        None => authority,
    };
    if host.len() < 2 || host_of(host) != Some(host) {
        return problem("has no valid host name: write git@host:path.git");
    }
    remote_path(url, path, policy)
}

fn remote_path(url: &str, path: &str, policy: &GitPolicy) -> Result<RepositoryUrl, SourceProblem> {
    let problem = |message: &str| Err(SourceProblem::new(format!("{:?} {message}", show(url))));
    if path.trim_matches('/').is_empty() {
        return problem("names no repository: add its path behind the host");
    }
    let plain = |c: char| c.is_alphanumeric() || "-_.~/+@%,=".contains(c);
    if path.trim_start_matches('/').starts_with('-') || !path.chars().all(plain) {
        return problem(
            "has a character in its path that a clone address does not have: give the repository's clone address",
        );
    }
    if !policy.allow_ssh {
        return problem("is reached by ssh, which this server does not allow: use https");
    }
    Ok(RepositoryUrl { text: url.to_owned(), transport: Transport::Ssh })
}

fn local(url: &str, text: &str, policy: &GitPolicy) -> Result<RepositoryUrl, SourceProblem> {
    if policy.allow_local {
        Ok(RepositoryUrl { text: text.to_owned(), transport: Transport::File })
    } else {
        let shown = show(url);
        Err(SourceProblem::new(format!(
            "{shown:?} is a path of the server, which this server does not allow: use https or ssh, or ask the administrator"
        )))
    }
}

/// The host of `host[:port]`, if both are well-formed.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        authority[1..end - 1].parse::<std::net::Ipv6Addr>().ok()?;
        (&authority[..end], &authority[end..])
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        let host = &authority[..end];
        let fits = !host.is_empty()
            && host.len() <= 253
            && !host.starts_with(['-', '.'])
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if !fits {
            return None;
        }
        (host, &authority[end..])
    };
    match port.strip_prefix(':') {
        None if port.is_empty() => Some(host),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|p| p > 0) => {
            Some(host)
        }
        _ => None,
    }
}

fn is_user(user: &str) -> bool {
    !user.is_empty()
        && user.len() <= 64
        && !user.starts_with('-')
        && user.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: GitPolicy = GitPolicy { allow_local: true, allow_ssh: true, allow_http: false };

    #[test]
    fn clone_addresses_pass() {
        for url in [
            "https://github.com/rust-lang/rust.git",
            "https://git.example.org:8443/a/b",
            "https://[2001:db8::1]/a.git",
            "ssh://git@example.org:2222/a/b.git",
            "ssh://example.org/~me/a.git",
            "git@github.com:rust-lang/rust.git",
            "example.org:a.git",
            "http://127.0.0.1:8000/a.git",
            "/srv/git/a b.git",
            "file:///srv/git/a.git",
        ] {
            assert!(RepositoryUrl::parse(url, &OPEN).is_ok(), "{url}");
        }
    }

    #[test]
    fn the_policy_decides_about_local_plain_and_ssh_addresses() {
        let closed = GitPolicy { allow_local: false, allow_ssh: false, allow_http: false };
        for url in ["/srv/a.git", "file:///srv/a.git", "git@host:a.git", "ssh://host/a.git", "http://127.0.0.1/a.git"] {
            let problem = RepositoryUrl::parse(url, &closed).unwrap_err();
            assert!(problem.message().contains("use https"), "{problem}");
        }
        assert!(RepositoryUrl::parse("http://example.org/a.git", &OPEN).is_err());
        assert!(RepositoryUrl::parse("http://example.org/a.git", &GitPolicy { allow_http: true, ..OPEN }).is_ok());
    }

    #[test]
    fn a_password_is_refused_and_never_echoed() {
        for url in [
            "https://me:hunter2@host/a.git",
            "https://hunter2@host/a",
            "ssh://me:hunter2@host/a",
            "https://a@hunter2@h/a",
        ] {
            let problem = RepositoryUrl::parse(url, &OPEN).unwrap_err();
            assert!(!problem.message().contains("hunter2"), "{problem}");
        }
        let problem = RepositoryUrl::parse("https://me:hunter2@host/a.git", &OPEN).unwrap_err();
        assert!(problem.message().contains("credentials file"), "{problem}");
    }
}
