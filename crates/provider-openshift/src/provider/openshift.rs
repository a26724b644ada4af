//! The provider itself.

use std::{fmt, sync::Arc};

use alm_build_spi::{Access, Finding, ProviderDescriptor, ProviderError};
use alm_domain::{Clock, Settings};
use alm_kubernetes::{Cluster, Configured, Place, Session, Way, unknown};
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
    pub(super) configured: Configured<Usable>,
}

/// What follows from the settings.
#[derive(Clone)]
pub(super) struct Usable {
    pub(super) own: Arc<OwnSettings>,
    pub(super) cluster: Cluster,
    pub(super) http: reqwest::Client,
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
        let configured = Configured::open(endpoint, settings, way, Usable::of)?;
        Ok(Arc::new(Self { inner: Arc::new(Inner { descriptor: crate::descriptor(), clock, configured }) }))
    }
}

impl Usable {
    fn of(settings: &Settings, base: &Url, way: &Arc<dyn Way>) -> Result<Self, Vec<Finding>> {
        let own = OwnSettings::of(settings)?;
        let ca = own.ca.as_deref();
        let http = way.client(ca).map_err(|why| vec![Finding::new(["settings", "cluster.ca"], why)])?;
        let cluster = Cluster::open(Arc::clone(way), base.clone(), ca);
        let cluster = cluster.map_err(|why| vec![Finding::new(["endpoint"], why)])?;
        Ok(Self { own: Arc::new(own), cluster, http })
    }
}

impl Inner {
    /// A session under this token.
    pub(super) fn session(&self, access: &Access) -> Result<(Usable, Session), ProviderError> {
        let usable = self.configured.usable()?;
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
                Some(token) => AtJenkins::Run(Jenkins::new(
                    usable.http.clone(),
                    Arc::clone(self.configured.way()),
                    token.clone(),
                    session.clone(),
                    url,
                )),
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
        write!(f, "OpenShiftProvider({:?})", self.inner.configured)
    }
}
