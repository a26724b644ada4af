//! Providers for the tests: the real ones, and a fake in front of an engine in memory.

use std::{path::PathBuf, sync::Arc};

use alm::app::ProviderFactory;
use alm_build_spi::{
    BuildProvider, ProviderDescriptor, ProviderError,
    conformance::fake::{FakeEngine, FakeProvider},
};
use alm_cluster_sim::rig::Loopback;
use alm_domain::{Capability, Clock, Provider, ProviderKind, SystemClock};
use alm_provider_local::{LocalConfig, LocalProvider};
use alm_provider_openshift::OpenShiftProvider;
use alm_provider_tekton::TektonProvider;

/// Makes real providers, those of clusters in front of clusters on this machine, and [`FakeProvider`]s under the kind `REMOTE`.
#[derive(Debug, Clone)]
pub(super) struct Factory {
    pub(super) home: PathBuf,
    pub(super) engine: FakeEngine,
    pub(super) lacking: Vec<Capability>,
    pub(super) needs_token: bool,
    pub(super) clock: Arc<dyn Clock>,
}

impl Factory {
    fn fake(&self) -> FakeProvider {
        let fake = FakeProvider::attach(&self.engine).without(self.lacking.iter().copied());
        if self.needs_token { fake.needing_token() } else { fake }
    }
}

impl ProviderFactory for Factory {
    fn descriptor(&self, kind: ProviderKind) -> Option<ProviderDescriptor> {
        match kind {
            ProviderKind::Local => Some(alm_provider_local::descriptor()),
            ProviderKind::Remote => Some(self.fake().descriptor().clone()),
            ProviderKind::Openshift => Some(alm_provider_openshift::descriptor()),
            ProviderKind::Tekton => Some(alm_provider_tekton::descriptor()),
        }
    }

    fn open(&self, provider: &Provider) -> Result<Arc<dyn BuildProvider>, ProviderError> {
        let (endpoint, clock) = (provider.endpoint.as_deref(), Arc::clone(&self.clock));
        match provider.kind {
            ProviderKind::Local => {}
            ProviderKind::Remote => return Ok(Arc::new(self.fake())),
            ProviderKind::Openshift => {
                return Ok(OpenShiftProvider::open(endpoint, &provider.settings, Arc::new(Loopback), clock)?);
            }
            ProviderKind::Tekton => {
                return Ok(TektonProvider::open(endpoint, &provider.settings, Arc::new(Loopback), clock)?);
            }
        }
        let own = |kind: &str| self.home.join(kind).join(provider.id.to_string());
        let config = LocalConfig {
            spool: own("spool"),
            work: own("work"),
            artifacts: own("artifacts"),
            configs: own("configs"),
            git: own("git"),
            supervisor: vec![env!("CARGO_BIN_EXE_alm").into(), "supervise".into()],
            allow_local_repositories: true,
            hide: Vec::new(),
        };
        let open = LocalProvider::open(config, &provider.settings, Arc::new(SystemClock));
        Ok(open.map_err(|error| ProviderError::internal("the local provider cannot be opened", error))?)
    }
}
