//! A provider in front of a simulated cluster, as the tests of providers hold it.

mod followed;
#[cfg(feature = "quick-time")]
mod life;
#[cfg(feature = "quick-time")]
mod quick_time;
#[cfg(feature = "quick-time")]
mod trial;
mod way;

use std::{fmt, sync::Arc, time::Duration};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, ConfigRef, ProviderDescriptor, ProviderError, RunRef, StartBuild,
};
use alm_domain::{BuildId, RepositoryRef, ServiceId, Settings, SystemIds, effective_configuration};
use alm_kubernetes::Way;
use serde_json::{Value, json};

pub use followed::Followed;
#[cfg(feature = "quick-time")]
pub use life::{Act, Life};
#[cfg(feature = "quick-time")]
pub use quick_time::quickly;
#[cfg(feature = "quick-time")]
pub use trial::{Trial, through_every_trouble};
pub use way::Loopback;

use crate::{
    Cluster, Options, Seen,
    real::{Binaries, Front},
};

/// How long anything may take. It only bounds what hangs.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How soon what went wrong is tried again, as whoever looks after builds does.
const PAUSE: Duration = Duration::from_millis(100);
/// The namespace of the tests.
pub const PROJECT: &str = "demo";

/// A kind of provider: what it says of itself, and how one is opened for the API that is there.
#[derive(Clone, Copy)]
pub struct Engine {
    /// What it says of itself.
    pub descriptor: fn() -> ProviderDescriptor,
    /// Opens one.
    pub open: Open,
}

/// Opens a provider for the API that is there.
pub type Open = fn(&str, &Settings, Arc<dyn Way>) -> Result<Arc<dyn BuildProvider>, ProviderError>;

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// A cluster with a project, somebody who may work there, and a Jenkins that is reached by its Route.
#[derive(Debug)]
pub struct Rig {
    /// The cluster.
    pub cluster: Cluster,
    /// Alice's token. She is the project's admin.
    pub token: String,
    /// The provider's settings.
    pub settings: Settings,
    engine: Engine,
    /// What is between the provider and the cluster.
    front: Option<Front>,
}

impl Rig {
    /// A cluster as the options say.
    ///
    /// # Panics
    /// As [`Cluster::with`].
    pub async fn new(engine: Engine, options: Options) -> Self {
        let cluster = Cluster::with(options).await;
        cluster.project(PROJECT, "alice");
        cluster.route_to_jenkins(PROJECT);
        Self { token: cluster.token("alice"), cluster, settings: Settings::new(), engine, front: None }
    }

    /// A cluster as the options say, behind a real API server, where Alice may do what these rules say.
    ///
    /// # Panics
    /// As [`Front::of`].
    pub async fn behind(engine: Engine, options: Options, binaries: Binaries, rules: &[Value]) -> Self {
        let mut rig = Self::new(engine, options).await;
        let front = Front::of(&rig.cluster, binaries).await;
        front.grant("alice", rules).await;
        rig.settings.insert("cluster.ca".to_owned(), json!(front.ca()));
        rig.front = Some(front);
        rig
    }

    /// The real API server, where there is one.
    pub const fn front(&self) -> Option<&Front> {
        self.front.as_ref()
    }

    /// A provider; another one each time, as after a restart of the server.
    ///
    /// # Panics
    /// Where the provider cannot be opened.
    #[expect(clippy::expect_used, reason = "a test that cannot have its provider has failed")]
    pub fn provider(&self) -> Arc<dyn BuildProvider> {
        let url = self.front.as_ref().map_or_else(|| self.cluster.url().to_owned(), Front::url);
        (self.engine.open)(&url, &self.settings, Arc::new(Loopback)).expect("a provider")
    }

    /// Alice's token, as providers take it.
    pub fn access(&self) -> Access {
        Access { token: Some(self.token.clone().into()) }
    }

