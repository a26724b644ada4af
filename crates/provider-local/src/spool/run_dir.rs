//! The directory of one run, and who holds it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use alm_build_spi::{Decision, NamedSecret};
use alm_domain::{ApprovalKey, BuildId, ParameterValue, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Folded, RunRequest, Writer};

static UNIQUE: AtomicU64 = AtomicU64::new(0);

/// The directory of one run: `request.json`, `spool`, `lock`, `control/`, `secrets/`, `tokens/`,
/// `supervisor.log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunDir {
    path: PathBuf,
}

/// That this process holds a run: nobody else writes its spool. Ends when it is dropped, or when the process dies.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "open is locked")] File);

/// A decision, on its way to the supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DecisionFile {
    pub(crate) approval: ApprovalKey,
    pub(crate) verdict: Verdict,
    #[serde(default)]
    pub(crate) parameters: Vec<ParameterValue>,
    pub(crate) decided_by: String,
    #[serde(default)]
    pub(crate) comment: Option<String>,
}

impl From<&Decision> for DecisionFile {
    fn from(decision: &Decision) -> Self {
        Self {
            approval: decision.approval.clone(),
            verdict: decision.verdict,
            parameters: decision.parameters.clone(),
            decided_by: decision.decided_by.clone(),
            comment: decision.comment.clone(),
        }
    }
}

/// What has been asked of a run so far.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    pub(crate) cancel: bool,
    pub(crate) decisions: Vec<DecisionFile>,
}

impl RunDir {
    /// The directory of this build under the spool of a provider.
    pub(crate) fn of(spool: &Path, build: BuildId) -> Self {
        Self { path: spool.join(build.to_string()) }
    }

    /// The run whose directory this is.
    pub(crate) const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }

    pub(crate) fn control(&self) -> PathBuf {
        self.path.join("control")
    }

    pub(crate) fn supervisor_log(&self) -> PathBuf {
        self.path.join("supervisor.log")
    }

    pub(crate) fn exists(&self) -> bool {
        self.path.join("request.json").exists()
    }

    /// Makes the directory with all that belongs to it, on the disk; `false` when it is there already, and then it is left
    /// as it is. However many do this at a time, and wherever one of them is killed, there is one directory or none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn create(&self, request: &RunRequest, secrets: &[NamedSecret]) -> io::Result<bool> {
        if self.exists() {
            return Ok(false);
        }
        let parent = self.path.parent().unwrap_or(Path::new("."));
        let draft = Self { path: self.aside("draft") };
        let made = draft.fill(request, secrets).and_then(|()| {
            rustix::fs::renameat_with(
                rustix::fs::CWD,
                &draft.path,
                rustix::fs::CWD,
                &self.path,
                rustix::fs::RenameFlags::NOREPLACE,
            )
            .map_err(io::Error::from)
        });
        match made {
            Ok(()) => File::open(parent)?.sync_all().map(|()| true),
            Err(cause) => {
                // What went wrong first is what matters; a draft left behind is cleared at the next start.
                let _ = fs::remove_dir_all(&draft.path);
                if cause.kind() == io::ErrorKind::AlreadyExists { Ok(false) } else { Err(cause) }
            }
        }
    }

    /// Reads what was asked for.
    ///
    /// # Errors
    /// When it cannot be read, or is of a version that this program does not know.
    pub(crate) fn request(&self) -> io::Result<RunRequest> {
        let bytes = fs::read(self.path.join("request.json"))?;
        serde_json::from_slice(&bytes).map_err(io::Error::from)
    }

    /// Takes the run, unless somebody holds it.
    ///
    /// # Errors
    /// When the lock cannot be opened.
    pub(crate) fn hold(&self) -> io::Result<Option<Held>> {
        let file = OpenOptions::new().create(true).append(true).open(self.path.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(cause),
        }
    }

    /// Opens the spool for writing; needs the hold.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(crate) fn writer(&self, _held: &Held) -> io::Result<Writer> {
        Writer::open(&self.spool())
    }

    /// The run as it stands.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn fold(&self) -> io::Result<Folded> {
        Folded::read(&self.spool())
    }

    /// Asks for the end of the run; on the disk when this returns. Asking again changes nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn put_cancel(&self) -> io::Result<()> {
        self.put("cancel.json", b"{}").map(drop)
    }

    /// Leaves a decision; on the disk when this returns. The first one stays: `false` when there is one for this question.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn put_decision(&self, decision: &DecisionFile) -> io::Result<bool> {
        let digest = Sha256::digest(decision.approval.as_str());
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.put(&format!("decision-{name}.json"), &serde_json::to_vec(decision)?)
    }

    /// What has been asked of the run. Files that are no command are passed over.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) fn commands(&self) -> io::Result<Commands> {
        let mut commands = Commands::default();
        for entry in fs::read_dir(self.control())? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name == "cancel.json" {
                commands.cancel = true;
            } else if name.starts_with("decision-")
                && let Ok(decision) = serde_json::from_slice(&fs::read(entry.path())?)
            {
                commands.decisions.push(decision);
            }
        }
        Ok(commands)
    }

    /// Removes the directory. One that is gone is a success.
    ///
    /// # Errors
    /// When something of it cannot be removed.
    pub(crate) fn remove(&self) -> io::Result<()> {
        // Away first: whoever looks at the run meanwhile, and makes its lock for that, finds nothing to put it into.
        let away = self.aside("gone");
        gone(fs::rename(&self.path, &away))?;
        gone(fs::remove_dir_all(away))
    }

    /// A place beside it that nobody else uses; what is left there is cleared at a later start.
    fn aside(&self, why: &str) -> PathBuf {
        let unique = UNIQUE.fetch_add(1, Ordering::Relaxed);
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.path.with_file_name(format!(".new-{why}-{name}-{}-{unique}", std::process::id()))
    }

    fn fill(&self, request: &RunRequest, secrets: &[NamedSecret]) -> io::Result<()> {
        fs::create_dir_all(self.control())?;
        set_mode(&self.path, 0o700)?;
        self.fill_secrets(secrets)?;
        write_new(&self.path.join("request.json"), &serde_json::to_vec(request)?, 0o600)?;
        write_new(&self.spool(), b"", 0o600)?;
        File::open(&self.path)?.sync_all()
    }

    fn put(&self, name: &str, content: &[u8]) -> io::Result<bool> {
        let target = self.control().join(name);
        if target.exists() {
            return Ok(false);
        }
        let unique = UNIQUE.fetch_add(1, Ordering::Relaxed);
        let draft = self.control().join(format!(".{}-{unique}", std::process::id()));
        write_new(&draft, content, 0o600)?;
        let (here, flags) = (rustix::fs::CWD, rustix::fs::RenameFlags::NOREPLACE);
        match rustix::fs::renameat_with(here, &draft, here, &target, flags).map_err(io::Error::from) {
            Ok(()) => File::open(self.control())?.sync_all().map(|()| true),
            Err(cause) => {
                fs::remove_file(&draft)?;
                if cause.kind() == io::ErrorKind::AlreadyExists { Ok(false) } else { Err(cause) }
            }
        }
    }
}

pub(super) fn write_new(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

pub(super) fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
