//! The SPI, operation by operation.

use std::sync::Arc;

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, CancelReceipt, CancellationToken, Chosen, ConfigRef, Decision,
    DecisionReceipt, Denial, DeployBuild, Description, Identity, LineStream, LogPosition, NamedSecret, ObservedStream,
    ProviderDescriptor, ProviderError, RerunBuild, ResumeToken, RunPage, RunRef, RunSnapshot, StartBuild,
};
use alm_domain::{BuildId, ProviderHealth, Settings};
use async_trait::async_trait;

use super::{
    cancel, configs, decide, denials, deploy, describe, follow, identity, list, logs, purge, release, rerun, start,
    supply, tekton::TektonProvider,
};

#[async_trait]
impl BuildProvider for TektonProvider {
    fn descriptor(&self) -> &ProviderDescriptor {
        &self.inner.descriptor
    }

    fn configure(&self, settings: &Settings) -> Result<(), ProviderError> {
        self.inner.configured.change(settings)
    }

    async fn probe(&self) -> Result<(ProviderHealth, Option<String>), ProviderError> {
        Ok(alm_kubernetes::probe(self.inner.configured.usable(), &*self.inner.clock).await)
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
        _chosen: &Chosen,
    ) -> Result<ConfigRef, ProviderError> {
        configs::update(&self.inner, access, config, spec).await
    }

    async fn delete_config(&self, access: &Access, config: &ConfigRef) -> Result<(), ProviderError> {
        configs::delete(&self.inner, access, config).await
    }

    async fn describe(
        &self,
        access: &Access,
        spec: &BuildConfigSpec,
        _reference: &str,
    ) -> Result<Description, ProviderError> {
        describe::describe(&self.inner, access, spec).await
    }

    async fn start(&self, access: &Access, request: StartBuild) -> Result<RunRef, ProviderError> {
        start::start(&self.inner, access, request).await
    }

    async fn rerun(&self, access: &Access, request: RerunBuild) -> Result<RunRef, ProviderError> {
        rerun::rerun(&self.inner, access, request).await
    }

    async fn deploy(&self, access: &Access, request: DeployBuild) -> Result<RunRef, ProviderError> {
        deploy::deploy(&self.inner, access, request).await
    }

    async fn decide(
        &self,
        access: &Access,
        run: &RunRef,
        decision: &Decision,
    ) -> Result<DecisionReceipt, ProviderError> {
        decide::decide(&self.inner, access, run, decision).await
    }

    async fn supply(&self, access: &Access, run: &RunRef, secret: &NamedSecret) -> Result<(), ProviderError> {
        supply::supply(&self.inner, access, run, secret).await
    }

    async fn find(&self, access: &Access, config: &ConfigRef, build: BuildId) -> Result<Option<RunRef>, ProviderError> {
        start::find(&self.inner, access, config, build).await
    }

    async fn cancel(&self, access: &Access, run: &RunRef) -> Result<CancelReceipt, ProviderError> {
        cancel::cancel(&self.inner, access, run).await
    }

    async fn get(&self, access: &Access, run: &RunRef) -> Result<RunSnapshot, ProviderError> {
        list::get(&self.inner, access, run).await
    }

    async fn list(&self, access: &Access, config: &ConfigRef, page: Option<&str>) -> Result<RunPage, ProviderError> {
        list::list(&self.inner, access, config, page).await
    }

    fn logs(&self, access: &Access, run: &RunRef, from: LogPosition) -> LineStream {
        logs::read(Arc::clone(&self.inner), access.clone(), run.clone(), from)
    }

    fn follow(
        &self,
        access: &Access,
        run: &RunRef,
        from: Option<ResumeToken>,
        stop: CancellationToken,
    ) -> ObservedStream {
        follow::follow(Arc::clone(&self.inner), access.clone(), run.clone(), from, stop)
    }

    async fn release(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        release::release(&self.inner, access, run).await
    }

    async fn purge(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        purge::purge(&self.inner, access, run).await
    }
}
