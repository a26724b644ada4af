//! Build configurations: one file each.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use alm_build_spi::{BuildConfigSpec, ConfigRef, Finding, ProviderError};
use alm_domain::{ServiceId, SettingScope, check_settings};

use super::local::{Inner, check};
use crate::{
    git::{RepositoryUrl, check_directory, check_reference},
    options::Options,
    source::policy,
};

static UNIQUE: AtomicU64 = AtomicU64::new(0);

/// Checks a configuration, and gives its options.
///
/// # Errors
/// [`ProviderError::Invalid`] with every finding.
pub(super) fn validate(inner: &Inner, spec: &BuildConfigSpec) -> Result<Options, ProviderError> {
    let mut findings = Vec::new();
    let repository = &spec.repository;
    let allowed = policy(inner.config.allow_local_repositories);
    if let Err(problem) = RepositoryUrl::parse(&repository.url, &allowed) {
        findings.push(Finding::new(["repository", "url"], problem.message()));
    }
    if let Err(problem) = check_reference(&repository.reference) {
        findings.push(Finding::new(["repository", "reference"], problem.message()));
    }
    if let Some(directory) = &repository.directory
        && let Err(problem) = check_directory(directory)
    {
        findings.push(Finding::new(["repository", "directory"], problem.message()));
    }
    let definitions = &inner.descriptor.settings;
    let is_service = |key: &str| definitions.iter().any(|d| d.key == key && d.scope == SettingScope::Service);
    for (key, value) in spec.values() {
        let service = is_service(&key);
        let one = [(key, value)].into();
        for problem in check_settings(definitions, &one, service).err().into_iter().flatten() {
            findings.push(Finding::new(["settings", &problem.key], problem.problem));
        }
    }
    // The provider's own settings count where the configuration says nothing.
    let mut settings = inner.settings();
    settings.extend(spec.values());
    match check(&settings) {
        Ok(options) if findings.is_empty() => Ok(options),
        Ok(_) => Err(ProviderError::Invalid(findings)),
        Err(more) => {
            let new = more.into_iter().filter(|finding| !findings.iter().any(|known| known.path == finding.path));
            let new: Vec<Finding> = new.collect();
            Err(ProviderError::Invalid(findings.into_iter().chain(new).collect()))
        }
    }
}

/// What writing a configuration came to.
pub(super) enum Stored {
    Done(ConfigRef),
    /// There is none to update.
    Missing,
    /// Another build service has the name.
    Taken(String),
}

/// Creates a configuration, unless it is there already.
///
/// # Errors
/// When it cannot be read or written.
pub(super) fn create(directory: &Path, spec: &BuildConfigSpec) -> io::Result<Stored> {
    if let Some(taken) = taken(directory, spec)? {
        return Ok(taken);
    }
    let path = path_of(directory, spec.service);
    if !path.exists() {
        write(directory, &path, spec)?;
    }
    Ok(Stored::Done(ConfigRef(spec.service.to_string())))
}

/// Brings a configuration to this state.
///
/// # Errors
/// When it cannot be read or written.
pub(super) fn update(directory: &Path, config: &ConfigRef, spec: &BuildConfigSpec) -> io::Result<Stored> {
    match parse(config) {
        Some(service) if path_of(directory, service).exists() => {
            if let Some(taken) = taken(directory, &BuildConfigSpec { service, ..spec.clone() })? {
                return Ok(taken);
            }
            write(directory, &path_of(directory, service), spec)?;
            Ok(Stored::Done(config.clone()))
        }
        _ => Ok(Stored::Missing),
    }
}

/// Reads a configuration, if there is such a one.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(directory: &Path, config: &ConfigRef) -> io::Result<Option<BuildConfigSpec>> {
    let Some(service) = parse(config) else { return Ok(None) };
    match fs::read(path_of(directory, service)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Deletes a configuration; one that is gone is a success.
///
/// # Errors
/// When it cannot be removed.
pub(super) fn delete(directory: &Path, config: &ConfigRef) -> io::Result<()> {
    let Some(service) = parse(config) else { return Ok(()) };
    match fs::remove_file(path_of(directory, service)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => File::open(directory)?.sync_all(),
    }
}

fn parse(config: &ConfigRef) -> Option<ServiceId> {
    config.0.parse().ok()
}

fn path_of(directory: &Path, service: ServiceId) -> PathBuf {
    directory.join(format!("{service}.json"))
}

fn taken(directory: &Path, spec: &BuildConfigSpec) -> io::Result<Option<Stored>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let other: BuildConfigSpec = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        if other.name == spec.name && other.service != spec.service {
            return Ok(Some(Stored::Taken(other.name)));
        }
    }
    Ok(None)
}

fn write(directory: &Path, path: &Path, spec: &BuildConfigSpec) -> io::Result<()> {
    let unique = UNIQUE.fetch_add(1, Ordering::Relaxed);
    let draft = directory.join(format!(".{}-{unique}", std::process::id()));
    let mut file = File::create_new(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(spec)?)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(directory)?.sync_all()
}
