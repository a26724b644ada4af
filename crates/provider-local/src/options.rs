//! The settings of a build, checked and in types.

use std::{path::PathBuf, time::Duration};

use alm_build_spi::Finding;
use alm_domain::{Settings, shorten};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{definition::seconds, git::check_path};

/// How builds are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Isolation {
    /// Not at all.
    #[default]
    None,
    /// By bubblewrap.
    Sandbox,
}

/// Limits of a step and of each of its processes; `None` is the system's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// Bytes of address space.
    pub(crate) memory: Option<u64>,
    /// Processes of a step; processes and threads of the user.
    pub(crate) processes: Option<u64>,
    /// Seconds of processor time.
    pub(crate) cpu_seconds: Option<u64>,
    /// Bytes of a file that is written.
    pub(crate) file_size: Option<u64>,
}

/// The settings of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) pipeline_path: String,
    pub(crate) timeout: Duration,
    /// How long a stage waits for the token of its environment.
    #[serde(default = "a_day")]
    pub(crate) credential_timeout: Duration,
    pub(crate) log_max_bytes: u64,
    pub(crate) artifacts_max_bytes: u64,
    pub(crate) parallel: usize,
    pub(crate) shell: Vec<String>,
    pub(crate) isolation: Isolation,
    pub(crate) limits: Limits,
    pub(crate) git: GitFiles,
}

/// Files that git needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct GitFiles {
    pub(crate) ssh_key: Option<PathBuf>,
    pub(crate) known_hosts: Option<PathBuf>,
    pub(crate) credentials: Option<PathBuf>,
    pub(crate) credentials_host: Option<String>,
}

impl Options {
    /// The options that these effective settings stand for.
    ///
    /// # Errors
    /// One finding for each value that cannot be used, at `["settings", key]`.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut check = |key: &str, checked: Result<(), String>| {
            if let Err(message) = checked {
                findings.push(Finding::new(["settings", key], message));
            }
        };
        let pipeline_path = text(settings, "pipeline.path").unwrap_or(".alm/pipeline.yaml").to_owned();
        check("pipeline.path", check_path(&pipeline_path).map_err(|problem| problem.message().to_owned()));
        let timeout = parse_duration(text(settings, "build.timeout").unwrap_or("2h"));
        check("build.timeout", timeout.as_ref().map(drop).map_err(Clone::clone));
        let credential_timeout = parse_duration(text(settings, "credential.timeout").unwrap_or("24h"));
        check("credential.timeout", credential_timeout.as_ref().map(drop).map_err(Clone::clone));
        let shell = split_shell(text(settings, "shell").unwrap_or("/bin/sh -e"));
        check("shell", shell.as_ref().map(drop).map_err(Clone::clone));
        let mut file = |key: &str| {
            let path = text(settings, key).map(PathBuf::from);
            if path.as_ref().is_some_and(|path| !path.is_absolute()) {
                check(key, Err("is not an absolute path: write it from the root, beginning with `/`".to_owned()));
            }
            path
        };
        let git = GitFiles {
            ssh_key: file("git.ssh_key"),
            known_hosts: file("git.known_hosts"),
            credentials: file("git.credentials"),
            credentials_host: text(settings, "git.credentials_host").map(str::to_owned),
        };
        if git.credentials.is_some() != git.credentials_host.is_some() {
            let missing = if git.credentials.is_some() { "git.credentials_host" } else { "git.credentials" };
            check(
                missing,
                Err("is missing: git.credentials and git.credentials_host belong together, give both or none"
                    .to_owned()),
            );
        }
        match (timeout, credential_timeout, shell) {
            (Ok(timeout), Ok(credential_timeout), Ok(shell)) if findings.is_empty() => Ok(Self {
                pipeline_path,
                timeout,
                credential_timeout,
                log_max_bytes: number(settings, "log.max_bytes").unwrap_or(256 << 20),
                artifacts_max_bytes: number(settings, "artifacts.max_bytes").unwrap_or(1 << 30),
                parallel: usize::try_from(number(settings, "stages.parallel").unwrap_or(4)).unwrap_or(4).max(1),
                shell,
                isolation: match text(settings, "isolation") {
                    Some("SANDBOX") => Isolation::Sandbox,
                    _ => Isolation::None,
                },
                limits: Limits {
                    memory: number(settings, "limits.memory"),
                    processes: number(settings, "limits.processes"),
                    cpu_seconds: number(settings, "limits.cpu_seconds"),
                    file_size: number(settings, "limits.file_size"),
                },
                git,
            }),
            _ => Err(findings),
        }
    }
}

const fn a_day() -> Duration {
    Duration::from_secs(24 * 60 * 60)
}

/// How many builds may run at a time by these settings.
pub(crate) fn concurrency(settings: &Settings) -> usize {
    usize::try_from(number(settings, "concurrency").unwrap_or(2)).unwrap_or(2).clamp(1, 64)
}

fn text<'a>(settings: &'a Settings, key: &str) -> Option<&'a str> {
    settings.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn number(settings: &Settings, key: &str) -> Option<u64> {
    settings.get(key).and_then(Value::as_u64)
}

/// A time such as `90s`, `10m` or `1h30m`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        seconds @ 1..=2_592_000 => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("{:?} is out of range: give at least 1s and at most 30d", shorten(text))),
    }
}

fn split_shell(text: &str) -> Result<Vec<String>, String> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    match words.first() {
        Some(program) if program.starts_with('/') && !text.contains('\0') => Ok(words),
        _ => Err(format!(
            "{:?} is not a shell: give the absolute path of a program, and its options, such as /bin/sh -e",
            shorten(text)
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["", "10", "h", "-1s", "1x", "31d", "0s", "99999999999999999999s", "1 h"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_wrong_setting_is_told_at_its_key() {
        let settings = Settings::from([
            ("pipeline.path".to_owned(), json!("../x")),
            ("build.timeout".to_owned(), json!("10")),
            ("shell".to_owned(), json!("sh")),
            ("git.ssh_key".to_owned(), json!("key")),
            ("git.credentials".to_owned(), json!("/c")),
        ]);
        let keys: Vec<_> = Options::of(&settings).unwrap_err().into_iter().map(|f| f.path[1].clone()).collect();
        assert_eq!(keys, ["pipeline.path", "build.timeout", "shell", "git.ssh_key", "git.credentials_host"]);
        assert!(Options::of(&Settings::new()).is_ok());
    }
}
