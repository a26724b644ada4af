//! A simulated cluster, and a provider of Tekton in front of it.

use std::{ops::Deref, sync::Arc, time::Duration};

use alm_build_spi::{Access, LogPosition, ProviderError, RunRef};
use alm_cluster_sim::{
    Options,
    real::{Binaries, rules},
    rig,
};
use alm_domain::{LogLine, SystemClock};
use alm_provider_tekton::{TektonProvider, descriptor};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

pub(crate) use alm_cluster_sim::rig::{Followed, PATIENCE, PROJECT, Service, name_in};

/// The provider of Tekton.
pub(crate) const ENGINE: rig::Engine = rig::Engine {
    descriptor,
    open: |endpoint, settings, way| Ok(TektonProvider::open(Some(endpoint), settings, way, Arc::new(SystemClock))?),
};

/// What tells administrators which rights people need.
pub(crate) const DOCUMENT: &str = include_str!("../../../../docs/tekton.md");

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

    /// Behind a real API server, where somebody has the rights that the document lists, and no others; nothing where this machine has
    /// no such server.
    pub(crate) async fn real(options: Options) -> Option<Self> {
        match Binaries::of_environment() {
            Ok(binaries) => Some(Self(rig::Rig::behind(ENGINE, options, binaries, &rules(DOCUMENT)).await)),
            Err(why) => {
                println!("SKIPPED: {why}");
                None
            }
        }
    }

    /// Makes Alice's token bad. A real API server believes for ten seconds what it was told of a token.
    pub(crate) async fn expire(&self) {
        self.cluster.expire(&self.token);
        let refused = async {
            while self.provider().who_am_i(&self.access()).await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(PATIENCE, refused).await.unwrap();
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

    /// The lines of a run as they are read, without following it.
    pub(crate) async fn read(&self, run: &RunRef) -> Vec<LogLine> {
        let lines = self.provider().logs(&self.access(), run, LogPosition(0));
        timeout(PATIENCE, lines.map(|line| line.unwrap().line).collect()).await.unwrap()
    }

    /// Follows a run to its end.
    pub(crate) async fn told(&self, run: &RunRef) -> Followed {
        let mut told = self.follow(run);
        told.finish().await;
        told
    }

    /// Starts a build, and follows it to its end.
    pub(crate) async fn run(&self, service: &Service) -> Followed {
        let mut told = self.start(service).await;
        told.finish().await;
        told
    }
}

/// A token, as providers take it.
pub(crate) fn access_of(token: &str) -> Access {
    Access { token: Some(token.to_owned().into()) }
}

/// A task that asks people.
pub(crate) fn question(name: &str, approvers: &[&str], required: u32) -> Value {
    json!({
        "name": name, "taskRef": { "apiVersion": "openshift-pipelines.org/v1alpha1", "kind": "ApprovalTask" },
        "params": [
            { "name": "approvers", "value": approvers }, { "name": "description", "value": "May it go on?" },
            { "name": "numberOfApprovalsRequired", "value": required.to_string() },
        ],
    })
}

/// A task that does this in one step.
pub(crate) fn task(name: &str, script: &str, after: &[&str]) -> Value {
    json!({ "name": name, "runAfter": after, "taskSpec": { "steps": [{ "name": "work", "image": "example.test/image", "script": script }] } })
}
