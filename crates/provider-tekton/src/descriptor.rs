//! What the Tekton provider says of itself.

use alm_build_spi::ProviderDescriptor;
use alm_domain::{Capability, ProviderKind, SettingDefinition, SettingKind, SettingScope};
use serde_json::json;

use crate::note::MODES;

/// What the Tekton provider says of itself; the same for every instance.
#[must_use]
pub fn descriptor() -> ProviderDescriptor {
    use Capability::{
        Approvals, Cancel, Deploy, Describe, LateSecrets, LiveLog, LogTimestamps, ParallelStages, Parameters,
        PlannedGraph, Rerun, RerunFromStage, Secrets, StageLog, Stages,
    };
    ProviderDescriptor {
        kind: ProviderKind::Tekton,
        capabilities: [
            Stages, ParallelStages, PlannedGraph, Parameters, Describe, Cancel, Rerun, RerunFromStage, Approvals, LiveLog,
            StageLog, LogTimestamps, Secrets, LateSecrets, Deploy,
        ]
        .into(),
        needs_token: true,
        deploys_itself: false,
        has_external_runs: true,
        adopts: None,
        settings: settings(),
        isolation: "Tasks run on the cluster, in pods of their own, with the rights of the service account that the settings name."
            .to_owned(),
    }
}

fn settings() -> Vec<SettingDefinition> {
    use SettingKind::{List, Text};
    use SettingScope::{Overridable, Provider, Service};
    let modes = SettingKind::Choice(MODES.iter().map(|&mode| mode.to_owned()).collect());
    let define = SettingDefinition::new;
    vec![
        define(
            "cluster.ca",
            "Certificates of the cluster",
            "Certificates (PEM) of the authority of the cluster's API, where the system does not know it. They are trusted along with \
             those of the system; certificates are always verified.",
            Text,
            Provider,
            None,
        ),
        define("namespace", "Namespace", "Namespace of the cluster in which pipelines run.", Text, Overridable, None),
        define(
            "pipeline",
            "Pipeline",
            "Name of a Pipeline: in the namespace, or as the resolver knows it. Leave it out to give the pipeline itself, or to name a \
             task.",
            Text,
            Service,
            None,
        ),
        define(
            "task",
            "Task",
            "Name of a Task, in the namespace or as the resolver knows it: a pipeline of that task alone, which is given every parameter \
             and every workspace of these settings.",
            Text,
            Service,
            None,
        ),
        define(
            "pipeline.definition",
            "Definition of the pipeline",
            "A Pipeline or a Task as YAML or JSON: the whole object, or its specification (`tasks`, `params`, `finally` … or `steps` …). \
             Leave it out to name one.",
            Text,
            Service,
            None,
        ),
        define(
            "pipeline.resolver",
            "Resolver",
            "Where the pipeline or task of that name comes from: `cluster`, `bundles`, `git`, or another resolver that the cluster has. \
             Resolvers use the cluster's own rights. Without one: from the namespace.",
            Text,
            Service,
            None,
        ),
        define(
            "pipeline.resolver.params",
            "Parameters of the resolver",
            "What the resolver asks for besides name and kind, each as NAME=VALUE: such as namespace=…, bundle=…, or url=…, revision=… \
             and pathInRepo=….",
            List,
            Service,
            None,
        ),
        define(
            "params",
            "Parameters of the pipeline",
            "What builds give to the pipeline unless they are started with something else, each as NAME=VALUE. An array or an object of \
             texts is written as JSON behind NAME:=, such as FLAGS:=[\"-v\", \"-x\"].",
            List,
            Overridable,
            None,
        ),
        define(
            "param.url",
            "Parameter for the repository",
            "Name of the pipeline's parameter that takes the address of the repository. Without it the pipeline is not told.",
            Text,
            Overridable,
            None,
        ),
        define(
            "param.revision",
            "Parameter for the reference",
            "Name of the pipeline's parameter that takes the branch, tag or commit to build. Without it the pipeline is not told.",
            Text,
            Overridable,
            None,
        ),
        define(
            "workspaces",
            "Workspaces",
            "What the pipeline's workspaces are, each as NAME=KIND or NAME=KIND:VALUE: emptyDir, claim:CLAIM, volume:SIZE (a claim \
             of its own for each run, such as volume:1Gi), secret:SECRET, config:CONFIGMAP.",
            List,
            Overridable,
            None,
        ),
        define(
            "secrets.workspace",
            "Workspace for secrets",
            "Workspace of the pipeline in which a build's secrets are, each in a file of its name. They are there for the time of the run.",
            Text,
            Overridable,
            None,
        ),
        define(
            "secrets.files",
            "Places of secrets",
            "Secrets that tasks want elsewhere, each as SECRET=WORKSPACE/FILE: such as REGISTRY=dockerconfig/config.json, or \
             GIT=basic-auth/.git-credentials. Files that Kubernetes knows make a Secret of their type: .dockerconfigjson, \
             ssh-privatekey, username and password.",
            List,
            Overridable,
            None,
        ),
        define(
            "secrets.pull",
            "Secrets for images",
            "Names of secrets by which the images of the tasks' steps are pulled, each a configuration of docker as JSON. They are given \
             to the cluster alone, and to tasks only where secrets.files says so.",
            List,
            Overridable,
            None,
        ),
        define(
            "tokens.workspaces",
            "Workspaces for tokens",
            "Workspaces of the pipeline that hold the token of an environment in the file `token`, each as ENVIRONMENT=WORKSPACE. Each is \
             for one environment. Where the token comes later, the tasks that use the workspace wait for it.",
            List,
            Overridable,
            None,
        ),
        define(
            "environments",
            "Tasks that deploy",
            "Tasks of the pipeline that deploy to an environment, each as TASK=ENVIRONMENT. They are what a promotion runs again.",
            List,
            Overridable,
            None,
        ),
        define(
            "service_account",
            "Service account",
            "Service account with whose rights the tasks run; the namespace's default one when it is not given.",
            Text,
            Overridable,
            None,
        ),
        define(
            "timeout",
            "Time limit",
            "How long a run may take, as Tekton writes durations: such as 1h30m. The cluster's own limit when it is not given.",
            Text,
            Overridable,
            None,
        ),
        define(
            "timeout.tasks",
            "Time limit of the tasks",
            "How long all tasks but those of `finally` may take.",
            Text,
            Overridable,
            None,
        ),
        define(
            "timeout.finally",
            "Time limit of the last tasks",
            "How long the tasks of `finally` may take.",
            Text,
            Overridable,
            None,
        ),
        define(
            "cancel.mode",
            "How runs are stopped",
            "Cancelled: at once. CancelledRunFinally: tasks at once, then `finally` runs. StoppedRunFinally: tasks that run may end, no \
             other begins, then `finally` runs.",
            modes,
            Overridable,
            Some(json!("Cancelled")),
        ),
    ]
}
