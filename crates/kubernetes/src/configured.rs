//! What follows from the settings of a provider, changed as a whole.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use alm_build_spi::{Finding, ProviderError};
use alm_domain::Settings;
use url::Url;

use crate::Way;

/// How a provider reads its settings, for the cluster whose API is there.
pub type ReadSettings<T> = fn(&Settings, &Url, &Arc<dyn Way>) -> Result<T, Vec<Finding>>;

/// What a provider works with, as its settings say now. Whoever was given it keeps it: a change holds from the next call on.
pub struct Configured<T> {
    base: Url,
    way: Arc<dyn Way>,
    read: ReadSettings<T>,
    state: RwLock<State<T>>,
}

struct State<T> {
    settings: Settings,
    /// Or what is wrong with the settings: then nothing is done, and it is said each time.
    usable: Result<T, Vec<Finding>>,
}

impl<T: Clone> Configured<T> {
    /// For the cluster whose API is there. Settings that do not fit do not keep it from being opened.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where the address is none.
    pub fn open(
        endpoint: Option<&str>,
        settings: &Settings,
        way: Arc<dyn Way>,
        read: ReadSettings<T>,
    ) -> Result<Self, ProviderError> {
        let base = crate::endpoint(endpoint, &*way)?;
        let usable = read(settings, &base, &way);
        let state = RwLock::new(State { settings: settings.clone(), usable });
        Ok(Self { base, way, read, state })
    }

    /// What calls are made with.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where the settings do not fit.
    pub fn usable(&self) -> Result<T, ProviderError> {
        self.look(|state| state.usable.clone().map_err(ProviderError::Invalid))
    }

    /// The settings as they are.
    pub fn settings(&self) -> Settings {
        self.look(|state| state.settings.clone())
    }

    /// Takes changed settings over; as they were where they do not fit.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where they do not fit.
    pub fn change(&self, settings: &Settings) -> Result<(), ProviderError> {
        if self.look(|state| state.settings == *settings) {
            return self.usable().map(drop);
        }
        let usable = (self.read)(settings, &self.base, &self.way).map_err(ProviderError::Invalid)?;
        let state = State { settings: settings.clone(), usable: Ok(usable) };
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        Ok(())
    }

    /// The address of the cluster's API.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The way out.
    pub fn way(&self) -> &Arc<dyn Way> {
        &self.way
    }

    fn look<R>(&self, look: impl FnOnce(&State<T>) -> R) -> R {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> fmt::Debug for Configured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Configured({})", self.base.host_str().unwrap_or_default())
    }
}
