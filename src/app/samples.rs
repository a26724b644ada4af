//! Samples: repositories to try the service with.

use std::{fmt, sync::Arc};

use alm_build_spi::BoxError;
use alm_domain::{Principal, ProviderKind, RepositoryRef, shorten};
use alm_store::PageRequest;
use async_trait::async_trait;

use super::{App, AppError};

/// A pipeline to try things with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// What it is asked for by, and a short name for its build service.
    pub name: &'static str,
    /// Name for display.
    pub title: &'static str,
    /// What there is to see, in one sentence.
    pub description: &'static str,
}

/// Where the samples are. Implemented by the composition root.
#[async_trait]
pub trait Samples: fmt::Debug + Send + Sync {
    /// All of them, in the order in which they are shown.
    fn all(&self) -> Vec<Sample>;

    /// The repository of the sample of this name, made if it is not there yet; `None` where there is no such sample. The same one
    /// each time: what people have committed there stays.
    ///
    /// # Errors
    /// When it cannot be made.
    async fn repository(&self, name: &str) -> Result<Option<RepositoryRef>, BoxError>;
}

impl App {
    /// From now on samples are offered; once. They are repositories of this machine: only where builds may read those.
    pub fn use_samples(&self, samples: Arc<dyn Samples>) {
        // A second call is a mistake of the composition root, and the first one holds.
        let _ = self.inner.samples.set(samples);
    }

    /// The samples that builds of this server can be made of; none where no local provider is switched on.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn samples(&self, principal: &Principal) -> Result<Vec<Sample>, AppError> {
        let Some(samples) = self.inner.samples.get() else { return Ok(Vec::new()) };
        let providers = self.store().list_providers(principal, false, &PageRequest::first(100)).await?;
        let builds = providers.items.iter().any(|(_, provider)| provider.kind == ProviderKind::Local);
        Ok(if builds { samples.all() } else { Vec::new() })
    }

    /// The repository of a sample, for a build service of a local provider.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] to whoever may not make a project for it, [`AppError::Invalid`], [`AppError::WrongState`] when
    /// it cannot be written.
    pub async fn prepare_sample(&self, principal: &Principal, name: &str) -> Result<RepositoryRef, AppError> {
        if !principal.may_create_projects() {
            return Err(AppError::Forbidden(
                "samples are for those who may create projects: this token does not allow it".to_owned(),
            ));
        }
        let repository = match self.inner.samples.get() {
            Some(samples) => {
                let written = samples.repository(name).await;
                written.map_err(|why| AppError::WrongState(format!("the sample cannot be written: {why}")))?
            }
            None => None,
        };
        repository.ok_or_else(|| {
            let known: Vec<_> = self.inner.samples.get().map(|s| s.all()).unwrap_or_default();
            let known = known.iter().map(|sample| sample.name).collect::<Vec<_>>().join(", ");
            let known =
                if known.is_empty() { "this server has none".to_owned() } else { format!("choose one of {known}") };
            AppError::invalid(["name"], format!("{:?} is not a sample: {known}", shorten(name)))
        })
    }
}
