//! The kinds that a cluster knows.

use super::Key;

/// Who serves a kind, which shows in its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// The kube-apiserver itself.
    Core,
    /// OpenShift's API server behind it.
    OpenShift,
    /// A custom resource.
    Custom,
}

#[derive(Debug)]
pub(crate) struct Resource {
    /// As messages name it: `builds.build.openshift.io`, `secrets`.
    pub(crate) id: &'static str,
    pub(crate) group: &'static str,
    pub(crate) versions: &'static [&'static str],
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) home: Home,
    /// Whether its spec is counted in `metadata.generation`.
    pub(crate) generations: bool,
}

const fn of(
    id: &'static str,
    (group, versions): (&'static str, &'static [&'static str]),
    (plural, kind): (&'static str, &'static str),
    home: Home,
) -> Resource {
    let namespaced = true;
    Resource { id, group, versions, plural, kind, namespaced, home, generations: !matches!(home, Home::Core) }
}

const fn of_cluster(resource: Resource) -> Resource {
    Resource { namespaced: false, generations: false, ..resource }
}

const fn counted(resource: Resource) -> Resource {
    Resource { generations: true, ..resource }
}

const CORE: (&str, &[&str]) = ("", &["v1"]);
const APPS: (&str, &[&str]) = ("apps", &["v1"]);
const RBAC: (&str, &[&str]) = ("rbac.authorization.k8s.io", &["v1"]);
const BUILD: (&str, &[&str]) = ("build.openshift.io", &["v1"]);
const IMAGE: (&str, &[&str]) = ("image.openshift.io", &["v1"]);
const OLD_APPS: (&str, &[&str]) = ("apps.openshift.io", &["v1"]);
const ROUTE: (&str, &[&str]) = ("route.openshift.io", &["v1"]);
const PROJECT: (&str, &[&str]) = ("project.openshift.io", &["v1"]);
const USER: (&str, &[&str]) = ("user.openshift.io", &["v1"]);
const OAUTH: (&str, &[&str]) = ("oauth.openshift.io", &["v1"]);
const TEKTON: (&str, &[&str]) = ("tekton.dev", &["v1", "v1beta1"]);

/// All of them.
pub(crate) static RESOURCES: &[Resource] = &[
    of_cluster(of("namespaces", CORE, ("namespaces", "Namespace"), Home::Core)),
    of("pods", CORE, ("pods", "Pod"), Home::Core),
    of("secrets", CORE, ("secrets", "Secret"), Home::Core),
    of("configmaps", CORE, ("configmaps", "ConfigMap"), Home::Core),
    of("services", CORE, ("services", "Service"), Home::Core),
    of("serviceaccounts", CORE, ("serviceaccounts", "ServiceAccount"), Home::Core),
    of("events", CORE, ("events", "Event"), Home::Core),
    of("resourcequotas", CORE, ("resourcequotas", "ResourceQuota"), Home::Core),
    of("persistentvolumeclaims", CORE, ("persistentvolumeclaims", "PersistentVolumeClaim"), Home::Core),
    counted(of("replicationcontrollers", CORE, ("replicationcontrollers", "ReplicationController"), Home::Core)),
    counted(of("deployments.apps", APPS, ("deployments", "Deployment"), Home::Core)),
    counted(of("replicasets.apps", APPS, ("replicasets", "ReplicaSet"), Home::Core)),
    of("rolebindings.rbac.authorization.k8s.io", RBAC, ("rolebindings", "RoleBinding"), Home::Core),
    of("buildconfigs.build.openshift.io", BUILD, ("buildconfigs", "BuildConfig"), Home::OpenShift),
    of("builds.build.openshift.io", BUILD, ("builds", "Build"), Home::OpenShift),
    of("imagestreams.image.openshift.io", IMAGE, ("imagestreams", "ImageStream"), Home::OpenShift),
    of("imagestreamtags.image.openshift.io", IMAGE, ("imagestreamtags", "ImageStreamTag"), Home::OpenShift),
    of("imagestreamimports.image.openshift.io", IMAGE, ("imagestreamimports", "ImageStreamImport"), Home::OpenShift),
    of("deploymentconfigs.apps.openshift.io", OLD_APPS, ("deploymentconfigs", "DeploymentConfig"), Home::OpenShift),
    of("routes.route.openshift.io", ROUTE, ("routes", "Route"), Home::OpenShift),
    of_cluster(of("projects.project.openshift.io", PROJECT, ("projects", "Project"), Home::OpenShift)),
    of_cluster(of(
        "projectrequests.project.openshift.io",
        PROJECT,
        ("projectrequests", "ProjectRequest"),
        Home::OpenShift,
    )),
    of_cluster(of("users.user.openshift.io", USER, ("users", "User"), Home::OpenShift)),
    of_cluster(of(
        "oauthaccesstokens.oauth.openshift.io",
        OAUTH,
        ("oauthaccesstokens", "OAuthAccessToken"),
        Home::OpenShift,
    )),
    of_cluster(of(
        "useroauthaccesstokens.oauth.openshift.io",
        OAUTH,
        ("useroauthaccesstokens", "UserOAuthAccessToken"),
        Home::OpenShift,
    )),
    of("pipelines.tekton.dev", TEKTON, ("pipelines", "Pipeline"), Home::Custom),
    of("tasks.tekton.dev", TEKTON, ("tasks", "Task"), Home::Custom),
    of("pipelineruns.tekton.dev", TEKTON, ("pipelineruns", "PipelineRun"), Home::Custom),
    of("taskruns.tekton.dev", TEKTON, ("taskruns", "TaskRun"), Home::Custom),
    of("customruns.tekton.dev", ("tekton.dev", &["v1beta1"]), ("customruns", "CustomRun"), Home::Custom),
    of(
        "approvaltasks.openshift-pipelines.org",
        ("openshift-pipelines.org", &["v1alpha1"]),
        ("approvaltasks", "ApprovalTask"),
        Home::Custom,
    ),
];

/// The kind that messages name so.
pub(crate) fn resource_of(id: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.id == id)
}

impl Resource {
    pub(crate) fn key(&self, namespace: &str, name: &str) -> Key {
        Key { resource: self.id, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// As messages about an invalid one name it: `Build.build.openshift.io`, `Secret`.
    pub(crate) fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }

    pub(crate) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }
}
