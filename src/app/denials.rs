//! What the engines do not let people do, so that it is known before a button is pressed.
//!
//! An engine is asked about a person and a build service once a minute at the most; whoever asks meanwhile is told what was known
//! before. What cannot be known blocks nothing: the engine says it when it is called.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alm_build_spi::{ConfigRef, Denial, Verb};
use alm_domain::{BuildService, Principal, ProjectId, Provider, ServiceId, Timestamp, UserId};
use chrono::TimeDelta;
use tokio::time::timeout;

use super::{ActionBlocker, App, AppError};

/// For how long an answer counts.
const COUNTS: TimeDelta = TimeDelta::minutes(1);
/// How long a page waits for the engine.
const PATIENCE: Duration = Duration::from_secs(3);
/// Of how many pairs of a person and a build service it is kept.
const MOST: usize = 10_000;

/// What an engine does not let a person do with a build service.
#[derive(Debug, Clone, Default)]
pub struct Denied(Arc<[Denial]>);

impl Denied {
    /// Why this is denied; `None` where it is not, as far as it is known.
    #[must_use]
    pub fn why(&self, verb: Verb) -> Option<(ActionBlocker, &str)> {
        let denial = self.0.iter().find(|denial| denial.verb == verb)?;
        Some((ActionBlocker::NotPermitted, &denial.reason))
    }
}

/// What an engine is asked at once.
struct Question<'a> {
    project: ProjectId,
    provider: &'a Provider,
    of: Vec<(ServiceId, ConfigRef)>,
}

/// What was answered lately.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<HashMap<(UserId, ServiceId), (Timestamp, Denied)>>);

impl Denials {
    /// What is known; and whether the caller is to ask, since nobody has within the last minute.
    fn look(&self, key: (UserId, ServiceId), now: Timestamp) -> (Denied, bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.get(&key).cloned();
        match before {
            Some((asked, denied)) if asked + COUNTS > now && asked <= now => (denied, false),
            before => {
                if known.len() >= MOST {
                    known.retain(|_, (asked, _)| *asked + COUNTS > now && *asked <= now);
                }
                let denied = before.map(|(_, denied)| denied).unwrap_or_default();
                if known.len() < MOST {
                    known.insert(key, (now, denied.clone()));
                }
                (denied, true)
            }
        }
    }

    /// Lets the engine be asked again.
    fn forget(&self, key: (UserId, ServiceId)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    fn note(&self, key: (UserId, ServiceId), denied: Denied, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST || known.contains_key(&key) {
            known.insert(key, (now, denied));
        }
    }
}

impl App {
    /// What the engines do not let the caller do with these build services, as it was a minute ago at the latest. Of services that are
    /// not named nothing is denied.
    pub async fn denials(
        &self,
        principal: &Principal,
        services: &[(&BuildService, &Provider)],
    ) -> HashMap<ServiceId, Denied> {
        let mut told = HashMap::new();
        let Some(user) = principal.actor.user() else { return told };
        let now = self.inner.clock.now();
        let mut questions: Vec<Question<'_>> = Vec::new();
        for (service, provider) in services {
            let Some(config) = service.config_ref.clone().filter(|_| self.is_asked(provider)) else { continue };
            let (denied, ask) = self.inner.denials.look((user, service.id), now);
            told.insert(service.id, denied);
            if ask {
                let of = (service.project, provider.id);
                let known = questions.iter_mut().find(|question| (question.project, question.provider.id) == of);
                match known {
                    Some(question) => question.of.push((service.id, ConfigRef(config))),
                    None => {
                        let of = vec![(service.id, ConfigRef(config))];
                        questions.push(Question { project: service.project, provider, of });
                    }
                }
            }
        }
        for question in questions {
            let answered = timeout(PATIENCE, self.ask_engine(principal, &question)).await;
            match answered {
                Ok(Ok(answers)) => {
                    for ((service, _), denials) in question.of.iter().zip(answers) {
                        let denied = Denied(denials.into());
                        self.inner.denials.note((user, *service), denied.clone(), now);
                        told.insert(*service, denied);
                    }
                }
                Ok(Err(error)) => tracing::debug!(error = &error as &dyn std::error::Error, "rights are not known"),
                Err(_) => {
                    tracing::debug!(provider = %question.provider.id, "an engine does not say in time who may do what")
                }
            }
        }
        told
    }

    /// Whether a provider's engine has rights of its own for people.
    #[must_use]
    pub fn is_asked(&self, provider: &Provider) -> bool {
        provider.enabled && self.descriptor(provider.kind).is_some_and(|descriptor| descriptor.needs_token)
    }

    /// Refuses what the engine would refuse. A refusal that is known is asked for again: the role may have been given meanwhile.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], with the engine's words.
    pub(super) async fn not_denied(
        &self,
        principal: &Principal,
        service: &BuildService,
        provider: &Provider,
        verb: Verb,
    ) -> Result<(), AppError> {
        let Some(user) = principal.actor.user() else { return Ok(()) };
        let known =
            async || self.denials(principal, &[(service, provider)]).await.remove(&service.id).unwrap_or_default();
        if known().await.why(verb).is_none() {
            return Ok(());
        }
        self.inner.denials.forget((user, service.id));
        match known().await.why(verb) {
            Some((_, why)) => Err(AppError::Forbidden(why.to_owned())),
            None => Ok(()),
        }
    }

    async fn ask_engine(&self, principal: &Principal, question: &Question<'_>) -> Result<Vec<Vec<Denial>>, AppError> {
        let engine = self.engine(principal, question.provider, question.project, None).await?;
        let configs: Vec<_> = question.of.iter().map(|(_, config)| config.clone()).collect();
        let answer = engine.provider.denials(&engine.access, &configs).await;
        engine.heard(answer).await
    }
}
