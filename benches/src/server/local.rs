//! The local provider, for builds whose lines come out of a real spool.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use alm::app::ProviderFactory;
use alm_build_spi::{BuildProvider, ProviderDescriptor, ProviderError};
use alm_domain::{Provider, ProviderKind, SystemClock};
use alm_provider_local::{LocalConfig, LocalProvider};

use crate::Result;

/// Makes local providers whose supervisors are this program.
#[derive(Debug)]
pub(super) struct Factory {
    pub(super) home: PathBuf,
    pub(super) supervisor: PathBuf,
}

impl Factory {
    pub(super) fn new(home: PathBuf) -> Result<Self> {
        Ok(Self { home, supervisor: env::current_exe()? })
    }
}

impl ProviderFactory for Factory {
    fn descriptor(&self, kind: ProviderKind) -> Option<ProviderDescriptor> {
        (kind == ProviderKind::Local).then(alm_provider_local::descriptor)
    }

    fn open(&self, provider: &Provider) -> Result<Arc<dyn BuildProvider>, ProviderError> {
        let own = |kind: &str| self.home.join(kind).join(provider.id.to_string());
        let config = LocalConfig {
            spool: own("spool"),
            work: own("work"),
            artifacts: own("artifacts"),
            configs: own("configs"),
            git: own("git"),
            supervisor: vec![self.supervisor.clone().into(), "supervise".into()],
            allow_local_repositories: true,
            hide: Vec::new(),
        };
        let open = LocalProvider::open(config, &provider.settings, Arc::new(SystemClock));
        Ok(open.map_err(|error| ProviderError::internal("the local provider cannot be opened", error))?)
    }
}

/// A repository whose one stage writes so many lines of 99 bytes.
pub(super) fn repository(folder: &Path, lines: u64) -> Result<String> {
    fs::create_dir_all(folder.join(".alm"))?;
    let step = format!("awk 'BEGIN {{ for (i = 1; i <= {lines}; i++) printf \"%010d %088d\\n\", i, i }}'");
    let pipeline = format!("stages:\n  write:\n    run: |\n      {step}\n");
    fs::write(folder.join(".alm/pipeline.yaml"), pipeline)?;
    let git = |arguments: &[&str]| -> Result<()> {
        let author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").current_dir(folder).args(author).args(arguments).output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    };
    git(&["init", "--quiet", "--initial-branch=main"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message", "A million lines"])?;
    Ok(folder.display().to_string())
}
