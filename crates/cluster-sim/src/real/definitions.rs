//! What a cluster has before anybody uses it: its kinds, its webhooks, a node, and what everybody may do.

use std::net::SocketAddr;

use alm_build_spi::ProviderError;
use alm_kubernetes::Session;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};

use super::mirror::NODE;
use crate::{
    Options,
    api::target::is_served,
    rig::PROJECT,
    world::{Home, RESOURCES, Resource},
};

const PATIENCE: Duration = Duration::from_secs(60);
const PULSE: Duration = Duration::from_millis(100);
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Makes all of it. What answers behind the scenes is at this address, and is known by the API server's own certificates.
pub(super) async fn install(
    admin: &Session,
    options: &Options,
    backstage: SocketAddr,
    ca: &str,
) -> Result<(), ProviderError> {
    let make = async |path: &str, object: Value| admin.raw(Method::POST, path, Some(&object)).await;
    make("/api/v1/namespaces", json!({ "metadata": { "name": PROJECT } })).await?;
    make("/api/v1/nodes", json!({ "metadata": { "name": NODE } })).await?;
    let status = json!({ "status": {
        "addresses": [{ "type": "InternalIP", "address": backstage.ip().to_string() }],
        "daemonEndpoints": { "kubeletEndpoint": { "Port": backstage.port() } },
    }});
    admin.merge(&format!("/api/v1/nodes/{NODE}/status"), &status).await?;
    let custom = || RESOURCES.iter().filter(|kind| kind.home == Home::Custom);
    for kind in custom() {
        let versions: Vec<&str> =
            kind.versions.iter().copied().filter(|version| is_served(options, kind, version)).collect();
        if !versions.is_empty() {
            make("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition(kind, &versions)).await?;
        }
    }
    if options.openshift {
        make("/api/v1/namespaces", json!({ "metadata": { "name": "openshift-apiserver" } })).await?;
        let service =
            json!({ "metadata": { "name": "api" }, "spec": { "type": "ExternalName", "externalName": "localhost" } });
        make("/api/v1/namespaces/openshift-apiserver/services", service).await?;
        make("/apis/apiregistration.k8s.io/v1/apiservices", users(backstage)).await?;
        let rules = json!([{ "apiGroups": ["user.openshift.io"], "resources": ["users"], "resourceNames": ["~"], "verbs": ["get"] }]);
        let role = json!({ "metadata": { "name": "basic-user" }, "rules": rules });
        make(&format!("{RBAC}/clusterroles"), role).await?;
        let everybody =
            json!([{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated" }]);
        let binding = json!({ "metadata": { "name": "basic-users" }, "subjects": everybody,
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "basic-user" } });
        make(&format!("{RBAC}/clusterrolebindings"), binding).await?;
    }
    let served = async {
        loop {
            let mut is_all = true;
            for kind in custom() {
                for version in kind.versions.iter().filter(|version| is_served(options, kind, version)) {
                    let path = format!("/apis/{}/{version}/namespaces/{PROJECT}/{}", kind.group, kind.plural);
                    is_all &= admin.raw(Method::GET, &path, None).await.is_ok();
                }
            }
            if options.openshift {
                is_all &= admin.raw(Method::GET, "/apis/user.openshift.io/v1/users/~", None).await.is_ok();
            }
            if is_all {
                return;
            }
            sleep(PULSE).await;
        }
    };
    let late = |_| ProviderError::Internal { message: "the kinds are not served in time".to_owned(), cause: None };
    timeout(PATIENCE, served).await.map_err(late)?;
    make("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", webhooks(backstage, ca)).await?;
    Ok(())
}

/// As the projects define their kinds, but for the schema: everything may stand there.
fn definition(kind: &Resource, versions: &[&str]) -> Value {
    let anything = json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
    let version = |(at, name): (usize, &&str)| json!({ "name": name, "served": true, "storage": at == 0, "schema": anything, "subresources": { "status": {} } });
    json!({
        "metadata": { "name": kind.id },
        "spec": {
            "group": kind.group, "scope": "Namespaced",
            "names": { "plural": kind.plural, "singular": kind.kind.to_lowercase(), "kind": kind.kind, "listKind": format!("{}List", kind.kind) },
            "versions": versions.iter().enumerate().map(version).collect::<Vec<_>>(),
        },
    })
}

/// OpenShift's own API server, which knows people.
fn users(backstage: SocketAddr) -> Value {
    json!({
        "metadata": { "name": "v1.user.openshift.io" },
        "spec": {
            "group": "user.openshift.io", "version": "v1", "groupPriorityMinimum": 9900, "versionPriority": 15,
            "insecureSkipTLSVerify": true,
            "service": { "namespace": "openshift-apiserver", "name": "api", "port": backstage.port() },
        },
    })
}

fn webhooks(backstage: SocketAddr, ca: &str) -> Value {
    let hook = |name: &str, group: &str, plurals: &[&str], operations: &[&str]| {
        json!({
            "name": name, "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 10,
            "clientConfig": { "url": format!("https://{backstage}/admission"), "caBundle": STANDARD.encode(ca) },
            "rules": [{ "apiGroups": [group], "apiVersions": ["*"], "resources": plurals, "operations": operations }],
        })
    };
    json!({
        "metadata": { "name": "webhooks" },
        "webhooks": [
            hook("validation.webhook.pipeline.tekton.dev", "tekton.dev", &["pipelines", "tasks", "pipelineruns"], &["CREATE", "UPDATE"]),
            hook("validation.webhook.manual-approval.openshift-pipelines.org", "openshift-pipelines.org", &["approvaltasks"], &["UPDATE"]),
        ],
    })
}
