//! The provider itself.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use alm_build_spi::{Finding, ProviderDescriptor, ProviderError, RunRef};
use alm_domain::{BuildId, Clock, Settings};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{descriptor, queue::Queue, recover};
use crate::{
    options::{Isolation, Options, concurrency},
    spool::{Places, RunDir},
};

/// Where the local provider keeps its things, and how it starts supervisors.
#[derive(Debug, Clone)]
pub struct LocalConfig {
    /// Runs, one directory each, until they are released.
    pub spool: PathBuf,
    /// Work trees, one directory per build, until it has ended.
    pub work: PathBuf,
    /// Kept files, one directory per build, until it is purged.
    pub artifacts: PathBuf,
    /// Build configurations, one file each.
    pub configs: PathBuf,
    /// Bare repositories that builds share, and git's own home.
    pub git: PathBuf,
    /// Program and first arguments of a supervisor, such as the server's own path and `supervise`; the run's directory is
    /// added. The program must call [`supervise`](crate::supervise) before it starts any thread.
    pub supervisor: Vec<OsString>,
    /// Whether repositories of this machine (`/path`, `file://`) may be built.
    pub allow_local_repositories: bool,
    /// Directories that a sandboxed build must not see, besides those above: the server's data.
    pub hide: Vec<PathBuf>,
}

/// Why the local provider cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A directory cannot be made or read.
    #[error("the directory {} cannot be used: {cause}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What happened.
        #[source]
        cause: io::Error,
    },
    /// Nothing says how supervisors are started.
    #[error("the program that supervises builds is not configured")]
    NoSupervisor,
    /// It was not called from within an async runtime.
    #[error("the local provider must be opened inside an async runtime")]
    NoRuntime,
}

/// Builds on this machine. Dropping it stops following and queueing; builds that run go on under their supervisors, and are
/// adopted by the next one that is opened on the same directories.
#[derive(Debug)]
pub struct LocalProvider {
    pub(super) inner: Arc<Inner>,
    _stop: DropGuard,
}

/// What the provider's tasks share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(super) config: LocalConfig,
    pub(super) descriptor: ProviderDescriptor,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) queue: Queue,
    settings: RwLock<Settings>,
}

impl LocalProvider {
    /// Opens the provider on its directories: adopts the builds that run, queues those that wait, and ends those whose
    /// supervisor is gone. `settings` are the provider's own; values that do not fit are reported by
    /// [`probe`](alm_build_spi::BuildProvider::probe) and refuse builds, never the opening.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn open(config: LocalConfig, settings: &Settings, clock: Arc<dyn Clock>) -> Result<Arc<Self>, LocalError> {
        if config.supervisor.is_empty() {
            return Err(LocalError::NoSupervisor);
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| LocalError::NoRuntime)?;
        let mut config = config;
        for path in [&mut config.spool, &mut config.work, &mut config.artifacts, &mut config.configs, &mut config.git] {
            // Supervisors run elsewhere, and sandboxes need real paths.
            let made = std::fs::create_dir_all(&*path).and_then(|()| path.canonicalize());
            *path = made.map_err(|cause| LocalError::Directory { path: path.clone(), cause })?;
        }
        let found = recover::scan(&config.spool, clock.as_ref())
            .map_err(|cause| LocalError::Directory { path: config.spool.clone(), cause })?;
        let inner = Arc::new(Inner {
            queue: Queue::new(found),
            config,
            descriptor: descriptor(),
            clock,
            settings: RwLock::new(settings.clone()),
        });
        let stop = CancellationToken::new();
        runtime.spawn(super::queue::dispatch(Arc::clone(&inner), stop.clone()));
        Ok(Arc::new(Self { inner, _stop: stop.drop_guard() }))
    }
}

impl Inner {
    /// The provider's own settings.
    pub(super) fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_settings(&self, settings: &Settings) {
        settings.clone_into(&mut self.settings.write().unwrap_or_else(PoisonError::into_inner));
        self.queue.ring();
    }

    pub(super) fn concurrency(&self) -> usize {
        concurrency(&self.settings())
    }

    pub(super) fn places(&self) -> Places {
        let config = &self.config;
        let own = [&config.spool, &config.work, &config.artifacts, &config.configs, &config.git];
        Places {
            work: config.work.clone(),
            artifacts: config.artifacts.clone(),
            git: config.git.clone(),
            allow_local_repositories: config.allow_local_repositories,
            hidden: own.into_iter().chain(&config.hide).cloned().collect(),
        }
    }

    pub(super) fn dir(&self, build: BuildId) -> RunDir {
        RunDir::of(&self.config.spool, build)
    }

    /// The run that this text names, if there is one.
    pub(super) fn run(&self, run: &RunRef) -> Result<(BuildId, RunDir), ProviderError> {
        let build = build_of(run)?;
        let dir = self.dir(build);
        if dir.exists() { Ok((build, dir)) } else { Err(unknown_run(run)) }
    }
}

/// The build that a run belongs to: its name is the build's.
pub(super) fn build_of(run: &RunRef) -> Result<BuildId, ProviderError> {
    run.0.parse().map_err(|_| unknown_run(run))
}

pub(super) fn unknown_run(run: &RunRef) -> ProviderError {
    ProviderError::NotFound(format!("there is no run {}", alm_domain::shorten(&run.0)))
}

/// What the provider cannot do with these settings, at their keys.
pub(super) fn check(settings: &Settings) -> Result<Options, Vec<Finding>> {
    let options = Options::of(settings)?;
    if options.isolation == Isolation::Sandbox && crate::supervisor::find("bwrap").is_none() {
        let message =
            "SANDBOX needs bubblewrap, which is not installed: install the package `bubblewrap`, or choose NONE";
        return Err(vec![Finding::new(["settings", "isolation"], message)]);
    }
    Ok(options)
}

/// Runs what blocks where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ProviderError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(cause)) if is_transient(&cause) => {
            Err(ProviderError::unavailable(format!("cannot {what}: {cause}"), cause))
        }
        Ok(Err(cause)) => Err(ProviderError::internal(format!("cannot {what}"), cause)),
        Err(cause) => Err(ProviderError::internal(format!("cannot {what}"), cause)),
    }
}

/// Whether a disk or a table may have room again later.
fn is_transient(cause: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ResourceBusy, StorageFull, WouldBlock};
    matches!(cause.kind(), StorageFull | QuotaExceeded | ResourceBusy | WouldBlock)
        || rustix::io::Errno::from_io_error(cause)
            .is_some_and(|errno| matches!(errno, rustix::io::Errno::MFILE | rustix::io::Errno::NFILE))
}
