//! DeploymentConfigs, and their replication controllers.

use serde_json::{Value, json};

use super::{Change, condition, kind_of, set_image, start_of, triggered};
use crate::{
    api::{ask::Ask, body, list::shown, reply, reply::Reply, status::Failure, target::Target},
    world::{World, registry::Start, text},
};

const PHASE: &str = "openshift.io/deployment.phase";
const REASON: &str = "openshift.io/deployment.status-reason";

/// The next thing that happens to a DeploymentConfig, if there is one.
pub(super) fn next(world: &World) -> Option<Vec<Change>> {
    let kind = kind_of("deploymentconfigs.apps.openshift.io")?;
    world.all(kind, None).find_map(|(key, object)| step(world, &key.namespace, object))
}

fn triggers(object: &Value) -> Vec<Value> {
    object["spec"]["triggers"].as_array().cloned().unwrap_or_default()
}

fn step(world: &World, namespace: &str, object: &Value) -> Option<Vec<Change>> {
    let controllers = kind_of("replicationcontrollers")?;
    let name = text(&object["metadata"]["name"]);
    let write = |kind, name: String, object| Change { kind, namespace: namespace.to_owned(), name, object };
    if let Some(pulled) = pulled(world, namespace, object) {
        return Some(vec![write(kind_of("deploymentconfigs.apps.openshift.io")?, name, pulled)]);
    }
    let mut next = object.clone();
    let latest = object["status"]["latestVersion"].as_i64().unwrap_or(0);
    let newest = world.get(controllers, namespace, &format!("{name}-{latest}"));
    if newest.is_none() && latest > 0 {
        // Somebody asked for it.
        return Some(vec![controller_of(&next, namespace, "manual change")?]);
    }
    if let Some(cause) = activated(object, newest) {
        return begin(world, namespace, next, cause);
    }
    let mut controller = newest?.clone();
    let phase = text(&controller["metadata"]["annotations"][PHASE]);
    let (to, reason) = match (phase.as_str(), start_of(world, namespace, &controller)) {
        ("New", _) => ("Running", None),
        ("Running", Start::Starts) => ("Complete", None),
        ("Running", Start::Never) => ("Failed", Some(format!("{name}-{latest} failed: pods did not become available"))),
        _ => return None,
    };
    controller["metadata"]["annotations"][PHASE] = json!(to);
    if let Some(reason) = reason {
        controller["metadata"]["annotations"][REASON] = json!(reason);
    }
    let now = world.clock.stamp();
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let told = match to {
        "Complete" => {
            next["status"]["availableReplicas"] = json!(wanted);
            let done = format!("replication controller \"{name}-{latest}\" successfully rolled out");
            Some(condition(&now, "Progressing", true, "NewReplicationControllerAvailable", &done))
        }
        "Failed" => {
            let late = format!("replication controller \"{name}-{latest}\" has failed progressing");
            Some(condition(&now, "Progressing", false, "ProgressDeadlineExceeded", &late))
        }
        _ => None,
    };
    let mut changes = vec![write(controllers, format!("{name}-{latest}"), controller)];
    if let Some(told) = told {
        next["status"]["conditions"] = json!([told]);
        changes.push(write(kind_of("deploymentconfigs.apps.openshift.io")?, name, next));
    }
    Some(changes)
}

/// Begins the next rollout of a DeploymentConfig as it is.
fn begin(world: &World, namespace: &str, mut config: Value, cause: &str) -> Option<Vec<Change>> {
    let name = text(&config["metadata"]["name"]);
    let latest = config["status"]["latestVersion"].as_i64().unwrap_or(0) + 1;
    if !config["status"].is_object() {
        config["status"] = json!({});
    }
    config["status"]["latestVersion"] = json!(latest);
    config["status"]["details"] = json!({"message": cause});
    let now = world.clock.stamp();
    config["status"]["conditions"] = json!([condition(&now, "Progressing", true, "ReplicationControllerUpdated", "")]);
    let controller = controller_of(&config, namespace, cause)?;
    let kind = kind_of("deploymentconfigs.apps.openshift.io")?;
    Some(vec![controller, Change { kind, namespace: namespace.to_owned(), name, object: config }])
}

