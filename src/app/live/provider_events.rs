//! The stream of the providers.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use alm_domain::{Principal, Provider, ProviderId, Timestamp};
use alm_store::{PageRequest, ProviderLoad, Store};
use async_stream::try_stream;
use futures::Stream;
use tokio::time::Instant;

use super::{Hub, StreamEnd, Woken, wait};
use crate::app::{AppError, probes::Probes};

/// The most providers that are told of.
const MOST: u32 = 100;
/// Builds come and go many at a time: what happens within this is looked at once.
const GATHERED: Duration = Duration::from_millis(500);

/// One event of the stream of providers. Each says how all of them stand behind it, as a number that is the same for the same picture:
/// there are few, and whoever resumes where they stand now has missed nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum ProviderUpdate {
    /// Everything as it stands: the first event, or a new beginning where something has happened meanwhile.
    Snapshot {
        /// Resume point.
        picture: u64,
        /// Whether what the client had is to be dropped.
        reset: bool,
        /// By their short names.
        providers: Vec<Provider>,
    },
    /// A provider came, or changed, or was probed, or is used otherwise; in its newest state.
    Changed {
        /// Resume point.
        picture: u64,
        /// As it stands.
        provider: Box<Provider>,
    },
    /// A provider was removed.
    Removed {
        /// Resume point.
        picture: u64,
        /// Which.
        provider: ProviderId,
    },
    /// Nothing happened; the stream lives.
    Heartbeat {
        /// Resume point.
        picture: u64,
    },
    /// The last event.
    Ended {
        /// Resume point.
        picture: u64,
        /// Why.
        reason: StreamEnd,
    },
}

/// The providers as somebody sees them.
#[derive(PartialEq)]
struct Picture(BTreeMap<ProviderId, Seen>);

/// A provider, and what else is told with it.
#[derive(PartialEq)]
struct Seen {
    provider: Provider,
    load: ProviderLoad,
    services: Option<u64>,
    is_used: bool,
}

impl Picture {
    async fn of(store: &Store, probes: &Probes, principal: &Principal) -> Result<Self, AppError> {
        let page = store.list_providers(principal, true, &PageRequest::first(MOST)).await?;
        let ids: Vec<_> = page.items.iter().map(|(_, provider)| provider.id).collect();
        let loads = store.provider_loads(principal, &ids).await?;
        let counted = PageRequest { with_total: true, ..PageRequest::first(1) };
        let services = store.services_of_each_provider(principal, &ids, &counted).await?;
        let used = store.providers_in_use(principal, &ids).await?;
        let seen = |(_, mut provider): (_, Provider)| {
            let id = provider.id;
            provider.health = probes.newest(&provider);
            let load = loads.get(&id).copied().unwrap_or_default();
            let services = services.get(&id.as_uuid()).and_then(|page| page.total);
            (id, Seen { provider, load, services, is_used: used.contains(&id) })
        };
        Ok(Self(page.items.into_iter().map(seen).collect()))
    }

    fn number(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (id, Seen { provider, load, services, is_used }) in &self.0 {
            let checked_at = provider.health.as_ref().map(|health| health.checked_at);
            (id, provider.revision, checked_at, load.running, load.queued, services, is_used).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn providers(&self) -> Vec<Provider> {
        let mut all: Vec<_> = self.0.values().map(|seen| seen.provider.clone()).collect();
        all.sort_by(|one, other| one.slug.cmp(&other.slug));
        all
    }

    /// What makes another picture of this one. Whoever is told only a part of it begins anew.
    fn steps_to(&self, next: &Self) -> Vec<ProviderUpdate> {
        let (picture, behind) = (self.number(), next.number());
        let gone = self.0.keys().filter(|id| !next.0.contains_key(id));
        let gone = gone.map(|id| ProviderUpdate::Removed { picture, provider: *id });
        let changed = next.0.iter().filter(|(id, told)| self.0.get(id) != Some(told));
        let changed =
            changed.map(|(_, seen)| ProviderUpdate::Changed { picture, provider: Box::new(seen.provider.clone()) });
        let mut steps: Vec<_> = gone.chain(changed).collect();
        if let Some(ProviderUpdate::Removed { picture, .. } | ProviderUpdate::Changed { picture, .. }) =
            steps.last_mut()
        {
            *picture = behind;
        }
        steps
    }
}

impl Hub {
    /// The providers: a snapshot first (or, behind `after`, nothing until something is newer), then what changes, for ever.
    pub(in crate::app) fn provider_updates(
        &self,
        probes: Probes,
        principal: Principal,
        after: Option<u64>,
    ) -> impl Stream<Item = Result<(Timestamp, ProviderUpdate), AppError>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        try_stream! {
            let mut rung = shared.providers.subscribe();
            let now = || shared.clock.now();
            let mut known = Picture::of(&shared.store, &probes, &principal).await?;
            let mut picture = known.number();
            if after != Some(picture) {
                yield (now(), ProviderUpdate::Snapshot { picture, reset: after.is_some(), providers: known.providers() });
            }
            let mut told_at = Instant::now();
            loop {
                match wait(&mut rung, shared.heartbeat, &shared.stop).await {
                    Woken::Silence => {}
                    Woken::Stopping => {
                        yield (now(), ProviderUpdate::Ended { picture, reason: StreamEnd::Shutdown });
                        return;
                    }
                    Woken::Rung => {
                        tokio::select! {
                            () = shared.stop.cancelled() => continue,
                            () = tokio::time::sleep(GATHERED) => {}
                        }
                        rung.mark_unchanged();
                        let found = Picture::of(&shared.store, &probes, &principal).await?;
                        for step in known.steps_to(&found) {
                            told_at = Instant::now();
                            yield (now(), step);
                        }
                        known = found;
                        picture = known.number();
                    }
                }
                // Builds that this principal does not see ring too.
                if told_at.elapsed() >= shared.heartbeat {
                    told_at = Instant::now();
                    yield (now(), ProviderUpdate::Heartbeat { picture });
                }
            }
        }
    }
}
