//! The provider itself.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use alm_build_spi::{Access, Finding, ProviderDescriptor, ProviderError};
use alm_domain::{Clock, Settings};
use alm_kubernetes::{Cluster, Place, Session, Way, unknown};
use kube::core::DynamicObject;
use url::Url;

use crate::{
    build::Build,
    jenkins::{Jenkins, RunAddress, locate},
    kinds,
    settings::OwnSettings,
};

/// Builds on an OpenShift cluster. Keeps nothing: what has to survive is on the cluster.
pub struct OpenShiftProvider {
    pub(super) inner: Arc<Inner>,
}

/// What the provider's streams share.
pub(super) struct Inner {
    pub(super) descriptor: ProviderDescriptor,
    pub(super) clock: Arc<dyn Clock>,
    base: Url,
    way: Arc<dyn Way>,
    /// What follows from the settings; changed as a whole.
    state: RwLock<Arc<State>>,
}

/// What follows from the settings.
pub(super) struct State {
    pub(super) settings: Settings,
    /// Or what is wrong with the settings: then nothing is done, and it is said each time.
    usable: Result<Usable, Vec<Finding>>,
}

#[derive(Clone)]
pub(super) struct Usable {
    pub(super) own: OwnSettings,
    pub(super) cluster: Cluster,
    http: reqwest::Client,
}

impl OpenShiftProvider {
    /// A provider for the cluster whose API is there. Settings that do not fit are told by
    /// [`probe`](alm_build_spi::BuildProvider::probe), and refuse every call; they do not keep it from being opened.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where the address is none.
    pub fn open(
        endpoint: Option<&str>,
        settings: &Settings,
        way: Arc<dyn Way>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, ProviderError> {
        let base = alm_kubernetes::endpoint(endpoint, &*way)?;
        let state = RwLock::new(Arc::new(State::of(settings, &base, &way)));
        Ok(Arc::new(Self { inner: Arc::new(Inner { descriptor: crate::descriptor(), clock, base, way, state }) }))
    }
}

impl State {
    fn of(settings: &Settings, base: &Url, way: &Arc<dyn Way>) -> Self {
        let usable = OwnSettings::of(settings).and_then(|own| {
            let at = |key: &str| {
                let path = [if key == "endpoint" { "endpoint" } else { "settings" }.to_owned()];
                let rest = (key != "endpoint").then(|| key.to_owned());
                path.into_iter().chain(rest).collect::<Vec<_>>()
            };
            let finding = |key: &str, message: String| vec![Finding { path: at(key), message }];
            let ca = own.ca.as_deref();
            let http = way.client(ca).map_err(|why| finding("cluster.ca", why))?;
            let cluster = Cluster::open(Arc::clone(way), base.clone(), ca).map_err(|why| finding("endpoint", why))?;
            Ok(Usable { own, cluster, http })
        });
        Self { settings: settings.clone(), usable }
    }

    /// What calls are made with.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where the provider's settings do not fit.
    pub(super) fn usable(&self) -> Result<&Usable, ProviderError> {
        self.usable.as_ref().map_err(|findings| ProviderError::Invalid(findings.clone()))
    }
}

impl Inner {
    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes changed settings over, if they fit.
    pub(super) fn configure(&self, settings: &Settings) -> Result<(), ProviderError> {
        if self.state().settings == *settings {
            return self.state().usable().map(drop);
        }
        let state = State::of(settings, &self.base, &self.way);
        state.usable()?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        Ok(())
    }

    /// A session under this token.
    pub(super) fn session(&self, access: &Access) -> Result<(Usable, Session), ProviderError> {
        let usable = self.state().usable()?.clone();
        let session = usable.cluster.session(access)?;
        Ok((usable, session))
    }

    /// The run of a build at Jenkins.
    pub(super) async fn jenkins(
        &self,
        usable: &Usable,
        session: &Session,
        access: &Access,
        build: &Build,
    ) -> Result<AtJenkins, ProviderError> {
        Ok(match locate(session, &usable.own, build).await? {
            RunAddress::NotYet => AtJenkins::NotYet,
            RunAddress::Refused(why) => AtJenkins::Refused(why),
            RunAddress::At(url) => match &access.token {
                Some(token) => {
                    AtJenkins::Run(Jenkins::new(usable.http.clone(), Arc::clone(&self.way), token.clone(), url))
                }
                None => AtJenkins::Refused("Jenkins is asked in nobody's name".to_owned()),
            },
        })
    }
}

/// Where the run of a build is.
pub(super) enum AtJenkins {
    NotYet,
    Refused(String),
    Run(Jenkins),
}

/// The Build of this name, if it is still the same one.
///
/// # Errors
/// [`ProviderError::NotFound`], and those of the cluster.
pub(super) async fn build_at(session: &Session, place: &Place) -> Result<Build, ProviderError> {
    let builds = session.api(&place.namespace, &kinds::builds());
    let found = session.find(builds.get(&place.name)).await?;
    found
        .and_then(Build::of)
        .filter(|build| build.place.uid == place.uid)
        .ok_or_else(|| unknown("run", &place.to_string()))
}

/// An object as JSON, metadata included.
pub(super) fn as_json(object: &DynamicObject) -> Result<serde_json::Value, ProviderError> {
    serde_json::to_value(object)
        .map_err(|cause| ProviderError::internal("an object of the cluster cannot be written", cause))
}

impl fmt::Debug for OpenShiftProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenShiftProvider({})", self.inner.base.host_str().unwrap_or_default())
    }
}
