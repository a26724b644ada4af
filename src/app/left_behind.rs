//! What removed build services have left at their engines.
//!
//! A build service is removed whether or not its engine answers. What it has there goes with it if that is possible, else later: with the
//! account of whoever removed it, and nobody else's.

use std::{collections::HashMap, time::Duration};

use alm_build_spi::{ConfigRef, ProviderError};
use alm_domain::{Actor, BuildService, Principal, ServiceId};
use tokio::time::timeout;

use super::{App, AppError};

/// How long whoever removes a build service waits for the engine.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many rounds an engine that fails is left alone at the most.
const LONGEST_REST: u32 = 60;
const PAGE: u64 = 100;

/// A build service that was removed.
#[derive(Debug)]
pub struct RemovedService {
    /// It.
    pub service: BuildService,
    /// What it has left at its engine, and why, as sentences for people; `None` where nothing is left.
    pub left: Option<String>,
}

/// For how many rounds an engine is left alone, and for how many the next time.
#[derive(Debug, Clone, Copy)]
struct Rest {
    now: u32,
    then: u32,
}

impl App {
    /// Removes a build service; its builds stay readable, its short name is not used again. What its engine has of it is removed too; if
    /// that cannot be done now, it is tried again until it has worked.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::InUse`] while builds run, [`AppError::Stale`].
    pub async fn remove_service(
        &self,
        principal: &Principal,
        id: ServiceId,
        expected: Option<u64>,
    ) -> Result<RemovedService, AppError> {
        let service = self.store().remove_service(principal, id, expected).await?;
        self.inner.hub.ring_project(service.project);
        let why = match timeout(PATIENCE, self.clear(&principal.actor, &service)).await {
            Ok(Ok(())) => return Ok(RemovedService { service, left: None }),
            Ok(Err(error)) => error.words(),
            Err(_) => "it does not answer in time".to_owned(),
        };
        tracing::warn!(service = %id, why, "a build configuration is left at the engine");
        let left = format!(
            "Its build configuration is left at the engine: {why}. It is removed as soon as that can be done with your account there."
        );
        Ok(RemovedService { service, left: Some(left) })
    }

    /// Removes what removed build services have left at their engines, from time to time until the service stops; the first time at once.
    pub(super) async fn keep_clearing(self, every: Duration) {
        let stop = self.inner.hub.stopping();
        let mut rests = HashMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                cleared = self.clear_all(&mut rests) => {
                    if let Err(error) = cleared {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "what build services have left at engines was not looked for; trying again later");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    /// One after another: there is hardly ever one.
    async fn clear_all(&self, rests: &mut HashMap<ServiceId, Rest>) -> Result<(), AppError> {
        let system = Principal::system("removal");
        let (mut after, mut known) = (None, std::mem::take(rests));
        loop {
            let left = self.store().services_left_at_providers(&system, after, PAGE).await?;
            for (service, by) in &left {
                let Some(by) = by else { continue };
                let rest = known.remove(&service.id).unwrap_or(Rest { now: 0, then: 1 });
                if rest.now > 0 {
                    rests.insert(service.id, Rest { now: rest.now - 1, ..rest });
                    continue;
                }
                let cleared = timeout(PATIENCE, self.clear(by, service)).await;
                match cleared {
                    Ok(Ok(())) => {}
                    // The account is asked for here: that is done each time.
                    Ok(Err(AppError::CredentialNeeded(_))) => {}
                    Ok(Err(_)) | Err(_) => {
                        rests.insert(service.id, Rest { now: rest.then, then: (rest.then * 2).min(LONGEST_REST) });
                    }
                }
            }
            match left.last() {
                Some((last, _)) if left.len() as u64 == PAGE => after = Some(last.id),
                _ => return Ok(()),
            }
        }
    }

    /// Removes what a removed build service has at its engine, with this account.
    async fn clear(&self, actor: &Actor, service: &BuildService) -> Result<(), AppError> {
        let Some(config) = service.config_ref.clone().map(ConfigRef) else { return Ok(()) };
        let system = Principal::system("removal");
        let record = self.provider(&system, service.provider).await?;
        let engine = self.engine_for(actor, &record, service.project, service.environments.as_deref()).await?;
        let is_its_own = match engine.provider.read_config(&engine.access, &config).await {
            // It may have been taken over meanwhile.
            Ok(there) => Ok(there.service == service.id),
            Err(ProviderError::NotFound(_)) => Ok(false),
            // What cannot be made out is nobody else's.
            Err(ProviderError::Internal { .. }) => Ok(true),
            Err(error) => Err(error),
        };
        if engine.heard(is_its_own).await? {
            engine.heard(engine.provider.delete_config(&engine.access, &config).await).await?;
        }
        Ok(self.store().forget_config(&system, service.id).await?)
    }
}