    /// A build service with these settings of its own, in the project.
    pub fn spec(&self, service: ServiceId, name: &str, own: &[(&str, Value)]) -> BuildConfigSpec {
        let mut values: Settings = own.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        values.entry("namespace".to_owned()).or_insert_with(|| json!(PROJECT));
        BuildConfigSpec {
            service,
            name: name.to_owned(),
            repository: RepositoryRef {
                url: "https://git.example.test/demo/app.git".to_owned(),
                reference: "main".to_owned(),
                directory: None,
            },
            settings: effective_configuration(&(self.engine.descriptor)().settings, &self.settings, Some(&values)),
        }
    }

    /// Makes a build service with these settings of its own.
    ///
    /// # Errors
    /// Those of the provider.
    pub async fn made(&self, name: &str, own: &[(&str, Value)]) -> Result<Service, ProviderError> {
        let spec = self.spec(ServiceId::generate(&SystemIds), name, own);
        let provider = self.provider();
        provider.validate(&self.access(), &spec).await?;
        let config = provider.create_config(&self.access(), &spec).await?;
        Ok(Service { name: name_in(&config.0), spec, config })
    }

    /// Starts a build, and follows it from its beginning.
    ///
    /// # Panics
    /// Where it is not started.
    #[expect(clippy::expect_used, reason = "a test whose build is not started has failed")]
    pub async fn start(&self, service: &Service) -> Followed {
        let run = self.provider().start(&self.access(), service.request()).await.expect("a run");
        self.follow(&run)
    }

    /// Lets the cluster go back to what it was before its last five hundred changes, of which whoever follows a run has seen those of
    /// these kinds. What its watches ask for is of the future then.
    ///
    /// # Panics
    /// Where the run ends before, since nobody watches these kinds.
    pub async fn go_back(&self, followed: &mut Followed, kinds: &[&str]) {
        let backup = self.cluster.backup();
        for _ in 0..500 {
            self.cluster.put("configmaps", PROJECT, "busy", json!({ "data": {} }));
        }
        let mut ahead = Vec::new();
        for kind in kinds {
            let mut newest = Value::Null;
            for object in self.cluster.objects(kind, PROJECT) {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                self.cluster.patch(kind, PROJECT, name, &json!({ "metadata": { "labels": { "touched": "yes" } } }));
                newest = self.cluster.object(kind, PROJECT, name).unwrap_or_default();
            }
            let version = newest["metadata"]["resourceVersion"].as_str().unwrap_or_default();
            let plural = kind.split('.').next().unwrap_or_default();
            ahead.push((format!("/{plural}?"), format!("resourceVersion={version}")));
        }
        let is_seen = |(kind, version): &(String, String)| {
            let is_watch = |seen: &Seen| seen.path.contains("watch=true") && seen.path.contains(kind);
            self.cluster.requests().iter().any(|seen| is_watch(seen) && seen.path.ends_with(version))
        };
        let seen = async {
            while !ahead.iter().all(is_seen) {
                // A watch says how far it has come when it begins again.
                self.cluster.faults().cut_streams();
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        };
        tokio::select! {
            () = followed.finish() => panic!("the run ended before: {followed:?}"),
            () = seen => self.cluster.restore(&backup),
        }
    }

    /// Follows a run from its beginning.
    pub fn follow(&self, run: &RunRef) -> Followed {
        Followed::new(self.provider(), self.access(), run.clone())
    }
}

/// A build service, and what is needed to start builds of it.
#[derive(Debug, Clone)]
pub struct Service {
    /// What it is to be.
    pub spec: BuildConfigSpec,
    /// What the provider knows it by.
    pub config: ConfigRef,
    /// The name of its configuration on the cluster.
    pub name: String,
}

impl Service {
    /// A request for its first build; another build each time.
    pub fn request(&self) -> StartBuild {
        StartBuild {
            build: BuildId::generate(&SystemIds),
            number: 1,
            config: self.config.clone(),
            spec: self.spec.clone(),
            reference: self.spec.repository.reference.clone(),
            parameters: Vec::new(),
            secrets: Vec::new(),
            withheld: Vec::new(),
        }
    }
}

/// The name of the object that a run or a configuration is (`NAMESPACE/NAME@UID`).
#[must_use]
pub fn name_in(place: &str) -> String {
    place.split(['/', '@']).nth(1).unwrap_or_default().to_owned()
}
