//! Which kinds there are.

use serde_json::{Value, json};

use super::{ask::Ask, reply, reply::Reply, status::Failure, target::is_served};
use crate::{
    Options,
    people::Caller,
    world::{Home, RESOURCES, Resource},
};

/// Answers, where the path names no object.
pub(crate) fn answer(options: &Options, caller: &Caller, ask: &Ask) -> Option<Result<Reply, Failure>> {
    if ask.method != "GET" {
        return None;
    }
    match ask.path.as_str() {
        "/healthz" | "/livez" | "/readyz" => return Some(Ok(reply::text(200, "ok", &[]))),
        "/version" => return Some(Ok(reply::json(200, &version()))),
        "/version/openshift" => return Some(Err(Failure::no_such_path())),
        _ => {}
    }
    let parts: Vec<&str> = ask.path.split('/').filter(|part| !part.is_empty()).collect();
    let found = match parts.as_slice() {
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        ["apis"] => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups(options)}),
        ["api", "v1"] => resources(options, "", "v1")?,
        ["apis", group] => {
            let mut one = groups(options).into_iter().find(|known| known["name"] == *group)?;
            one["kind"] = json!("APIGroup");
            one["apiVersion"] = json!("v1");
            one
        }
        ["apis", "authentication.k8s.io", "v1"] => authentication(options),
        ["apis", group, version] => resources(options, group, version)?,
        _ => return None,
    };
    if caller.is_anonymous() {
        return Some(Err(Failure::forbidden_path(&caller.name, &ask.path)));
    }
    Some(Ok(reply::json(200, &found)))
}

/// The kinds that are answered, and not stored.
fn authentication(options: &Options) -> Value {
    let kind = |plural: &str, kind: &str| json!({"name": plural, "singularName": "", "namespaced": false, "kind": kind, "verbs": ["create"]});
    let mut kinds = vec![kind("tokenreviews", "TokenReview")];
    if options.self_reviews {
        kinds.push(kind("selfsubjectreviews", "SelfSubjectReview"));
    }
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "authentication.k8s.io/v1", "resources": kinds})
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "21", "gitVersion": "v1.21.1+simulated", "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.16.6", "compiler": "gc", "platform": "linux/amd64",
    })
}

fn groups(options: &Options) -> Vec<Value> {
    let mut names: Vec<&str> = RESOURCES.iter().map(|known| known.group).filter(|group| !group.is_empty()).collect();
    names.dedup();
    let mut listed = Vec::new();
    for name in names {
        let of_group = RESOURCES.iter().filter(|known| known.group == name);
        let mut versions: Vec<&str> = of_group
            .flat_map(|known| known.versions.iter().copied().filter(|version| is_served(options, known, version)))
            .collect();
        versions.sort_unstable();
        versions.dedup();
        let told: Vec<Value> = versions
            .iter()
            .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
            .collect();
        if let Some(first) = told.first().cloned() {
            listed.push(json!({"name": name, "versions": told, "preferredVersion": first}));
        }
    }
    listed
}

fn resources(options: &Options, group: &str, version: &str) -> Option<Value> {
    let served: Vec<&Resource> = RESOURCES
        .iter()
        .filter(|known| known.group == group && known.versions.contains(&version) && is_served(options, known, version))
        .collect();
    if served.is_empty() {
        return None;
    }
    let mut listed = Vec::new();
    for known in served {
        listed.push(entry(known.plural, known));
        for (sub, kind, verb) in subresources(known) {
            let mut sub = entry(&format!("{}/{sub}", known.plural), known);
            sub["kind"] = json!(kind);
            sub["verbs"] = json!([verb]);
            listed.push(sub);
        }
    }
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut list = json!({"kind": "APIResourceList", "groupVersion": name, "resources": listed});
    if !group.is_empty() {
        list["apiVersion"] = json!("v1");
    }
    Some(list)
}

fn entry(name: &str, known: &Resource) -> Value {
    let singular =
        if known.home == Home::Custom && !name.contains('/') { known.kind.to_lowercase() } else { String::new() };
    json!({
        "name": name, "singularName": singular, "namespaced": known.namespaced, "kind": known.kind,
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    })
}

/// With the kind that is sent there or comes from there, and what can be done.
fn subresources(known: &Resource) -> &'static [(&'static str, &'static str, &'static str)] {
    match known.id {
        "builds.build.openshift.io" => {
            &[("clone", "BuildRequest", "create"), ("details", "Build", "update"), ("log", "BuildLog", "get")]
        }
        "buildconfigs.build.openshift.io" => &[
            ("instantiate", "BuildRequest", "create"),
            ("instantiatebinary", "BinaryBuildRequestOptions", "create"),
            ("webhooks", "Build", "create"),
        ],
        "pods" => &[("log", "Pod", "get")],
        _ => &[],
    }
}
