//! The providers that are at work in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use alm_build_spi::{BuildProvider, ProviderDescriptor, ProviderError};
use alm_domain::{Principal, Provider, ProviderId, ProviderKind, Retention, SettingDefinition, Settings};
use alm_store::Store;

use super::AppError;

/// Makes providers of registered kinds. Implemented by the composition root, the only place that knows the kinds.
pub trait ProviderFactory: Send + Sync + std::fmt::Debug {
    /// What a provider of this kind is and can do; `None` for a kind that this build of the service does not have.
    fn descriptor(&self, kind: ProviderKind) -> Option<ProviderDescriptor>;

    /// A provider at work for this record. Called once per record and process, inside the async runtime.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] for settings that do not fit together; others when the engine cannot be set up.
    fn open(&self, provider: &Provider) -> Result<Arc<dyn BuildProvider>, ProviderError>;

    /// Removes what [`open`](Self::open) made for a record that was only tried out. Never called for one that is stored.
    fn discard(&self, _provider: &Provider) {}
}

/// Opens providers once, and keeps them. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Registry {
    store: Store,
    factory: Arc<dyn ProviderFactory>,
    open: Arc<Mutex<HashMap<ProviderId, Arc<dyn BuildProvider>>>>,
}

impl Registry {
    pub(super) fn new(store: Store, factory: Arc<dyn ProviderFactory>) -> Self {
        Self { store, factory, open: Arc::default() }
    }

    /// What providers of this kind are and can do.
    pub(super) fn descriptor(&self, kind: ProviderKind) -> Result<ProviderDescriptor, AppError> {
        self.factory.descriptor(kind).ok_or_else(|| {
            let known = ProviderKind::ALL.into_iter().filter(|kind| self.factory.descriptor(*kind).is_some());
            let known: Vec<_> = known.map(ProviderKind::name).collect();
            let message = format!("this server has no providers of the kind {kind}: use one of {}", known.join(", "));
            AppError::invalid(["kind"], message)
        })
    }

    /// Every setting that may be given on providers of this kind and on their build services: the provider's, and our own.
    pub(super) fn settings(&self, kind: ProviderKind) -> Result<Vec<SettingDefinition>, AppError> {
        let mut settings = self.descriptor(kind)?.settings;
        settings.extend(Retention::settings());
        Ok(settings)
    }

    /// The provider at work for this id; opened if need be.
    pub(super) async fn get(&self, id: ProviderId) -> Result<Arc<dyn BuildProvider>, AppError> {
        if let Some(provider) = self.locked().get(&id) {
            return Ok(Arc::clone(provider));
        }
        let record = self
            .store
            .providers(&Principal::system("registry"), &[id])
            .await?
            .pop()
            .ok_or_else(|| AppError::not_found("providerId", "provider"))?;
        self.get_for(&record)
    }

    /// The provider at work for this record; opened if need be.
    pub(super) fn get_for(&self, record: &Provider) -> Result<Arc<dyn BuildProvider>, AppError> {
        let mut open = self.locked();
        if let Some(provider) = open.get(&record.id) {
            return Ok(Arc::clone(provider));
        }
        let own = Provider { settings: Retention::strip(record.settings.clone()), ..record.clone() };
        let provider = self.factory.open(&own)?;
        open.insert(record.id, Arc::clone(&provider));
        Ok(provider)
    }

    /// Hands changed settings to the provider, if it is at work.
    pub(super) fn configure(&self, id: ProviderId, settings: &Settings) -> Result<(), AppError> {
        match self.locked().get(&id) {
            Some(provider) => Ok(provider.configure(&Retention::strip(settings.clone()))?),
            None => Ok(()),
        }
    }

    /// Lets go of a provider that was only tried out, with all that was made for it.
    pub(super) fn discard(&self, record: &Provider) {
        self.forget(record.id);
        self.factory.discard(record);
    }

    /// Lets go of a provider that was removed.
    pub(super) fn forget(&self, id: ProviderId) {
        self.locked().remove(&id);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<ProviderId, Arc<dyn BuildProvider>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
