//! The engine in front of which the real service stands: builds that write what they are told to, when they are told to.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use alm::app::ProviderFactory;
use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, CancellationToken, Chosen, ConfigRef, Identity, LineStream, LogPosition,
    Observation, Observed, ObservedStream, ProviderDescriptor, ProviderError, ResumeToken, RunPage, RunRef,
    RunSnapshot, StartBuild,
    conformance::fake::{FakeEngine, FakeProvider},
};
use alm_domain::{
    BuildId, Clock, LogLine, LogStream, Provider, ProviderHealth, ProviderKind, RunObservation, RunStatus, Settings,
    SystemClock,
};
use async_trait::async_trait;

use crate::pace::{Commands, Writer};

/// An engine in memory whose builds write by [`Commands`]; where there are none, what they do is scripted.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    fake: FakeProvider,
    commands: Option<Commands>,
    builds: usize,
    followed: Arc<AtomicUsize>,
}

impl Engine {
    pub(super) fn new(fake: &FakeEngine, commands: Option<Commands>, builds: usize) -> Self {
        Self { fake: FakeProvider::attach(fake), commands, builds: builds.max(1), followed: Arc::default() }
    }
}

impl ProviderFactory for Engine {
    fn descriptor(&self, kind: ProviderKind) -> Option<ProviderDescriptor> {
        (kind == ProviderKind::Remote).then(|| self.fake.descriptor().clone())
    }

    fn open(&self, _: &Provider) -> Result<Arc<dyn BuildProvider>, ProviderError> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl BuildProvider for Engine {
    fn descriptor(&self) -> &ProviderDescriptor {
        self.fake.descriptor()
    }

    fn configure(&self, settings: &Settings) -> Result<(), ProviderError> {
        self.fake.configure(settings)
    }

    async fn probe(&self) -> Result<(ProviderHealth, Option<String>), ProviderError> {
        self.fake.probe().await
    }

    async fn who_am_i(&self, access: &Access) -> Result<Identity, ProviderError> {
        self.fake.who_am_i(access).await
    }

    async fn validate(&self, access: &Access, spec: &BuildConfigSpec) -> Result<(), ProviderError> {
        self.fake.validate(access, spec).await
    }

    async fn create_config(&self, access: &Access, spec: &BuildConfigSpec) -> Result<ConfigRef, ProviderError> {
        self.fake.create_config(access, spec).await
    }

    async fn read_config(&self, access: &Access, config: &ConfigRef) -> Result<BuildConfigSpec, ProviderError> {
        self.fake.read_config(access, config).await
    }

    async fn update_config(
        &self,
        access: &Access,
        config: &ConfigRef,
        spec: &BuildConfigSpec,
        chosen: &Chosen,
    ) -> Result<ConfigRef, ProviderError> {
        self.fake.update_config(access, config, spec, chosen).await
    }

    async fn delete_config(&self, access: &Access, config: &ConfigRef) -> Result<(), ProviderError> {
        self.fake.delete_config(access, config).await
    }

    async fn start(&self, access: &Access, request: StartBuild) -> Result<RunRef, ProviderError> {
        self.fake.start(access, request).await
    }

    async fn find(&self, access: &Access, config: &ConfigRef, build: BuildId) -> Result<Option<RunRef>, ProviderError> {
        self.fake.find(access, config, build).await
    }

    async fn get(&self, access: &Access, run: &RunRef) -> Result<RunSnapshot, ProviderError> {
        self.fake.get(access, run).await
    }

    async fn list(&self, access: &Access, config: &ConfigRef, page: Option<&str>) -> Result<RunPage, ProviderError> {
        self.fake.list(access, config, page).await
    }

    fn logs(&self, access: &Access, run: &RunRef, from: LogPosition) -> LineStream {
        self.fake.logs(access, run, from)
    }

    fn follow(
        &self,
        access: &Access,
        run: &RunRef,
        from: Option<ResumeToken>,
        stop: CancellationToken,
    ) -> ObservedStream {
        let Some(commands) = self.commands.clone() else { return self.fake.follow(access, run, from, stop) };
        let phase = self.followed.fetch_add(1, Ordering::Relaxed) as f64 / self.builds as f64;
        let written = from.as_ref().and_then(|token| token.0.parse().ok()).unwrap_or(0);
        let mut writer = Writer::new(commands, phase.fract(), written);
        Box::pin(async_stream::stream! {
            yield Ok(observed(written, vec![Observation::Run(RunObservation::status(RunStatus::Running))]));
            loop {
                let texts = tokio::select! {
                    () = stop.cancelled() => return,
                    texts = writer.next() => texts,
                };
                let Some(texts) = texts else { break };
                let lines = texts.into_iter().map(line).collect();
                yield Ok(observed(writer.written(), vec![Observation::Lines(lines)]));
            }
            let end = RunObservation::status(RunStatus::Succeeded);
            yield Ok(observed(writer.written(), vec![Observation::Run(end), Observation::Complete]));
        })
    }

    async fn release(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        self.fake.release(access, run).await
    }

    async fn purge(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        self.fake.purge(access, run).await
    }
}

fn observed(written: u64, observations: Vec<Observation>) -> Observed {
    Observed { resume: ResumeToken(written.to_string()), observations }
}

fn line(text: String) -> LogLine {
    let at = Some(SystemClock.now());
    LogLine { stage: None, attempt: 0, stream: LogStream::Stdout, at, text, continued: false }
}
