//! Files that a build keeps: collected from one work tree, laid into the next.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use alm_domain::{Artifact, StageKey};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use sha2::{Digest, Sha256};

use crate::{definition::Globs, keep};

/// A build keeps no more files.
const MOST_FILES: usize = 1000;
/// A work tree is searched no deeper, and no further.
const DEEPEST: usize = 100;
const MOST_ENTRIES: usize = 1_000_000;

/// The files that a build keeps.
#[derive(Debug)]
pub(crate) struct Artifacts {
    root: PathBuf,
    most_bytes: u64,
    kept: Mutex<BTreeMap<String, Artifact>>,
}

/// What came of collecting.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) kept: Vec<Artifact>,
    /// What was left out, and why, as sentences.
    pub(crate) left_out: Vec<String>,
}

/// Why collecting failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectError {
    #[error("{0}")]
    Limit(String),
    #[error("cannot keep the artifacts: {0}")]
    Io(#[from] io::Error),
}

impl Artifacts {
    /// The files of a build that keeps them here.
    pub(crate) const fn new(root: PathBuf, most_bytes: u64) -> Self {
        Self { root, most_bytes, kept: Mutex::new(BTreeMap::new()) }
    }

    /// Keeps the files of a work tree that one of the patterns takes in. Never follows a symbolic link.
    ///
    /// # Errors
    /// [`CollectError`]; what was kept before it stays.
    pub(crate) fn collect(
        &self,
        tree: &Path,
        patterns: &[String],
        stage: Option<&StageKey>,
    ) -> Result<Collected, CollectError> {
        let globs = Globs::new(patterns).map_err(CollectError::Limit)?;
        let mut found = Vec::new();
        let mut collected = Collected::default();
        let mut entries = 0;
        search(tree, "", 0, &globs, &mut entries, &mut found, &mut collected.left_out)?;
        found.sort();
        let tree = File::open(tree)?;
        for path in found {
            if let Some(other) = self.lock().get(&path)
                && other.stage.as_ref() != stage
            {
                let by = other.stage.as_ref().map_or("the build", StageKey::as_str);
                collected.left_out.push(format!("{path} was kept by stage {by:?} already: give it another name"));
                continue;
            }
            collected.kept.push(self.keep(&tree, &path, stage)?);
        }
        Ok(collected)
    }

    /// Lays the files that these stages kept into a work tree.
    ///
    /// # Errors
    /// When they cannot be written, or a symbolic link of the tree is in the way.
    pub(crate) fn lay_in(&self, tree: &Path, stages: &[&StageKey]) -> io::Result<()> {
        let wanted: Vec<Artifact> =
            self.lock().values().filter(|a| a.stage.as_ref().is_some_and(|s| stages.contains(&s))).cloned().collect();
        for artifact in wanted {
            let mut to = tree.to_owned();
            for part in Path::new(&artifact.path) {
                let is_link = fs::symlink_metadata(&to).is_ok_and(|meta| meta.is_symlink());
                if is_link {
                    let message =
                        format!("{} is a symbolic link in the source, and an artifact lies below it", to.display());
                    return Err(io::Error::other(message));
                }
                if !to.exists() {
                    fs::create_dir(&to)?;
                }
                to.push(part);
            }
            match fs::remove_file(&to) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
            fs::copy(keep::file(&self.root, &artifact.path), &to)?;
        }
        Ok(())
    }

    /// Takes over files of an earlier build; gives those that could be taken.
    pub(crate) fn take_over(&self, from: &Path, artifacts: &[Artifact]) -> Vec<Artifact> {
        let taken: Vec<Artifact> = artifacts
            .iter()
            .filter(|artifact| keep::is_plain(&artifact.path))
            .filter(|artifact| self.copy_kept(from, artifact).is_ok())
            .cloned()
            .collect();
        self.lock().extend(taken.iter().map(|artifact| (artifact.path.clone(), artifact.clone())));
        taken
    }

    fn copy_kept(&self, from: &Path, artifact: &Artifact) -> io::Result<()> {
        let (from, to) = (keep::file(from, &artifact.path), keep::file(&self.root, &artifact.path));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        // Kept files are never written again, so two builds may share one.
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop))
    }

    fn keep(&self, tree: &File, path: &str, stage: Option<&StageKey>) -> Result<Artifact, CollectError> {
        let others: u64 = self.lock().values().filter(|other| other.path != path).map(|other| other.size).sum();
        if self.lock().len() >= MOST_FILES && !self.lock().contains_key(path) {
            return Err(CollectError::Limit(format!("a build keeps at most {MOST_FILES} files: pack them together")));
        }
        let left = self.most_bytes.saturating_sub(others);
        let how = (OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let mut source = File::from(openat2(tree, path, how.0, how.1, inside).map_err(io::Error::from)?);
        let mode = source.metadata()?.permissions().mode();
        let to = keep::file(&self.root, path);
        let draft = keep::draft(&self.root, path);
        for file in [&to, &draft] {
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
        }
        let (size, sha256) = match copy(&mut source, &draft, left) {
            Ok(copied) => copied,
            Err(cause) => {
                fs::remove_file(&draft)?;
                return Err(cause);
            }
        };
        fs::set_permissions(&draft, fs::Permissions::from_mode(if mode & 0o100 == 0 { 0o600 } else { 0o700 }))?;
        fs::rename(&draft, &to)?;
        let artifact = Artifact { path: path.to_owned(), stage: stage.cloned(), size, sha256 };
        self.lock().insert(path.to_owned(), artifact.clone());
        Ok(artifact)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Artifact>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn copy(source: &mut File, to: &Path, most: u64) -> Result<(u64, String), CollectError> {
    let mut file = File::create(to)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut size = 0;
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            file.sync_all()?;
            return Ok((size, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()));
        }
        size += count as u64;
        if size > most {
            let message =
                "the artifacts of the build are larger than what is kept (artifacts.max_bytes): keep less, or raise it";
            return Err(CollectError::Limit(message.to_owned()));
        }
        hash.update(&buffer[..count]);
        file.write_all(&buffer[..count])?;
    }
}

fn search(
    directory: &Path,
    prefix: &str,
    depth: usize,
    globs: &Globs,
    entries: &mut usize,
    found: &mut Vec<String>,
    left_out: &mut Vec<String>,
) -> Result<(), CollectError> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        *entries += 1;
        if *entries > MOST_ENTRIES || depth > DEEPEST {
            return Err(CollectError::Limit("the work tree is too large to search for artifacts".to_owned()));
        }
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if path != ".git" {
                search(&entry.path(), &path, depth + 1, globs, entries, found, left_out)?;
            }
        } else if !globs.takes_in(&path) {
        } else if kind.is_symlink() {
            left_out.push(format!("{path} is a symbolic link, and is not kept"));
        } else if kind.is_file() {
            if keep::is_plain(&path) {
                found.push(path);
            } else {
                left_out.push(format!("{} has a name that cannot be kept", alm_domain::shorten(&path)));
            }
        }
    }
    Ok(())
}
