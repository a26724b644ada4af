//! What the OpenShift provider says of itself.

use alm_build_spi::ProviderDescriptor;
use alm_domain::{Capability, ProviderKind, SettingDefinition, SettingKind, SettingScope};
use serde_json::json;

/// The setting that names the BuildConfig to adopt.
pub(crate) const ADOPTS: &str = "build_config";

/// What the OpenShift provider says of itself; the same for every instance.
#[must_use]
pub fn descriptor() -> ProviderDescriptor {
    use Capability::{Approvals, Cancel, Deploy, LiveLog, LogTimestamps, Parameters, Rerun, Secrets, Stages};
    ProviderDescriptor {
        kind: ProviderKind::Openshift,
        capabilities: [Stages, Parameters, Cancel, Rerun, Approvals, LiveLog, LogTimestamps, Secrets, Deploy].into(),
        needs_token: true,
        deploys_itself: true,
        has_external_runs: true,
        adopts: Some(ADOPTS),
        settings: settings(),
        isolation: "Builds run on the cluster, with the rights of whoever started them: Docker and Source builds in pods of their \
                    own, pipelines on the Jenkins of their namespace, which all members of the namespace share."
            .to_owned(),
    }
}

fn settings() -> Vec<SettingDefinition> {
    use SettingScope::{Overridable, Provider, Service};
    let text = SettingKind::Text;
    let choice = |values: &[&str]| SettingKind::Choice(values.iter().map(|value| (*value).to_owned()).collect());
    let define = SettingDefinition::new;
    vec![
        define(
            "cluster.ca",
            "Certificates of the cluster",
            "Certificates (PEM) of the authority of the cluster's API and of its routes, where the system does not know it. They are \
             trusted along with those of the system; certificates are always verified.",
            text.clone(),
            Provider,
            None,
        ),
        define(
            "namespaces",
            "Namespaces",
            "Namespaces in which builds may be made; a `*` at the end stands for anything. When it is not given: each in which the \
             account may.",
            SettingKind::List,
            Provider,
            None,
        ),
        define(
            "jenkins.domains",
            "Domains of Jenkins",
            "Domains under which the Jenkins of pipelines may be, such as apps.example.com. Tokens are sent to hosts below them only. \
             When it is not given, Jenkins is never asked: pipelines have no log, and their questions cannot be answered.",
            SettingKind::List,
            Provider,
            None,
        ),
        define(
            "jenkins.route",
            "Route of Jenkins",
            "Name of the Route, in the namespace of the builds, by which Jenkins is reached.",
            text.clone(),
            Provider,
            Some(json!("jenkins")),
        ),
        define(
            "namespace",
            "Namespace",
            "Namespace (project) of the cluster in which builds are made.",
            text.clone(),
            Overridable,
            None,
        ),
        define(
            ADOPTS,
            "BuildConfig to adopt",
            "Name of a BuildConfig that is there already. It is used as it is: the settings below are its own, and belong to the cluster.",
            text.clone(),
            Service,
            None,
        ),
        define(
            "strategy",
            "Strategy",
            "JenkinsPipeline: a Jenkinsfile, run by the Jenkins of the namespace. Docker: a Dockerfile. Source: source code, by a builder \
             image.",
            choice(&["JenkinsPipeline", "Docker", "Source"]),
            Service,
            Some(json!("JenkinsPipeline")),
        )
        .at_engine(),
        define(
            "jenkinsfile",
            "Jenkinsfile",
            "The pipeline itself. When it is not given, jenkinsfile.path is read from the repository.",
            text.clone(),
            Service,
            None,
        )
        .at_engine(),
        define(
            "jenkinsfile.path",
            "Path of the Jenkinsfile",
            "Where the pipeline is in the repository, from the folder that is built.",
            text.clone(),
            Service,
            Some(json!("Jenkinsfile")),
        )
        .at_engine(),
        define(
            "dockerfile",
            "Dockerfile",
            "The Dockerfile itself. When it is not given, dockerfile.path is read from the repository.",
            text.clone(),
            Service,
            None,
        )
        .at_engine(),
        define(
            "dockerfile.path",
            "Path of the Dockerfile",
            "Where the Dockerfile is in the repository, from the folder that is built.",
            text.clone(),
            Service,
            Some(json!("Dockerfile")),
        )
        .at_engine(),
        define(
            "builder.image",
            "Builder image",
            "What builds source code: `NAME:TAG` or `NAMESPACE/NAME:TAG` of an image stream, or `docker://REGISTRY/…` of an image.",
            text.clone(),
            Service,
            None,
        )
        .at_engine(),
        define(
            "output.image",
            "Output image",
            "Where a Docker or Source build puts its image: `NAME:TAG` or `NAMESPACE/NAME:TAG` of an image stream, or `docker://REGISTRY/…`.",
            text.clone(),
            Service,
            None,
        )
        .at_engine(),
        define(
            "environment",
            "Environment",
            "Variables of the build, each as NAME=VALUE. They can be read on the cluster: no secrets here.",
            SettingKind::List,
            Service,
            None,
        )
        .at_engine(),
        define(
            "source.secret",
            "Secret of the repository",
            "Name of a Secret in the namespace, by which the cluster fetches the source.",
            text.clone(),
            Overridable,
            None,
        )
        .at_engine(),
        define(
            "service_account",
            "Service account",
            "Service account of the namespace, with whose rights Docker and Source builds run; `builder` when it is not given.",
            text.clone(),
            Overridable,
            None,
        )
        .at_engine(),
        define(
            "run.policy",
            "Run policy",
            "Serial: one build at a time, in order. SerialLatestOnly: one at a time, of those that wait only the newest. Parallel: all at once.",
            choice(&["Serial", "SerialLatestOnly", "Parallel"]),
            Overridable,
            Some(json!("Serial")),
        )
        .at_engine(),
        define(
            "resources.cpu",
            "Processors",
            "Processors that a build may use, such as 500m or 2.",
            text.clone(),
            Overridable,
            None,
        )
        .at_engine(),
        define(
            "resources.memory",
            "Memory",
            "Memory that a build may use, such as 512Mi or 2Gi.",
            text.clone(),
            Overridable,
            None,
        )
        .at_engine(),
        define(
            "triggers",
            "Triggers of the cluster",
            "What makes the cluster itself start builds: ConfigChange (the configuration changed), ImageChange (the builder image changed). \
             Such builds are started by the cluster, are given no secrets, and appear here within half a minute.",
            SettingKind::List,
            Service,
            None,
        )
        .at_engine(),
        define(
            "secrets.mount",
            "Folder of secrets",
            "Folder in which Docker and Source builds find the secrets of this service while they run, such as /run/alm: each is a file, \
             whose path is in a variable. They do not become part of the image. Needs OpenShift 4.9 or later. When it is not given, such \
             builds are given no secrets; pipelines are given theirs by Jenkins, whatever stands here.",
            text.clone(),
            Overridable,
            None,
        )
        .at_engine(),
        define(
            "secrets.kinds",
            "Kinds of secrets",
            "What Jenkins makes of the secrets of this service for its pipelines, each as SECRET=KIND: text, file (the secret is the \
             content), basic-auth:USER (the secret is the password), ssh-auth or ssh-auth:USER (the secret is the private key). Secrets \
             that are not named are text. For pipelines alone: Docker and Source builds find every secret as a file.",
            SettingKind::List,
            Service,
            None,
        ),
        define(
            "deploy.workload",
            "Workload",
            "What is given the image when a version is promoted or rolled back, by its name in the namespace of each environment: \
             `deployment/NAME` or `dc/NAME`. When it is not given, versions are brought nowhere by this service.",
            text.clone(),
            Service,
            None,
        ),
        define(
            "deploy.container",
            "Container",
            "Name of the container of the workload that is given the image. Needed where it has several.",
            text.clone(),
            Service,
            None,
        ),
        define(
            "deploy.pull_secret",
            "Pull secret for other clusters",
            "Name of a Secret in the namespace of the builds, of the type kubernetes.io/dockerconfigjson, by which other clusters fetch \
             images. It is copied to their namespaces, and stays there: their pods need it whenever they are moved.",
            text,
            Overridable,
            None,
        ),
    ]
}
