//! Where the tests deploy to: a project of a cluster, with a workload and a Route.

use alm_build_spi::{Access, DeployBuild, DeployTarget, Observation, RunRef};
use alm_cluster_sim::{Cluster, Role};
use alm_domain::{BuildId, RunStatus, SystemIds};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::support::{Followed, PATIENCE, PROJECT, Rig, Service};

pub(crate) const DEPLOYMENTS: &str = "deployments.apps";
pub(crate) const CONFIGS: &str = "deploymentconfigs.apps.openshift.io";
pub(crate) const STREAMS: &str = "imagestreams.image.openshift.io";
/// What runs before anything is deployed.
pub(crate) const OLD: &str = "registry.example.test/shop/web:old";

/// A build that made an image.
pub(crate) struct Built {
    pub(crate) service: Service,
    pub(crate) run: RunRef,
    pub(crate) build: BuildId,
    pub(crate) digest: String,
}

/// A project to deploy to, and a token for it.
pub(crate) struct Place<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) project: String,
    pub(crate) token: String,
}

impl Place<'_> {
    /// A Deployment or DeploymentConfig `web`, as somebody made it there.
    pub(crate) fn workload(&self, kind: &str, more: &Value) {
        let mut object = json!({ "metadata": { "generation": 1 }, "spec": {
            "replicas": 2,
            "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": OLD, "env": [{ "name": "KEPT", "value": "yes" }] }] } },
        }});
        merge(&mut object, more);
        self.cluster.put(kind, &self.project, "web", object);
    }

    /// A Route `web` that leads to the workload.
    pub(crate) fn route(&self, host: &str) {
        self.cluster.put("services", &self.project, "front", json!({ "spec": { "selector": { "app": "web" } } }));
        let route = json!({ "spec": { "host": host, "tls": {}, "to": { "kind": "Service", "name": "front" } } });
        self.cluster.put("routes.route.openshift.io", &self.project, "web", route);
    }

    /// The image that the workload's container has.
    pub(crate) fn image(&self, kind: &str) -> String {
        let object = self.cluster.object(kind, &self.project, "web").unwrap();
        let container = &object["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["env"][0]["value"], "yes", "nothing but the image is changed");
        container["image"].as_str().unwrap().to_owned()
    }

    /// Waits until it has an image of this digest.
    pub(crate) async fn until_image(&self, kind: &str, digest: &str) {
        let has = |object: &Value| {
            let image = object["spec"]["template"]["spec"]["containers"][0]["image"].as_str();
            image.is_some_and(|image| image.ends_with(digest))
        };
        self.cluster.until(kind, &self.project, "web", PATIENCE, has).await.unwrap();
    }

    /// The digest that a tag of the stream `web` stands for.
    pub(crate) fn tagged(&self, tag: &str) -> Option<String> {
        let stream = self.cluster.object(STREAMS, &self.project, "web")?;
        let known = stream["status"]["tags"].as_array()?.iter().find(|known| known["tag"] == tag)?;
        Some(known["items"][0]["image"].as_str()?.to_owned())
    }

    pub(crate) fn target(&self) -> DeployTarget {
        DeployTarget {
            url: self.cluster.url().to_owned(),
            namespace: Some(self.project.clone()),
            ca_bundle: None,
            registry_host: None,
            access: Access { token: Some(self.token.clone().into()) },
        }
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

impl Rig {
    /// A project of the cluster of the builds, where alice may deploy.
    pub(crate) fn place(&self, project: &str) -> Place<'_> {
        self.cluster.project(project, "alice");
        Place { cluster: &self.cluster, project: project.to_owned(), token: self.cluster.token("alice") }
    }

    /// A Secret of this name with which whoever has it may fetch images of the project from this registry, and do nothing else.
    pub(crate) fn pull_secret(&self, name: &str, registry: &str) {
        self.cluster.grant("puller", PROJECT, Role::View);
        let config =
            json!({ "auths": { registry: { "username": "unused", "password": self.cluster.token("puller") } } });
        let data = json!({ ".dockerconfigjson": STANDARD.encode(config.to_string()) });
        let secret = json!({ "type": "kubernetes.io/dockerconfigjson", "data": data });
        self.cluster.put("secrets", PROJECT, name, secret);
    }

    /// A build service whose builds make an image of the stream `web`, and which is deployed by this workload.
    pub(crate) async fn image_service(&self, workload: &str, more: &[(&str, Value)]) -> Service {
        self.cluster.put(STREAMS, PROJECT, "web", json!({ "spec": {}, "status": {} }));
        let own = [
            ("strategy", json!("Docker")),
            ("dockerfile", json!("echo built")),
            ("output.image", json!("web:latest")),
            ("deploy.workload", json!(workload)),
        ];
        let own: Vec<_> = own.into_iter().chain(more.iter().cloned()).collect();
        self.service("shop/web", &own).await
    }

    /// Builds an image.
    pub(crate) async fn built(&self, service: &Service) -> Built {
        let request = service.request();
        let build = request.build;
        let run = self.provider().start(&self.access(), request).await.unwrap();
        let mut told = self.follow(&run);
        told.finish().await;
        let digest =
            self.build(&told.name)["status"]["output"]["to"]["imageDigest"].as_str().unwrap_or_default().to_owned();
        Built { service: service.clone(), run, build, digest }
    }

    /// Begins to bring an image to an environment, and follows that.
    pub(crate) async fn deploy(&self, built: &Built, environment: &str, place: &Place<'_>) -> Followed {
        let run = self.provider().deploy(&self.access(), built.to(environment, place)).await.unwrap();
        self.follow(&run)
    }
}

impl Built {
    /// The request to bring it to an environment.
    pub(crate) fn to(&self, environment: &str, place: &Place<'_>) -> DeployBuild {
        DeployBuild {
            start: alm_build_spi::StartBuild { build: BuildId::generate(&SystemIds), ..self.service.request() },
            of: self.run.clone(),
            of_build: self.build,
            commit: None,
            stages: Vec::new(),
            artifacts: Vec::new(),
            environment: environment.to_owned(),
            target: place.target(),
            version: "main-1-5ca1ab1e".to_owned(),
        }
    }
}

/// Whether a line says this.
pub(crate) fn says(told: &Followed, part: &str) -> bool {
    told.texts().iter().any(|text| text.contains(part))
}

/// Every state of a stage that was told.
pub(crate) fn states_of(told: &Followed, name: &str) -> Vec<RunStatus> {
    let mut all = Vec::new();
    for told in &told.told {
        if let Observation::Stages(stages) = told {
            all.extend(stages.iter().filter(|stage| stage.name == name).map(|stage| stage.status));
        }
    }
    all
}
