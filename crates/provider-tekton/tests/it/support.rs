//! A simulated cluster, and a provider of Tekton in front of it.

use std::{ops::Deref, sync::Arc};

use alm_build_spi::ProviderError;
use alm_cluster_sim::{Options, rig};
use alm_domain::SystemClock;
use alm_provider_tekton::{TektonProvider, descriptor};
use serde_json::{Value, json};

pub(crate) use alm_cluster_sim::rig::{Followed, PATIENCE, PROJECT, Service};

/// The provider of Tekton.
pub(crate) const ENGINE: rig::Engine = rig::Engine {
    descriptor,
    open: |endpoint, settings, way| Ok(TektonProvider::open(Some(endpoint), settings, way, Arc::new(SystemClock))?),
};

/// A cluster with a project, and somebody who may work there.
pub(crate) struct Rig(rig::Rig);

impl Deref for Rig {
    type Target = rig::Rig;

    fn deref(&self) -> &rig::Rig {
        &self.0
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self(rig::Rig::new(ENGINE, options).await)
    }

    /// Makes a build service whose pipeline is this.
    pub(crate) async fn service(&self, definition: &Value, own: &[(&str, Value)]) -> Service {
        let mut own = own.to_vec();
        own.push(("pipeline.definition", json!(definition.to_string())));
        self.made(&own).await.unwrap()
    }

    pub(crate) async fn made(&self, own: &[(&str, Value)]) -> Result<Service, ProviderError> {
        self.0.made("shop/app", own).await
    }

    /// Starts a build, and follows it to its end.
    pub(crate) async fn run(&self, service: &Service) -> Followed {
        let mut told = self.start(service).await;
        told.finish().await;
        told
    }
}

/// A task that does this in one step.
pub(crate) fn task(name: &str, script: &str, after: &[&str]) -> Value {
    json!({ "name": name, "runAfter": after, "taskSpec": { "steps": [{ "name": "work", "image": "example.test/image", "script": script }] } })
}
