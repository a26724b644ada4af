//! Whether this machine can build.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::{Duration, Instant},
};

use alm_build_spi::Identity;
use alm_domain::{HealthState, ProviderHealth};
use rustix::{fs::statvfs, process::geteuid};

use super::local::{Inner, check};
use crate::source::git;

/// Below this the verdict is FAILING, below the other one DEGRADED.
const TOO_LITTLE: u64 = 100 << 20;
const LITTLE: u64 = 1 << 30;
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at everything that a build needs; the version is git's.
pub(super) async fn probe(inner: &Inner) -> (ProviderHealth, Option<String>) {
    let begin = Instant::now();
    let mut failing: Vec<String> = Vec::new();
    let mut degraded: Vec<String> = Vec::new();
    match check(&inner.settings()) {
        Ok(options) => {
            let shell = options.shell.first().map_or("", String::as_str);
            if !Path::new(shell).exists() {
                failing.push(format!("the shell {shell} is not installed: install it, or change the setting `shell`"));
            }
        }
        Err(findings) => failing.extend(findings.into_iter().map(|f| format!("{}: {}", f.path.join("."), f.message))),
    }
    let version = match check(&inner.settings()).ok().map(|options| git(&inner.places(), &options.git)) {
        Some(Ok(git)) => match git.with_timeout(PATIENCE).version().await {
            Ok(version) => Some(format!("git {version}")),
            Err(error) => {
                failing.push(error.message);
                None
            }
        },
        Some(Err(error)) => {
            failing.push(error.message);
            None
        }
        None => None,
    };
    let config = &inner.config;
    for directory in [&config.spool, &config.work, &config.artifacts, &config.configs, &config.git] {
        if let Err(cause) = try_to_write(directory) {
            failing.push(format!("{} cannot be written: {cause}", directory.display()));
            continue;
        }
        match statvfs(directory).map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize)) {
            Ok(free) if free < TOO_LITTLE => {
                failing.push(format!("{} has only {} MiB left: free some space", directory.display(), free >> 20));
            }
            Ok(free) if free < LITTLE => {
                degraded.push(format!("{} has only {} MiB left: free some space", directory.display(), free >> 20));
            }
            _ => {}
        }
    }
    let state = match (failing.is_empty(), degraded.is_empty()) {
        (false, _) => HealthState::Failing,
        (true, false) => HealthState::Degraded,
        (true, true) => HealthState::Healthy,
    };
    failing.append(&mut degraded);
    let message = (!failing.is_empty()).then(|| failing.join("; "));
    let latency_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    (ProviderHealth { state, message, checked_at: inner.clock.now(), latency_ms }, version)
}

/// The account that builds run as.
pub(super) fn identity() -> Identity {
    let uid = geteuid().as_raw().to_string();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    });
    Identity { account: name.unwrap_or_else(|| format!("uid {uid}")), expires_at: None }
}

fn try_to_write(directory: &Path) -> io::Result<()> {
    let path = directory.join(format!(".probe-{}-{:?}", std::process::id(), std::thread::current().id()));
    File::create(&path)?;
    fs::remove_file(&path)
}
