//! Deployments.

use serde_json::{Value, json};

use super::{Change, condition, kind_of, set_image, start_of, triggered};
use crate::world::{World, registry::Start, text};

/// The next thing that happens to a Deployment, if there is one.
pub(super) fn next(world: &World) -> Option<Vec<Change>> {
    let kind = kind_of("deployments.apps")?;
    world.all(kind, None).find_map(|(key, object)| {
        let object = changed(world, &key.namespace, object)?;
        Some(vec![Change { kind, namespace: key.namespace.clone(), name: key.name.clone(), object }])
    })
}

fn changed(world: &World, namespace: &str, object: &Value) -> Option<Value> {
    let mut next = object.clone();
    if pull_trigger(world, namespace, &mut next) {
        return Some(next);
    }
    let now = world.clock.stamp();
    let name = text(&object["metadata"]["name"]);
    let generation = object["metadata"]["generation"].as_i64().unwrap_or(1);
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let status = &object["status"];
    if status["observedGeneration"].as_i64() != Some(generation) {
        let available = status["availableReplicas"].as_i64().unwrap_or(0);
        next["metadata"]["generation"] = json!(generation);
        next["status"] = json!({
            "observedGeneration": generation, "replicas": available + 1, "updatedReplicas": 1,
            "availableReplicas": available, "readyReplicas": available, "unavailableReplicas": 1,
            "conditions": [condition(&now, "Progressing", true, "ReplicaSetUpdated", &format!("ReplicaSet \"{name}\" is progressing."))],
        });
        return Some(next);
    }
    let progressing = &status["conditions"][0];
    if progressing["reason"] != "ReplicaSetUpdated" || object["spec"]["paused"] == true {
        return None;
    }
    match start_of(world, namespace, object) {
        Start::Waits => return None,
        Start::Starts => {
            let done = format!("ReplicaSet \"{name}\" has successfully progressed.");
            next["status"] = json!({
                "observedGeneration": generation, "replicas": wanted, "updatedReplicas": wanted,
                "availableReplicas": wanted, "readyReplicas": wanted,
                "conditions": [
                    condition(&now, "Progressing", true, "NewReplicaSetAvailable", &done),
                    condition(&now, "Available", true, "MinimumReplicasAvailable", "Deployment has minimum availability."),
                ],
            });
        }
        Start::Never => {
            let late = format!("ReplicaSet \"{name}\" has timed out progressing.");
            next["status"]["conditions"] =
                json!([condition(&now, "Progressing", false, "ProgressDeadlineExceeded", &late)]);
        }
    }
    Some(next)
}

/// Sets images by the annotation that names tags; whether that changed something.
fn pull_trigger(world: &World, namespace: &str, object: &mut Value) -> bool {
    let annotation = text(&object["metadata"]["annotations"]["image.openshift.io/triggers"]);
    let all: Vec<Value> = serde_json::from_str(&annotation).unwrap_or_default();
    let mut changed = false;
    for trigger in all.into_iter().filter(|trigger| trigger["paused"] != true && !world.triggers_are_held) {
        let path = text(&trigger["fieldPath"]);
        let container = path.split("@.name==\"").nth(1).and_then(|rest| rest.split('"').next());
        if let (Some(container), Some(image)) = (container, triggered(world, namespace, &trigger["from"])) {
            changed |= set_image(object, container, &image);
        }
    }
    changed
}
