//! The SPI, operation by operation.

use std::sync::Arc;

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, CancelReceipt, CancellationToken, Chosen, ConfigRef, Decision,
    DecisionReceipt, Denial, DeployBuild, Identity, LineStream, LogPosition, ObservedStream, ProviderDescriptor,
    ProviderError, RerunBuild, ResumeToken, RunPage, RunRef, RunSnapshot, StartBuild,
};
use alm_domain::{BuildId, ProviderHealth, Settings};
use async_trait::async_trait;
use futures::stream;

use super::{
    cancel, configs, decide, denials, deploy, deployment, follow, identity, list, logs, openshift::OpenShiftProvider,
    release, run::Run, start,
};

#[async_trait]
impl BuildProvider for OpenShiftProvider {
    fn descriptor(&self) -> &ProviderDescriptor {
        &self.inner.descriptor
    }

    fn configure(&self, settings: &Settings) -> Result<(), ProviderError> {
        self.inner.configured.change(settings)
    }

    async fn probe(&self) -> Result<(ProviderHealth, Option<String>), ProviderError> {
        let cluster = self.inner.configured.usable().map(|usable| usable.cluster);
        Ok(alm_kubernetes::probe(cluster, &*self.inner.clock).await)
    }

    async fn who_am_i(&self, access: &Access) -> Result<Identity, ProviderError> {
        identity::identity(&self.inner, access).await
    }

    async fn denials(&self, access: &Access, configs: &[ConfigRef]) -> Result<Vec<Vec<Denial>>, ProviderError> {
        denials::denials(&self.inner, access, configs).await
    }

    async fn validate(&self, access: &Access, spec: &BuildConfigSpec) -> Result<(), ProviderError> {
        configs::validate(&self.inner, access, spec).await
    }

    async fn create_config(&self, access: &Access, spec: &BuildConfigSpec) -> Result<ConfigRef, ProviderError> {
        configs::create(&self.inner, access, spec).await
    }

    async fn read_config(&self, access: &Access, config: &ConfigRef) -> Result<BuildConfigSpec, ProviderError> {
        configs::read(&self.inner, access, config).await
    }

    async fn update_config(
        &self,
        access: &Access,
        config: &ConfigRef,
        spec: &BuildConfigSpec,
        chosen: &Chosen,
    ) -> Result<ConfigRef, ProviderError> {
        configs::update(&self.inner, access, config, spec, chosen).await
    }

    async fn delete_config(&self, access: &Access, config: &ConfigRef) -> Result<(), ProviderError> {
        configs::delete(&self.inner, access, config).await
    }

    async fn start(&self, access: &Access, request: StartBuild) -> Result<RunRef, ProviderError> {
        start::start(&self.inner, access, request).await
    }

    async fn rerun(&self, access: &Access, request: RerunBuild) -> Result<RunRef, ProviderError> {
        start::rerun(&self.inner, access, request).await
    }

    async fn deploy(&self, access: &Access, request: DeployBuild) -> Result<RunRef, ProviderError> {
        deploy::deploy(&self.inner, access, request).await
    }

    async fn find(&self, access: &Access, config: &ConfigRef, build: BuildId) -> Result<Option<RunRef>, ProviderError> {
        start::find_run(&self.inner, access, config, build).await
    }

    async fn cancel(&self, access: &Access, run: &RunRef) -> Result<CancelReceipt, ProviderError> {
        match Run::of(run)? {
            Run::Build(place) => cancel::cancel(&self.inner, access, &place).await,
            Run::Deployment(record) => deployment::cancel(&self.inner, access, &record).await,
        }
    }

    async fn get(&self, access: &Access, run: &RunRef) -> Result<RunSnapshot, ProviderError> {
        match Run::of(run)? {
            Run::Build(place) => list::get(&self.inner, access, &place).await,
            Run::Deployment(record) => deployment::get(&self.inner, access, &record).await,
        }
    }

    async fn list(&self, access: &Access, config: &ConfigRef, page: Option<&str>) -> Result<RunPage, ProviderError> {
        list::list(&self.inner, access, config, page).await
    }

    fn logs(&self, access: &Access, run: &RunRef, from: LogPosition) -> LineStream {
        let (inner, access) = (Arc::clone(&self.inner), access.clone());
        match Run::of(run) {
            Ok(Run::Build(place)) => logs::read(inner, access, place, from),
            Ok(Run::Deployment(record)) => deployment::logs(inner, access, record, from),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        }
    }

    fn follow(
        &self,
        access: &Access,
        run: &RunRef,
        from: Option<ResumeToken>,
        stop: CancellationToken,
    ) -> ObservedStream {
        let (inner, access) = (Arc::clone(&self.inner), access.clone());
        match Run::of(run) {
            Ok(Run::Build(place)) => follow::follow(inner, access, place, from, stop),
            Ok(Run::Deployment(record)) => deployment::follow(inner, access, record, from, stop),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        }
    }

    async fn decide(
        &self,
        access: &Access,
        run: &RunRef,
        decision: &Decision,
    ) -> Result<DecisionReceipt, ProviderError> {
        decide::decide(&self.inner, access, run, decision).await
    }

    async fn release(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        match Run::of(run) {
            Ok(Run::Build(place)) => release::release(&self.inner, access, &place).await,
            Ok(Run::Deployment(record)) => deployment::release(&self.inner, access, &record).await,
            Err(_) => Ok(()),
        }
    }

    async fn purge(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        match Run::of(run) {
            Ok(Run::Build(place)) => release::release(&self.inner, access, &place).await,
            Ok(Run::Deployment(record)) => deployment::purge(&self.inner, access, &record).await,
            Err(_) => Ok(()),
        }
    }
}
