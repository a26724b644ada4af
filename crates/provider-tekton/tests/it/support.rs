//! A simulated cluster, and a provider in front of it.

use std::{sync::Arc, time::Duration};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, CancellationToken, ConfigRef, Observation, Observed, ProviderError, RunRef,
    StartBuild,
};
use alm_cluster_sim::{Cluster, Options};
use alm_domain::{
    BuildId, LogLine, RepositoryRef, ResumeToken, RunObservation, ServiceId, Settings, StageObservation, SystemClock,
    SystemIds, effective_configuration,
};
use alm_kubernetes::Way;
use alm_provider_tekton::{TektonProvider, descriptor};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

/// How long anything may take. It only bounds what hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// The namespace of the tests.
pub(crate) const PROJECT: &str = "demo";

/// A way out that leads to the loopback, where the simulated cluster is.
#[derive(Debug)]
struct OpenWay;

impl Way for OpenWay {
    fn vet(&self, url: &Url) -> Result<(), String> {
        match url.host_str() {
            Some("127.0.0.1") => Ok(()),
            _ => Err("only the loopback is reached from here".to_owned()),
        }
    }

    fn client(&self, _ca: Option<&str>) -> Result<reqwest::Client, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        client.build().map_err(|error| error.to_string())
    }

    fn explain(&self, host: &str, error: &reqwest::Error) -> String {
        let kind = if error.is_connect() { "nothing answers" } else { "the connection broke" };
        format!("{host} cannot be reached: {kind}")
    }
}

/// A cluster with a project, and somebody who may work there.
pub(crate) struct Rig {
    pub(crate) cluster: Cluster,
    pub(crate) token: String,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let cluster = Cluster::with(options).await;
        cluster.project(PROJECT, "alice");
        Self { token: cluster.token("alice"), cluster }
    }

    pub(crate) fn provider(&self) -> Arc<dyn BuildProvider> {
        let way = Arc::new(OpenWay);
        TektonProvider::open(Some(self.cluster.url()), &Settings::default(), way, Arc::new(SystemClock)).unwrap()
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
            settings: effective_configuration(&descriptor().settings, &Settings::default(), Some(&values)),
        }
    }

    /// Makes a build service whose pipeline is this.
    pub(crate) async fn service(&self, definition: &Value, own: &[(&str, Value)]) -> Service {
        let mut own = own.to_vec();
        own.push(("pipeline.definition", json!(definition.to_string())));
        self.made(&own).await.unwrap()
    }

    pub(crate) async fn made(&self, own: &[(&str, Value)]) -> Result<Service, ProviderError> {
        let spec = self.spec(ServiceId::generate(&SystemIds), "shop/app", own);
        self.provider().validate(&self.access(), &spec).await?;
        let config = self.provider().create_config(&self.access(), &spec).await?;
        Ok(Service { spec, config })
    }

    pub(crate) async fn start(&self, service: &Service) -> RunRef {
        self.provider().start(&self.access(), service.request()).await.unwrap()
    }

    /// Follows a run to its end, again from where it was when the stream ends before, and remembers what was told.
    pub(crate) async fn follow(&self, run: &RunRef) -> Told {
        let provider = self.provider();
        let mut told = Told::default();
        let all = async {
            while !told.is_complete {
                let mut stream = provider.follow(&self.access(), run, told.resume.clone(), CancellationToken::new());
                while let Some(item) = stream.next().await {
                    match item {
                        Ok(observed) => told.take(observed),
                        Err(error) if error.is_transient() => told.troubles += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, all).await.unwrap();
        told
    }
}

/// A build service, and what is needed to start builds of it.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) spec: BuildConfigSpec,
    pub(crate) config: ConfigRef,
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

/// What was told of a run.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) run: Option<RunObservation>,
    pub(crate) stages: Vec<StageObservation>,
    pub(crate) lines: Vec<LogLine>,
    pub(crate) troubles: usize,
    resume: Option<ResumeToken>,
    is_complete: bool,
}

impl Told {
    fn take(&mut self, observed: Observed) {
        self.resume = Some(observed.resume);
        for observation in observed.observations {
            match observation {
                Observation::Run(run) => self.run = Some(run),
                Observation::Stages(stages) => {
                    for stage in stages {
                        self.stages.retain(|known| known.key != stage.key);
                        self.stages.push(stage);
                    }
                }
                Observation::Lines(lines) => self.lines.extend(lines),
                Observation::Complete => self.is_complete = true,
                _ => {}
            }
        }
        self.stages.sort_by_key(|stage| stage.position);
    }

    pub(crate) fn stage(&self, key: &str) -> &StageObservation {
        self.stages.iter().find(|stage| stage.key.as_str() == key).unwrap_or_else(|| panic!("no {key} in {self:#?}"))
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.lines.iter().map(|line| line.text.as_str()).collect()
    }
}

/// A task that does this in one step.
pub(crate) fn task(name: &str, script: &str, after: &[&str]) -> Value {
    json!({ "name": name, "runAfter": after, "taskSpec": { "steps": [{ "name": "work", "image": "example.test/image", "script": script }] } })
}
