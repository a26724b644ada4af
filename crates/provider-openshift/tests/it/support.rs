//! A simulated cluster, and a provider in front of it.

use std::{sync::Arc, time::Duration};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, CancellationToken, ConfigRef, Observation, ObservedStream, ProviderError,
    RunRef, StartBuild,
};
use alm_cluster_sim::Cluster;
use alm_domain::{
    ApprovalStatus, BuildId, LogLine, RepositoryRef, RunObservation, RunStatus, ServiceId, Settings, StageObservation,
    SystemClock, SystemIds, effective_configuration,
};
use alm_kubernetes::Way;
use alm_provider_openshift::{OpenShiftProvider, descriptor};
use futures::StreamExt;
use reqwest::redirect;
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

/// How long anything may take. It only bounds what hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// The project of the tests.
pub(crate) const PROJECT: &str = "demo";

/// A way out that leads to the loopback, where the simulated cluster is.
#[derive(Debug)]
pub(crate) struct OpenWay;

impl Way for OpenWay {
    fn vet(&self, url: &Url) -> Result<(), String> {
        match url.host_str() {
            Some("127.0.0.1") => Ok(()),
            _ => Err("only the loopback is reached from here".to_owned()),
        }
    }

    fn client(&self, _ca: Option<&str>) -> Result<reqwest::Client, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy();
        client.build().map_err(|error| error.to_string())
    }

    fn explain(&self, host: &str, error: &reqwest::Error) -> String {
        let kind = if error.is_connect() { "nothing answers" } else { "the connection broke" };
        format!("{host} cannot be reached: {kind}")
    }
}

/// A cluster with a project, somebody who may work there, and a Jenkins that is reached by its Route.
pub(crate) struct Rig {
    pub(crate) cluster: Cluster,
    pub(crate) token: String,
    pub(crate) settings: Settings,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let cluster = Cluster::start().await;
        cluster.project(PROJECT, "alice");
        let jenkins: Url = cluster.jenkins_url().parse().unwrap();
        let host = format!("{}:{}", jenkins.host_str().unwrap(), jenkins.port().unwrap());
        cluster.put("routes.route.openshift.io", PROJECT, "jenkins", json!({ "spec": { "host": host } }));
        let settings = Settings::from([("jenkins.domains".to_owned(), json!(["127.0.0.1"]))]);
        Self { token: cluster.token("alice"), cluster, settings }
    }

    pub(crate) fn provider(&self) -> Arc<OpenShiftProvider> {
        let way = Arc::new(OpenWay);
        OpenShiftProvider::open(Some(self.cluster.url()), &self.settings, way, Arc::new(SystemClock)).unwrap()
    }

    pub(crate) fn shared(&self) -> Arc<dyn BuildProvider> {
        self.provider()
    }

    pub(crate) fn access(&self) -> Access {
        Access { token: Some(self.token.clone().into()) }
    }

    /// A build service with these settings of its own, in the project.
    pub(crate) fn spec(&self, service: ServiceId, name: &str, own: &[(&str, Value)]) -> BuildConfigSpec {
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
            settings: effective_configuration(&descriptor().settings, &self.settings, Some(&values)),
        }
    }
}

/// A build service, and what is needed to start builds of it.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) spec: BuildConfigSpec,
    pub(crate) config: ConfigRef,
    /// Name of its BuildConfig.
    pub(crate) name: String,
}

impl Service {
    pub(crate) fn request(&self) -> StartBuild {
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

impl Rig {
    /// Makes a build service with these settings of its own.
    pub(crate) async fn service(&self, name: &str, own: &[(&str, Value)]) -> Service {
        let spec = self.spec(ServiceId::generate(&SystemIds), name, own);
        let config = self.provider().create_config(&self.access(), &spec).await.unwrap();
        let name = config.0.split(['/', '@']).nth(1).unwrap_or_default().to_owned();
        Service { spec, config, name }
    }

    /// A build service whose builds run in pods, and do this.
    pub(crate) async fn docker(&self, script: &str) -> Service {
        self.service("shop/docker", &[("strategy", json!("Docker")), ("dockerfile", json!(script))]).await
    }

    /// A build service whose builds run at Jenkins, and do this.
    pub(crate) async fn pipeline(&self, script: &str) -> Service {
        self.service("shop/pipeline", &[("jenkinsfile", json!(script))]).await
    }

    /// Starts a build, and follows it from its beginning.
    pub(crate) async fn start(&self, service: &Service) -> Followed {
        let run = self.provider().start(&self.access(), service.request()).await.unwrap();
        self.follow(&run)
    }

    /// Follows a run from its beginning.
    pub(crate) fn follow(&self, run: &RunRef) -> Followed {
        let provider = self.shared();
        let stream = provider.follow(&self.access(), run, None, CancellationToken::new());
        Followed { name: name_of(run), run: run.clone(), stream, told: Vec::new(), errors: Vec::new() }
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
    run.0.split(['/', '@']).nth(1).unwrap_or_default().to_owned()
}

/// A run that is followed, and what was told of it.
pub(crate) struct Followed {
    pub(crate) run: RunRef,
    pub(crate) name: String,
    stream: ObservedStream,
    pub(crate) told: Vec<Observation>,
    pub(crate) errors: Vec<ProviderError>,
}

impl Followed {
    /// Follows on until this is so.
    pub(crate) async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let reading = async {
            while !so(self) {
                match self.stream.next().await {
                    Some(Ok(observed)) => self.told.extend(observed.observations),
                    Some(Err(error)) => self.errors.push(error),
                    None => return false,
                }
            }
            true
        };
        match timeout(PATIENCE, reading).await {
            Ok(true) => {}
            Ok(false) => panic!("the stream ended before {what}: {:?} {:?}", self.told, self.errors),
            Err(_) => panic!("{what} did not come: {:?} {:?}", self.told, self.errors),
        }
    }

    /// Follows to the end.
    pub(crate) async fn finish(&mut self) {
        self.until("the end", |told| told.told.last() == Some(&Observation::Complete)).await;
    }

    pub(crate) fn lines(&self) -> Vec<&LogLine> {
        let mut all = Vec::new();
        for observation in &self.told {
            if let Observation::Lines(lines) = observation {
                all.extend(lines);
            }
        }
        all
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.lines().into_iter().map(|line| line.text.as_str()).collect()
    }

    pub(crate) fn has_line(&self, text: &str) -> bool {
        self.texts().contains(&text)
    }

    pub(crate) fn run_states(&self) -> Vec<&RunObservation> {
        self.told.iter().filter_map(|o| if let Observation::Run(run) = o { Some(run) } else { None }).collect()
    }

    pub(crate) fn status(&self) -> Option<RunStatus> {
        self.run_states().last().map(|run| run.status)
    }

    pub(crate) fn stage(&self, name: &str) -> Option<&StageObservation> {
        self.told.iter().rev().find_map(|observation| match observation {
            Observation::Stages(stages) => stages.iter().find(|stage| stage.name == name),
            _ => None,
        })
    }

    pub(crate) fn approval(&self, key: &str) -> Option<ApprovalStatus> {
        let of = |o: &Observation| match o {
            Observation::Approval(approval) if approval.key.as_str() == key => Some(approval.status),
            _ => None,
        };
        self.told.iter().rev().find_map(of)
    }

    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.told
            .iter()
            .filter_map(|o| if let Observation::Warning(w) = o { Some(w.code.as_str()) } else { None })
            .collect()
    }
}
