//! A provider on directories of its own, and a repository to build.

mod told;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, CancellationToken, ConfigRef, NamedSecret, Observed, ResumeToken, RunRef,
    StartBuild,
};
use alm_domain::{
    BuildId, IdSource, ParameterValue, RepositoryRef, ServiceId, Settings, SystemClock, SystemIds,
    effective_configuration,
};
use alm_provider_local::{LocalConfig, LocalProvider, descriptor};
use futures::StreamExt;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use told::Told;

/// However slow the machine is, nothing here takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Rig {
    pub(crate) home: TempDir,
    pub(crate) settings: Settings,
    /// Where supervisors find programs; `None` is where we do.
    pub(crate) programs: Option<OsString>,
    service: ServiceId,
    provider: Option<Arc<LocalProvider>>,
}

impl Rig {
    /// A provider, and a repository with this pipeline.
    pub(crate) fn new(pipeline: &str) -> Self {
        Self::with(pipeline, &[])
    }

    /// The same, with settings of the provider.
    pub(crate) fn with(pipeline: &str, settings: &[(&str, Value)]) -> Self {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let home = tempfile::tempdir().unwrap();
        let service = ServiceId::generate(&SystemIds);
        let mut rig = Self { home, settings, programs: None, service, provider: None };
        fs::create_dir_all(rig.repository()).unwrap();
        rig.git(&["init", "--quiet", "--initial-branch=main"]);
        rig.commit(&[(".alm/pipeline.yaml", pipeline)]);
        rig.open();
        rig
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.path("repository")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.repository())
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits files, and gives the commit's hash.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> String {
        for (path, content) in files {
            let path = self.repository().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "A change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn config(&self) -> LocalConfig {
        let mut supervisor: Vec<OsString> = Vec::new();
        if let Some(programs) = &self.programs {
            let mut path = OsString::from("PATH=");
            path.push(programs);
            supervisor.extend(["/usr/bin/env".into(), path]);
        }
        supervisor.extend([OsString::from(env!("CARGO_BIN_EXE_alm-supervise-test")), "supervise".into()]);
        LocalConfig {
            spool: self.path("spool"),
            work: self.path("work"),
            artifacts: self.path("artifacts"),
            configs: self.path("configs"),
            git: self.path("git"),
            supervisor,
            allow_local_repositories: true,
            hide: Vec::new(),
        }
    }

    /// Opens the provider, again if need be.
    pub(crate) fn open(&mut self) {
        self.provider = None;
        self.provider = Some(LocalProvider::open(self.config(), &self.settings, Arc::new(SystemClock)).unwrap());
    }

    /// As when the server dies: nobody follows or queues any more.
    pub(crate) fn close(&mut self) {
        self.provider = None;
    }

    pub(crate) fn provider(&self) -> &Arc<LocalProvider> {
        self.provider.as_ref().unwrap()
    }

    pub(crate) fn spec(&self, own: &[(&str, Value)]) -> BuildConfigSpec {
        let own: Settings = own.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        BuildConfigSpec {
            service: self.service,
            name: "shop/web".to_owned(),
            repository: RepositoryRef {
                url: self.repository().to_str().unwrap().to_owned(),
                reference: "main".to_owned(),
                directory: None,
            },
            settings: effective_configuration(&descriptor().settings, &self.settings, Some(&own)),
        }
    }

    pub(crate) fn request(&self) -> StartBuild {
        StartBuild {
            build: BuildId::from_uuid(SystemIds.next_uuid()),
            number: 7,
            config: ConfigRef(self.service.to_string()),
            spec: self.spec(&[]),
            reference: "main".to_owned(),
            parameters: Vec::new(),
            secrets: Vec::new(),
            withheld: Vec::new(),
        }
    }

    pub(crate) async fn start(&self) -> RunRef {
        self.start_request(self.request()).await
    }

    pub(crate) async fn start_with(&self, parameters: &[(&str, Value)]) -> RunRef {
        let parameters = parameters
            .iter()
            .map(|(name, value)| ParameterValue { name: (*name).to_owned(), value: value.clone() })
            .collect();
        self.start_request(StartBuild { parameters, ..self.request() }).await
    }

    pub(crate) async fn start_request(&self, request: StartBuild) -> RunRef {
        self.provider().start(&Access::default(), request).await.unwrap()
    }

    /// Everything that is told about a run, up to its end.
    pub(crate) async fn told(&self, run: &RunRef) -> Told {
        self.follow(run, None, |_| false).await
    }

    /// Everything that is told from a token on, up to the end or to where `enough` says so.
    pub(crate) async fn follow(
        &self,
        run: &RunRef,
        from: Option<ResumeToken>,
        mut enough: impl FnMut(&Told) -> bool,
    ) -> Told {
        let mut told = Told { from_the_beginning: from.is_none(), ..Told::default() };
        let stream = self.provider().follow(&Access::default(), run, from, CancellationToken::new());
        let reading = async {
            let mut stream = stream;
            while let Some(item) = stream.next().await {
                let Observed { resume, observations } = item.unwrap();
                told.take(resume, observations);
                if told.is_complete || enough(&told) {
                    return;
                }
            }
            panic!("the stream ended without Complete");
        };
        if tokio::time::timeout(PATIENCE, reading).await.is_err() {
            panic!("not told in time; so far: {told:#?}");
        }
        told
    }

    /// Runs a build to its end.
    pub(crate) async fn build(&self) -> Told {
        let run = self.start().await;
        self.told(&run).await
    }
}

/// A secret.
pub(crate) fn secret(name: &str, value: &str) -> NamedSecret {
    NamedSecret::new(name, value)
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until no process of a run is there, not even its supervisor, which goes on for a moment behind the end.
pub(crate) async fn nothing_is_left(run: &RunRef) {
    eventually("no process is left", || processes_with(&run.0).is_empty()).await;
}

/// Processes whose environment or arguments hold this text.
pub(crate) fn processes_with(text: &str) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let holds = |file: &str| {
            fs::read(entry.path().join(file)).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text))
        };
        if holds("environ") || holds("cmdline") {
            found.push(pid);
        }
    }
    found
}

/// Whether the supervisor of a run is alive, by its lock.
pub(crate) fn is_supervised(spool: &Path, run: &RunRef) -> bool {
    let Ok(lock) = fs::File::open(spool.join(&run.0).join("lock")) else { return false };
    lock.try_lock_shared().is_err()
}

/// The process that supervises a run: the one whose arguments end in its directory.
pub(crate) fn supervisor(rig: &Rig, run: &str) -> i32 {
    let directory = rig.path("spool").join(run);
    let directory = directory.to_str().unwrap();
    let found = processes_with(directory).into_iter().find(|pid| {
        let args = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let args = String::from_utf8_lossy(&args).into_owned();
        args.contains("\0supervise\0") && args.trim_end_matches('\0').ends_with(directory)
    });
    found.expect("the supervisor runs")
}

/// Says that a story was not told, and why.
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see it")]
pub(crate) fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}
