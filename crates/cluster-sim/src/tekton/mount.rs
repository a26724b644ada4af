//! What tasks find in their workspaces. What a template of a claim becomes is *documented, unrecorded* (`docs/workspaces.md` of
//! tektoncd/pipeline): a claim for the run, which goes with it; tasks are told its name.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::task::Child;
use crate::world::{World, resource_of, text};

/// Contents of the Secrets and ConfigMaps that a task mounts as workspaces, by path; nothing while one of them is not there: then its pod
/// waits.
pub(super) fn files(world: &World, child: &Child) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let bound = child.run["spec"]["workspaces"].as_array().cloned().unwrap_or_default();
    for used in child.task["workspaces"].as_array().into_iter().flatten() {
        let inside = text(&used["name"]);
        let outside = used["workspace"].as_str().unwrap_or(&inside);
        let Some(workspace) = bound.iter().find(|known| known["name"] == outside) else { continue };
        let secret = workspace["secret"]["secretName"].as_str();
        let (kind, name) = match (secret, workspace["configMap"]["name"].as_str()) {
            (Some(name), _) => ("secrets", name),
            (None, Some(name)) => ("configmaps", name),
            (None, None) => continue,
        };
        let object = resource_of(kind).and_then(|kind| world.get(kind, &child.namespace, name))?;
        for (key, value) in object["data"].as_object().into_iter().flatten() {
            let content = match secret {
                Some(_) => value.as_str().and_then(|value| STANDARD.decode(value).ok()).unwrap_or_default(),
                None => text(value).into_bytes(),
            };
            found.insert(format!("/workspace/{inside}/{key}"), String::from_utf8_lossy(&content).into_owned());
        }
    }
    Some(found)
}

/// Makes the claims of a run.
pub(super) fn make_claims(world: &mut World, namespace: &str, run: &Value) {
    let Some(kind) = resource_of("persistentvolumeclaims") else { return };
    for workspace in run["spec"]["workspaces"].as_array().into_iter().flatten() {
        if workspace["volumeClaimTemplate"].is_object() {
            let owner = json!({"apiVersion": "tekton.dev/v1", "blockOwnerDeletion": true, "controller": true, "kind": "PipelineRun",
                "name": run["metadata"]["name"], "uid": run["metadata"]["uid"]});
            let claim =
                json!({"metadata": {"ownerReferences": [owner]}, "spec": workspace["volumeClaimTemplate"]["spec"]});
            world.put(kind, namespace, &claim_of(run, workspace), claim);
        }
    }
}

/// The claim that the template of a workspace becomes: its name is made of those of the workspace and the run.
fn claim_of(run: &Value, workspace: &Value) -> String {
    let whole = format!("{}{}", text(&workspace["name"]), text(&run["metadata"]["uid"]));
    let digits: String = Sha256::digest(whole).iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    format!("pvc-{digits}")
}

/// The workspaces of a task, as they are bound: templates by their claims.
pub(super) fn bound(child: &Child) -> Vec<Value> {
    let all = child.run["spec"]["workspaces"].as_array().cloned().unwrap_or_default();
    let used = child.task["workspaces"].as_array().into_iter().flatten().filter_map(|used| {
        let outside = used["workspace"].as_str().or_else(|| used["name"].as_str())?;
        let mut bound = all.iter().find(|known| known["name"] == outside)?.clone();
        if bound["volumeClaimTemplate"].is_object() {
            bound = json!({"persistentVolumeClaim": {"claimName": claim_of(&child.run, &bound)}});
        }
        bound["name"] = used["name"].clone();
        Some(bound)
    });
    used.collect()
}

/// The claims that a task mounts, by path.
pub(super) fn claims(child: &Child) -> BTreeMap<String, String> {
    let claim = |bound: Value| {
        let claim = bound["persistentVolumeClaim"]["claimName"].as_str()?.to_owned();
        Some((format!("/workspace/{}", text(&bound["name"])), claim))
    };
    bound(child).into_iter().filter_map(claim).collect()
}

/// Whether the Secrets are there by which the images of a task are pulled: pods do not wait for those.
pub(super) fn can_pull(world: &World, child: &Child) -> bool {
    let template = &child.run["spec"]["taskRunTemplate"]["podTemplate"];
    let mut named = template["imagePullSecrets"].as_array().into_iter().flatten();
    let is_docker = |secret: &Value| {
        let found = resource_of("secrets").and_then(|kind| world.get(kind, &child.namespace, &text(&secret["name"])));
        found.is_some_and(|secret| secret["type"] == "kubernetes.io/dockerconfigjson")
    };
    named.all(is_docker)
}
