//! Whether the engines are well: asked from time to time, so that no verdict is old.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alm_build_spi::ProviderError;
use alm_domain::{HealthState, Principal, Provider, ProviderHealth, ProviderId};
use alm_store::PageRequest;
use chrono::TimeDelta;
use futures::future::join_all;

use super::{App, AppError, admin::require_admin};

const PAGE: u32 = 200;

/// What the engines said last to this process. Cheap to clone.
///
/// What is stored is the last change of a verdict: a provider's revision does not grow with every probe, so that whoever changes it
/// meanwhile is not refused.
#[derive(Clone, Debug, Default)]
pub(super) struct Probes(Arc<Mutex<HashMap<ProviderId, ProviderHealth>>>);

impl Probes {
    /// The newest verdict that is known of a provider; `None` where it was never asked.
    pub(super) fn newest(&self, provider: &Provider) -> Option<ProviderHealth> {
        let (probes, stored) = (self.locked(), provider.health.as_ref());
        let is_newer = |told: &&ProviderHealth| stored.is_none_or(|stored| stored.checked_at < told.checked_at);
        probes.get(&provider.id).filter(is_newer).or(stored).cloned()
    }

    fn keep(&self, provider: ProviderId, health: ProviderHealth) {
        self.locked().insert(provider, health);
    }

    pub(super) fn forget(&self, provider: ProviderId) {
        self.locked().remove(&provider);
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<ProviderId, ProviderHealth>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Probes a provider now, and stores what it said.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn probe_provider(&self, principal: &Principal, id: ProviderId) -> Result<Provider, AppError> {
        require_admin(principal)?;
        let record = self.provider(principal, id).await?;
        self.store_probe(principal, &record).await
    }

    /// What the engine said last of itself; `None` where it was never asked.
    #[must_use]
    pub fn health_of(&self, provider: &Provider) -> Option<ProviderHealth> {
        self.inner.probes.newest(provider)
    }

    /// Probes a provider, and stores what it says.
    pub(super) async fn store_probe(&self, principal: &Principal, record: &Provider) -> Result<Provider, AppError> {
        let (health, version) = self.probe(record).await?;
        self.keep_probe(principal, record, health, version).await
    }

    /// Asks an engine whether it is well, and for its version. One that cannot be set up is not.
    pub(super) async fn probe(&self, record: &Provider) -> Result<(ProviderHealth, Option<String>), AppError> {
        let failing = |error: &ProviderError| ProviderHealth {
            state: HealthState::Failing,
            message: Some(error.to_string()),
            checked_at: self.clock().now(),
            latency_ms: 0,
        };
        let provider = match self.inner.registry.get_for(record) {
            Ok(provider) => provider,
            Err(AppError::Provider(error)) => return Ok((failing(&error), None)),
            Err(error) => return Err(error),
        };
        Ok(match provider.probe().await {
            Ok(probed) => probed,
            Err(error) => (failing(&error), None),
        })
    }

    /// Probes all providers that are switched on from time to time until the service stops; the first time at once.
    pub(super) async fn keep_probing(self, every: Duration) {
        let stop = self.inner.hub.stopping();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                probed = self.probe_all(every) => {
                    if let Err(error) = probed {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "the providers were not probed; trying again later");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    /// Side by side, so that an engine that does not answer keeps nobody waiting. What was probed just now is left as it is.
    async fn probe_all(&self, every: Duration) -> Result<(), AppError> {
        let system = Principal::system("probe");
        let before = self.clock().now() - TimeDelta::from_std(every / 2).unwrap_or(TimeDelta::MAX);
        let mut providers = PageRequest::first(PAGE);
        loop {
            let page = self.store().list_providers(&system, false, &providers).await?;
            let is_due = |record: &&Provider| self.health_of(record).is_none_or(|told| told.checked_at <= before);
            let due = page.items.iter().map(|(_, record)| record).filter(is_due);
            join_all(due.map(|record| self.probe_again(&system, record))).await;
            let Some((last, _)) = page.items.last().filter(|_| page.has_next) else { return Ok(()) };
            providers.from = Some(last.clone());
        }
    }

    /// Probes a provider, and stores what it says where that is another verdict.
    async fn probe_again(&self, system: &Principal, record: &Provider) {
        if let Err(error) = self.told_again(system, record).await {
            tracing::warn!(provider = %record.slug, error = &error as &dyn std::error::Error, "a provider was not probed");
        }
    }

    async fn told_again(&self, system: &Principal, record: &Provider) -> Result<(), AppError> {
        let (health, version) = self.probe(record).await?;
        let is_news = |known: &Provider| {
            known.health.as_ref().is_none_or(|before| before.state != health.state) || known.version != version
        };
        // Somebody else may have been told it meanwhile: the same verdict is no other one.
        if is_news(record) && is_news(&self.provider(system, record.id).await?) {
            return self.keep_probe(system, record, health, version).await.map(drop);
        }
        self.inner.probes.keep(record.id, health);
        self.inner.hub.ring_providers();
        Ok(())
    }

    async fn keep_probe(
        &self,
        principal: &Principal,
        record: &Provider,
        health: ProviderHealth,
        version: Option<String>,
    ) -> Result<Provider, AppError> {
        let descriptor = self.inner.registry.descriptor(record.kind);
        let capabilities = descriptor.map(|d| d.capabilities.into_iter().collect()).unwrap_or_default();
        let stored = self.store().record_probe(principal, record.id, health, version, capabilities).await?;
        self.inner.probes.forget(record.id);
        self.inner.hub.ring_providers();
        Ok(stored)
    }
}
