//! Reviews: what may I do?

use serde_json::{Value, json};

use super::{Caller, Role, Wish, may};
use crate::world::{World, text};

/// Answers a `SelfSubjectAccessReview`, a `SelfSubjectRulesReview`, or a `SelfSubjectReview` (*documented, unrecorded*).
pub(crate) fn review(world: &World, caller: &Caller, plural: &str, body: &Value) -> Option<Value> {
    match plural {
        "selfsubjectaccessreviews" => Some(access(world, caller, body)),
        "selfsubjectreviews" => Some(json!({
            "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {"creationTimestamp": null},
            "status": {"userInfo": {"username": caller.name, "groups": ["system:authenticated"]}},
        })),
        "selfsubjectrulesreviews" => Some(rules(world, caller, body)),
        _ => None,
    }
}

fn access(world: &World, caller: &Caller, body: &Value) -> Value {
    let asked = &body["spec"]["resourceAttributes"];
    let given = |field: &str| asked[field].as_str().filter(|value| !value.is_empty());
    let wish = Wish {
        verb: given("verb").unwrap_or_default(),
        group: given("group").unwrap_or_default(),
        plural: given("resource").unwrap_or_default(),
        subresource: given("subresource"),
        namespace: given("namespace"),
        name: given("name"),
    };
    let allowed = may(world, caller, &wish);
    let mut status = json!({"allowed": allowed});
    if allowed && let Some(namespace) = wish.namespace {
        let role = world.people.role(&caller.name, namespace).map(name_of).unwrap_or_default();
        status["reason"] = json!(format!(
            "RBAC: allowed by RoleBinding \"{role}/{namespace}\" of ClusterRole \"{role}\" to User \"{}\"",
            caller.name
        ));
    }
    json!({
        "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
        "metadata": {"creationTimestamp": null}, "spec": body["spec"], "status": status,
    })
}

fn rules(world: &World, caller: &Caller, body: &Value) -> Value {
    let namespace = text(&body["spec"]["namespace"]);
    let rule = |verbs: &[&str], groups: &[&str], resources: &[&str]| json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
    let groups = [
        "",
        "apps",
        "build.openshift.io",
        "image.openshift.io",
        "apps.openshift.io",
        "route.openshift.io",
        "tekton.dev",
    ];
    let mut given =
        vec![rule(&["create"], &["authorization.k8s.io"], &["selfsubjectaccessreviews", "selfsubjectrulesreviews"])];
    match world.people.role(&caller.name, &namespace) {
        Some(Role::View) => given.push(rule(&["get", "list", "watch"], &groups, &["*"])),
        Some(_) => given.push(rule(
            &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            &groups,
            &["*"],
        )),
        None => {}
    }
    json!({
        "kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {"creationTimestamp": null},
        "spec": {}, "status": {"resourceRules": given, "nonResourceRules": [], "incomplete": false},
    })
}

fn name_of(role: Role) -> &'static str {
    match role {
        Role::View => "view",
        Role::Edit => "edit",
        Role::Admin => "admin",
    }
}
