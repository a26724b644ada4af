//! Letting go of builds that were kept long enough.

use alm_build_spi::{ProviderError, RunRef};
use alm_domain::{Build, BuildId, BuildService, Principal, Provider, Retention};
use alm_store::PageRequest;

use super::{App, AppError, gate::Unfit};

const PAGE: u32 = 200;
/// Builds of one service that go at a time, so that nobody waits long for the one writer.
const BATCH: usize = 100;

impl App {
    /// Looks through all build services from time to time until the service stops.
    pub(super) async fn keep_house(self, every: std::time::Duration) {
        let stop = self.inner.hub.stopping();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            if let Err(error) = self.remove_expired().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "old builds were not removed; trying again later"
                );
            }
        }
    }

    /// Removes every build that its build service keeps no longer, with its log and artifacts; how many went. Stops early, and
    /// without harm, when the service stops.
    ///
    /// # Errors
    /// When the store cannot be read or written. A provider that cannot be reached keeps its builds until the next time.
    pub async fn remove_expired(&self) -> Result<u64, AppError> {
        let system = Principal::system("retention");
        let mut removed = 0;
        let mut providers = PageRequest::first(PAGE);
        loop {
            let page = self.store().list_providers(&system, true, &providers).await?;
            for (_, provider) in &page.items {
                let mut services = PageRequest::first(PAGE);
                loop {
                    let found = self.store().services_of_provider(&system, provider.id, &services).await?;
                    for (_, service) in &found.items {
                        removed += self.remove_expired_of(&system, provider, service).await?;
                    }
                    let Some((last, _)) = found.items.last().filter(|_| found.has_next) else { break };
                    services.from = Some(last.clone());
                }
            }
            let Some((last, _)) = page.items.last().filter(|_| page.has_next) else { break };
            providers.from = Some(last.clone());
        }
        if removed > 0 {
            tracing::info!(builds = removed, "removed builds that were kept long enough");
        }
        Ok(removed)
    }

    async fn remove_expired_of(
        &self,
        system: &Principal,
        provider: &Provider,
        service: &BuildService,
    ) -> Result<u64, AppError> {
        let retention = Retention::of(&self.effective(provider, Some(service)));
        let mut removed = 0;
        while !retention.is_for_ever() && !self.inner.hub.stopping().is_cancelled() {
            let expired = self.store().expired_builds(system, service.id, &retention, BATCH).await?;
            for build in &expired {
                match self.remove_build(system, provider, *build).await {
                    Ok(()) => removed += 1,
                    Err(AppError::Provider(error)) => {
                        tracing::warn!(build = %build, error = &error as &dyn std::error::Error, "an old build stays for now");
                        return Ok(removed);
                    }
                    Err(error) => return Err(error),
                }
            }
            if expired.len() < BATCH {
                break;
            }
        }
        Ok(removed)
    }

    /// What the engine keeps goes first: a build that is still shown can be asked for again, one that is not cannot.
    async fn remove_build(&self, system: &Principal, provider: &Provider, id: BuildId) -> Result<(), AppError> {
        if let Some(run) = self.store().run_record(system, id).await?.and_then(|record| record.run_ref) {
            let build = self.build(system, id).await?;
            // What its engine began by itself is the engine's to keep.
            if !build.is_external() {
                self.purge(provider, &build, RunRef(run)).await?;
            }
        }
        if let Some(event) = self.store().remove_build(system, id).await? {
            self.inner.hub.ring_project(event.project);
        }
        Ok(())
    }

    async fn purge(&self, provider: &Provider, build: &Build, run: RunRef) -> Result<(), AppError> {
        let provider = self.inner.registry.get_for(provider)?;
        match self.inner.gate.access(&build.trigger.actor, build, &*provider).await {
            Ok(access) => match provider.purge(&access, &run).await {
                Ok(()) | Err(ProviderError::NotFound(_)) => Ok(()),
                Err(error) => Err(AppError::Provider(error)),
            },
            // Whoever started it has gone: a cluster keeps builds by limits of its own.
            Err(Unfit::Token(_)) => {
                tracing::debug!(build = %build.id, "what the engine keeps of an old build was left there");
                Ok(())
            }
            Err(Unfit::Other(error)) => Err(error),
        }
    }
}
