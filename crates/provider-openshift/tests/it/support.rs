//! A simulated cluster, and a provider of OpenShift in front of it.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use alm_cluster_sim::{Options, rig};
use alm_domain::{ServiceId, SystemClock, SystemIds};
use alm_provider_openshift::{OpenShiftProvider, descriptor};
use serde_json::{Value, json};

use alm_build_spi::RunRef;
pub(crate) use alm_cluster_sim::rig::{Followed, Loopback, PATIENCE, PROJECT, Service};

/// The provider of OpenShift.
pub(crate) const ENGINE: rig::Engine = rig::Engine {
    descriptor,
    open: |endpoint, settings, way| Ok(OpenShiftProvider::open(Some(endpoint), settings, way, Arc::new(SystemClock))?),
};

/// A cluster with a project, somebody who may work there, and a Jenkins that may be asked.
pub(crate) struct Rig(rig::Rig);

impl Deref for Rig {
    type Target = rig::Rig;

    fn deref(&self) -> &rig::Rig {
        &self.0
    }
}

impl DerefMut for Rig {
    fn deref_mut(&mut self) -> &mut rig::Rig {
        &mut self.0
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// On which everything takes as long as on a real one.
    pub(crate) async fn patient() -> Self {
        Self::with(Options { time_factor: 1.0, ..Options::default() }).await
    }

    /// On a cluster that is so.
    pub(crate) async fn with(options: Options) -> Self {
        let mut rig = rig::Rig::new(ENGINE, options).await;
        rig.settings.insert("jenkins.domains".to_owned(), json!(["127.0.0.1"]));
        Self(rig)
    }

    /// Makes a build service with these settings of its own.
    pub(crate) async fn service(&self, name: &str, own: &[(&str, Value)]) -> Service {
        self.made(name, own).await.unwrap()
    }

    /// A build service that builds this repository.
    pub(crate) async fn service_of(&self, url: &str, own: &[(&str, Value)]) -> Service {
        let mut spec = self.spec(ServiceId::generate(&SystemIds), "shop/web", own);
        spec.repository.url = url.to_owned();
        self.provider().validate(&self.access(), &spec).await.unwrap();
        let config = self.provider().create_config(&self.access(), &spec).await.unwrap();
        Service { name: rig::name_in(&config.0), spec, config }
    }

    /// A build service whose builds run in pods, and do this.
    pub(crate) async fn docker(&self, script: &str) -> Service {
        self.service("shop/docker", &[("strategy", json!("Docker")), ("dockerfile", json!(script))]).await
    }

    /// A build service whose builds run at Jenkins, and do this.
    pub(crate) async fn pipeline(&self, script: &str) -> Service {
        self.service("shop/pipeline", &[("jenkinsfile", json!(script))]).await
    }

    /// The Build of a run, as the cluster has it.
    pub(crate) fn build(&self, name: &str) -> Value {
        self.cluster.object("builds.build.openshift.io", PROJECT, name).unwrap()
    }

    /// Waits until the cluster has a Build so.
    pub(crate) async fn build_until(&self, name: &str, is: impl Fn(&Value) -> bool) {
        self.cluster.until("builds.build.openshift.io", PROJECT, name, PATIENCE, is).await.unwrap();
    }
}

/// The name of a run's Build.
pub(crate) fn name_of(run: &RunRef) -> String {
    rig::name_in(&run.0)
}