/// The replication controller of the newest rollout of a DeploymentConfig.
fn controller_of(config: &Value, namespace: &str, cause: &str) -> Option<Change> {
    let (name, latest) = (text(&config["metadata"]["name"]), &config["status"]["latestVersion"]);
    let object = json!({
        "metadata": {"annotations": {PHASE: "New", "openshift.io/deployment-config.name": name, REASON: cause}},
        "spec": {"template": config["spec"]["template"], "replicas": config["spec"]["replicas"]},
    });
    let kind = kind_of("replicationcontrollers")?;
    Some(Change { kind, namespace: namespace.to_owned(), name: format!("{name}-{latest}"), object })
}

/// Keeps the status of a DeploymentConfig as it is, whatever is written into it: but for the number of the newest rollout, which may
/// grow by one. *Unrecorded*: as `PrepareForUpdate` of the API server has it.
pub(crate) fn admit(object: &mut Value, old: Option<&Value>) {
    let Some(old) = old else {
        object["status"] = json!({});
        return;
    };
    let (given, known) = (object["status"]["latestVersion"].as_i64(), old["status"]["latestVersion"].as_i64());
    object["status"] = if old["status"].is_object() { old["status"].clone() } else { json!({}) };
    if given == Some(known.unwrap_or(0) + 1) {
        object["status"]["latestVersion"] = json!(given);
    }
}

/// Why the controller begins a rollout now, if it does: as `triggerActivated` of openshift-controller-manager has it. A trigger on an image
/// is one on any change of images, also where it is not automatic.
fn activated(object: &Value, newest: Option<&Value>) -> Option<&'static str> {
    let all = triggers(object);
    let of_images: Vec<&Value> = all.iter().filter(|trigger| trigger["type"] == "ImageChange").collect();
    let on_change = all.iter().any(|trigger| trigger["type"] == "ConfigChange");
    if object["spec"]["paused"] == true {
        return None;
    }
    let Some(newest) = newest else {
        let is_given = |trigger: &&Value| !text(&trigger["imageChangeParams"]["lastTriggeredImage"]).is_empty();
        return match of_images.is_empty() {
            false => of_images.iter().all(is_given).then_some("image change"),
            true => on_change.then_some("config change"),
        };
    };
    let images = |object: &Value| -> Vec<String> {
        let containers = object["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten();
        containers.map(|container| text(&container["image"])).collect()
    };
    let known = images(newest);
    if !of_images.is_empty() && images(object).iter().any(|image| !known.contains(image)) {
        return Some("image change");
    }
    (on_change && newest["spec"]["template"] != object["spec"]["template"]).then_some("config change")
}

/// The DeploymentConfig with the images that its triggers give it, where those are others: as `UpdateDeploymentConfigImages` of
/// openshift-controller-manager has it. That begins no rollout.
fn pulled(world: &World, namespace: &str, object: &Value) -> Option<Value> {
    if world.triggers_are_held {
        return None;
    }
    let mut next = object.clone();
    let mut all = triggers(object);
    let is_automatic = |trigger: &&mut Value| {
        let parameters = &trigger["imageChangeParams"];
        parameters["automatic"] == true && parameters["from"]["kind"] == "ImageStreamTag"
    };
    for trigger in all.iter_mut().filter(is_automatic) {
        let parameters = &mut trigger["imageChangeParams"];
        let last = Some(text(&parameters["lastTriggeredImage"])).filter(|last| !last.is_empty());
        // A tag that is not there holds all of them up, unless it was there once.
        let image = triggered(world, namespace, &parameters["from"]).or(last)?;
        parameters["lastTriggeredImage"] = json!(image);
        for container in parameters["containerNames"].as_array().into_iter().flatten() {
            set_image(&mut next, &text(container), &image);
        }
    }
    if !all.is_empty() {
        next["spec"]["triggers"] = Value::Array(all);
    }
    (next != *object).then_some(next)
}

/// `POST deploymentconfigs/NAME/instantiate`.
pub(crate) fn instantiate(world: &mut World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let request = body::object(ask, "DeploymentRequest")?;
    if text(&request["name"]) != target.named() {
        return Err(Failure::bad_request("the name of the request does not match the name on the URL"));
    }
    let config = crate::api::list::found(world, target)?.clone();
    for change in begin(world, target.place(), config, "manual change").unwrap_or_default() {
        world.put(change.kind, &change.namespace, &change.name, change.object);
    }
    let config = crate::api::list::found(world, target)?;
    Ok(reply::json(201, &shown(target, config)))
}
