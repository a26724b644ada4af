//! Build configurations as their engines have them.
//!
//! Some engines keep a build configuration where others can change it: what counts then is what the engine has. It is asked with the
//! account of whoever wants to know, once in a few seconds at the most; what cannot be asked now is told as such, and nobody waits long.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alm_build_spi::{BuildConfigSpec, ConfigRef};
use alm_domain::{
    BuildService, ConfigurationEntry, ConfigurationOrigin, Principal, Provider, RepositoryRef, ServiceId, Timestamp,
    UserId,
};
use chrono::TimeDelta;
use futures::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::{App, AppError};

/// For how long an answer counts.
const COUNTS: TimeDelta = TimeDelta::seconds(5);
/// How long a page waits for the engines.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many build services are asked about side by side.
const AT_A_TIME: usize = 8;
/// How many answers are kept: each may hold a whole pipeline.
const MOST: usize = 200;

/// What an engine has of the configuration of a build service.
#[derive(Debug, Clone)]
pub struct AtEngine {
    is_adopted: bool,
    /// It, or why it could not be asked.
    there: Arc<Result<BuildConfigSpec, String>>,
}

impl AtEngine {
    /// Whether it was there before the build service: what is kept there is the engine's alone then.
    #[must_use]
    pub const fn is_adopted(&self) -> bool {
        self.is_adopted
    }

    /// Why the engine could not be asked, as a sentence for people; `None` where it was.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.there.as_ref().as_ref().err().map(String::as_str)
    }

    /// Where the engine has the source.
    #[must_use]
    pub fn repository(&self) -> Option<&RepositoryRef> {
        self.there.as_ref().as_ref().ok().map(|there| &there.repository)
    }

    /// A setting that is kept at the engine, as it counts.
    fn counting(&self, entry: ConfigurationEntry) -> ConfigurationEntry {
        let there = match self.there.as_ref() {
            Ok(there) => there.setting(&entry.key).cloned(),
            // What was adopted is known to the engine alone.
            Err(_) if self.is_adopted => None,
            Err(_) => return entry,
        };
        if !self.is_adopted && there == entry.value {
            return entry;
        }
        let overridable = entry.overridable && !self.is_adopted;
        ConfigurationEntry { key: entry.key, value: there, origin: ConfigurationOrigin::Engine, overridable }
    }
}

/// An answer, and of which revision of the build service it is.
#[derive(Debug)]
struct Known {
    asked: Timestamp,
    revision: u64,
    answer: AtEngine,
}

impl Known {
    fn counts(&self, now: Timestamp) -> bool {
        self.asked <= now && self.asked + COUNTS > now
    }
}

/// What was answered lately.
#[derive(Debug, Default)]
pub(super) struct AtEngines(Mutex<HashMap<(UserId, ServiceId), Known>>);

impl AtEngines {
    fn look(&self, key: (UserId, ServiceId), revision: u64, now: Timestamp) -> Option<AtEngine> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&key).filter(|known| known.revision == revision && known.counts(now))?;
        Some(known.answer.clone())
    }

    fn note(&self, key: (UserId, ServiceId), revision: u64, answer: AtEngine, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.counts(now));
        if known.len() < MOST {
            known.insert(key, Known { asked: now, revision, answer });
        }
    }
}

impl App {
    /// Whether the engine of a provider keeps build configurations where others can change them.
    #[must_use]
    pub fn keeps_configurations(&self, provider: &Provider) -> bool {
        self.descriptor(provider.kind)
            .is_some_and(|descriptor| descriptor.settings.iter().any(|setting| setting.at_engine))
    }

    /// What the engines have of these build services, as it was a few seconds ago at the latest. Services of which nothing is kept there
    /// are not named.
    pub async fn at_engines(
        &self,
        principal: &Principal,
        services: &[(&BuildService, &Provider)],
    ) -> HashMap<ServiceId, AtEngine> {
        let Some(user) = principal.actor.user() else { return HashMap::new() };
        let until = Instant::now() + PATIENCE;
        let kept: Vec<_> = services
            .iter()
            .filter(|(service, provider)| service.removed_at.is_none() && self.keeps_configurations(provider))
            .filter_map(|(service, provider)| Some((*service, *provider, ConfigRef(service.config_ref.clone()?))))
            .collect();
        let mut told = HashMap::new();
        for some in kept.chunks(AT_A_TIME) {
            let asked = some.iter().map(async |(service, provider, config)| {
                (service.id, self.at_engine(principal, user, service, provider, config, until).await)
            });
            told.extend(join_all(asked).await);
        }
        told
    }

    /// The effective settings of a build service as they count: those that its engine keeps are as the engine has them.
    #[must_use]
    pub fn configuration(
        &self,
        provider: &Provider,
        service: &BuildService,
        at_engine: Option<&AtEngine>,
    ) -> Vec<ConfigurationEntry> {
        let entries = self.effective(provider, Some(service));
        let Some(at_engine) = at_engine else { return entries };
        let definitions = self.settings(provider.kind);
        let is_kept = |key: &str| definitions.iter().any(|definition| definition.key == key && definition.at_engine);
        let counting = |entry: ConfigurationEntry| if is_kept(&entry.key) { at_engine.counting(entry) } else { entry };
        entries.into_iter().map(counting).collect()
    }

    async fn at_engine(
        &self,
        principal: &Principal,
        user: UserId,
        service: &BuildService,
        provider: &Provider,
        config: &ConfigRef,
        until: Instant,
    ) -> AtEngine {
        let (key, now) = ((user, service.id), self.clock().now());
        if let Some(known) = self.inner.at_engines.look(key, service.revision, now) {
            return known;
        }
        let there = match timeout_at(until, self.read_config(principal, service, provider, config)).await {
            Ok(read) => read.map_err(|error| error.words()),
            Err(_) => Err("the engine does not answer in time".to_owned()),
        };
        let adopts = self.descriptor(provider.kind).and_then(|descriptor| descriptor.adopts);
        let is_adopted =
            adopts.and_then(|key| service.settings.get(key)?.as_str()).is_some_and(|name| !name.is_empty());
        let answer = AtEngine { is_adopted, there: Arc::new(there) };
        self.inner.at_engines.note(key, service.revision, answer.clone(), now);
        answer
    }

    async fn read_config(
        &self,
        principal: &Principal,
        service: &BuildService,
        provider: &Provider,
        config: &ConfigRef,
    ) -> Result<BuildConfigSpec, AppError> {
        if !provider.enabled {
            return Err(AppError::WrongState("the provider is switched off".to_owned()));
        }
        let engine = self.engine(principal, provider, service.project, service.environments.as_deref()).await?;
        let there = engine.heard(engine.provider.read_config(&engine.access, config).await).await?;
        if there.service != service.id {
            return Err(AppError::WrongState("it belongs to another build service there".to_owned()));
        }
        Ok(there)
    }
}
