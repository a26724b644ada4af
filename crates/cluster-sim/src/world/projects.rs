//! Projects: a namespace, a role for its admin, its service accounts.

use serde_json::{Value, json};

use super::{World, resource_of};
use crate::people::Role;

impl World {
    pub(crate) fn make_project(&mut self, name: &str, admin: &str, display: &str, description: &str) -> Value {
        self.people.user(admin);
        self.people.grant(admin, name, Role::Admin);
        let (Some(namespaces), Some(bindings)) =
            (resource_of("namespaces"), resource_of("rolebindings.rbac.authorization.k8s.io"))
        else {
            return Value::Null;
        };
        let made = self.put(
            namespaces,
            "",
            name,
            json!({
                "metadata": {"annotations": {
                    "openshift.io/description": description,
                    "openshift.io/display-name": display,
                    "openshift.io/requester": admin,
                }},
                "spec": {"finalizers": ["openshift.io/origin", "kubernetes"]},
                "status": {"phase": "Active"},
            }),
        );
        self.put(
            bindings,
            name,
            "admin",
            json!({
                "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": admin}],
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
            }),
        );
        made
    }

    /// The service accounts that a controller makes a moment after the project.
    pub(crate) fn make_service_accounts(&mut self, project: &str) {
        if let Some(accounts) = resource_of("serviceaccounts") {
            for name in ["builder", "default", "deployer", "pipeline"] {
                self.put(accounts, project, name, json!({}));
            }
        }
    }
}

/// The project that a namespace is shown as.
pub(crate) fn project_of(namespace: &Value) -> Value {
    let mut shown = namespace.clone();
    if let Some(metadata) = shown["metadata"].as_object_mut() {
        metadata.remove("labels");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|_, value| value != "");
        }
    }
    shown["spec"] = json!({"finalizers": ["openshift.io/origin", "kubernetes"]});
    shown
}
