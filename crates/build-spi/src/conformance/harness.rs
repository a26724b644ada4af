//! What the author of a provider gives to the suite.

use std::{sync::Arc, time::Duration};

use alm_domain::{BuildId, Capability, IdSource, ServiceId, Settings, SystemIds};
use async_trait::async_trait;
use chrono::TimeDelta;

use super::{Power, Scenario};
use crate::{Access, BuildConfigSpec, BuildProvider, DeployTarget, RunRef};

/// What the author of a provider gives to the suite: the provider over a real or simulated engine, scenarios as build
/// configurations, and powers over the engine as far as there are any. Checks are run one after another, so a power may concern
/// the whole engine.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The provider under test; the same instance each time.
    fn provider(&self) -> Arc<dyn BuildProvider>;

    /// Another instance over the same engine, as after a crash of the service: it shares nothing with the first one that
    /// would not survive that.
    async fn another_instance(&self) -> Arc<dyn BuildProvider>;

    /// With whose rights the provider is called.
    fn access(&self) -> Access;

    /// A build configuration for this build service, under this name, whose builds do this. The build's reference is the
    /// configuration's. `None` where the engine has no way to do it.
    async fn config(&self, scenario: Scenario, service: ServiceId, name: &str) -> Option<BuildConfigSpec>;

    /// How long one check may take. Generous: it only bounds what hangs.
    fn patience(&self) -> Duration {
        Duration::from_secs(120)
    }

    /// The provider settings that [`provider`](Self::provider) runs with.
    fn settings(&self) -> Option<Settings> {
        None
    }

    /// Where ids of builds and build services come from.
    fn ids(&self) -> &dyn IdSource {
        &SystemIds
    }

    /// A run that the engine never knew.
    fn unknown_run(&self) -> RunRef {
        RunRef("no-such-run".to_owned())
    }

    /// What [`Scenario::Deploys`] deploys to under this name.
    fn target(&self, environment: &str) -> DeployTarget {
        let url = format!("https://{environment}.example.org");
        DeployTarget { url, namespace: None, ca_bundle: None, registry_host: None, access: Access::default() }
    }

    /// Lets [`Scenario::Gated`] builds of this build service go on.
    async fn open_gate(&self, _service: ServiceId) -> Power {
        Power::Missing
    }

    /// Makes the engine unreachable, or reachable again. Builds go on meanwhile.
    async fn outage(&self, _on: bool) -> Power {
        Power::Missing
    }

    /// Sets the engine's clock wrong by this much (zero: right again).
    async fn skew_clock(&self, _by: TimeDelta) -> Power {
        Power::Missing
    }

    /// Withdraws the token of [`access`](Self::access), or makes it good again.
    async fn withdraw_token(&self, _withdrawn: bool) -> Power {
        Power::Missing
    }

    /// Makes whatever runs this build disappear.
    async fn lose_run(&self, _build: BuildId) -> Power {
        Power::Missing
    }

    /// A provider over the same engine that does not declare this capability.
    async fn provider_without(&self, _capability: Capability) -> Option<Arc<dyn BuildProvider>> {
        None
    }
}
