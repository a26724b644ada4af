//! Rollouts of Deployments and DeploymentConfigs. Their objects are as they were recorded (`fabric8/deploymentconfig`); how they change
//! is *documented, unrecorded* (Kubernetes' documentation, "Deployments"; OpenShift's, "Understanding DeploymentConfigs"; the source of
//! openshift-controller-manager).

mod config;
mod deployment;

use std::sync::Arc;

use serde_json::{Value, json};

pub(crate) use config::{admit, instantiate};

use crate::{
    shared::Shared,
    world::{Resource, World, registry::Start, resource_of, text},
};

/// An object that is to be written.
struct Change {
    kind: &'static Resource,
    namespace: String,
    name: String,
    object: Value,
}

/// Carries every rollout on, until the cluster is stopped.
pub(crate) async fn controller(shared: Arc<Shared>) {
    loop {
        let Some(changes) = shared.until(|world| deployment::next(world).or_else(|| config::next(world))).await else {
            return;
        };
        shared.change(|world| {
            for change in changes {
                world.put(change.kind, &change.namespace, &change.name, change.object);
            }
        });
    }
}

/// What becomes of pods of this template.
fn start_of(world: &World, namespace: &str, object: &Value) -> Start {
    let containers = object["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten();
    let starts = containers.map(|container| world.start_of(namespace, &text(&container["image"])));
    starts.fold(Start::Starts, |all, one| match (all, one) {
        (Start::Never, _) | (_, Start::Never) => Start::Never,
        (Start::Waits, _) | (_, Start::Waits) => Start::Waits,
        _ => Start::Starts,
    })
}

/// The image that a tag of a trigger stands for.
fn triggered(world: &World, namespace: &str, from: &Value) -> Option<String> {
    let place = from["namespace"].as_str().unwrap_or(namespace);
    let tag = world.image_stream_tag(place, from["name"].as_str()?)?;
    Some(text(&tag["image"]["dockerImageReference"]))
}

/// Sets the image of a container; whether that was a change.
fn set_image(object: &mut Value, container: &str, image: &str) -> bool {
    let containers = object["spec"]["template"]["spec"]["containers"].as_array_mut().into_iter().flatten();
    let mut changed = false;
    for known in containers.filter(|known| known["name"] == container && known["image"] != image) {
        known["image"] = json!(image);
        changed = true;
    }
    if changed {
        let generation = object["metadata"]["generation"].as_i64().unwrap_or(1);
        object["metadata"]["generation"] = json!(generation + 1);
    }
    changed
}

fn condition(now: &str, kind: &str, status: bool, reason: &str, message: &str) -> Value {
    let status = if status { "True" } else { "False" };
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastUpdateTime": now, "lastTransitionTime": now})
}

fn kind_of(id: &str) -> Option<&'static Resource> {
    resource_of(id)
}
