//! What the administrator says about fetching source.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::GitPolicy;

/// How git is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitSettings {
    /// The program: a path, or a name that is looked up in `search_path`.
    pub program: PathBuf,
    /// `PATH` for git, and for the ssh that it starts.
    pub search_path: OsString,
    /// A folder of our own, made when it is missing: git's home, with our configuration file and the known hosts.
    pub home: PathBuf,
    /// Which addresses are allowed.
    pub policy: GitPolicy,
    /// How long one run of git may take.
    pub timeout: Duration,
    /// Keys and hosts of ssh.
    pub ssh: SshSettings,
    /// Credentials for one host.
    pub credentials: Option<HostCredentials>,
}

impl GitSettings {
    /// The defaults: the system's git, ten minutes, no credentials.
    pub fn new(home: impl Into<PathBuf>, policy: GitPolicy) -> Self {
        Self {
            program: PathBuf::from("git"),
            search_path: OsString::from("/usr/local/bin:/usr/bin:/bin"),
            home: home.into(),
            policy,
            timeout: Duration::from_secs(600),
            ssh: SshSettings::default(),
            credentials: None,
        }
    }
}

/// Keys and hosts of ssh. The user's own `~/.ssh` is never read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SshSettings {
    /// Private key; `None` means that only an agent can help.
    pub identity_file: Option<PathBuf>,
    /// The hosts that are known. `None`: a host is learned when it is first met, and must stay the same from then on.
    pub known_hosts: Option<PathBuf>,
    /// Socket of an agent that may be used.
    pub agent: Option<PathBuf>,
}

/// Credentials for https, used for one host only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCredentials {
    /// `host` or `host:port`.
    pub host: String,
    /// A file in the format of git's credential store (`https://user:token@host`), readable by its owner only. It is only read.
    pub file: PathBuf,
}
