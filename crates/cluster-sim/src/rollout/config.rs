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
    let mut next = object.clone();
    if pull_triggers(world, namespace, &mut next) {
        return begin(world, namespace, next, "image change");
    }
    let name = text(&object["metadata"]["name"]);
    let latest = object["status"]["latestVersion"].as_i64().unwrap_or(0);
    let newest = world.get(controllers, namespace, &format!("{name}-{latest}"));
    let has_config_change = triggers(object).iter().any(|trigger| trigger["type"] == "ConfigChange");
    let differs = newest.is_none_or(|newest| newest["spec"]["template"] != object["spec"]["template"]);
    if differs && has_config_change {
        return begin(world, namespace, next, "config change");
    }
    if newest.is_none() && latest > 0 {
        // Somebody asked for it.
        return Some(vec![controller_of(&next, namespace, "manual change")?]);
    }
    let mut controller = newest?.clone();
    let write = |kind, name: String, object| Change { kind, namespace: namespace.to_owned(), name, object };
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

/// Sets images by the triggers; whether there is something new.
fn pull_triggers(world: &World, namespace: &str, object: &mut Value) -> bool {
    let mut all = triggers(object);
    let mut changed = false;
    for trigger in all.iter_mut().filter(|trigger| trigger["imageChangeParams"]["automatic"] == true) {
        let parameters = &mut trigger["imageChangeParams"];
        let Some(image) = triggered(world, namespace, &parameters["from"]) else { continue };
        if parameters["lastTriggeredImage"] == image.as_str() {
            continue;
        }
        parameters["lastTriggeredImage"] = json!(image);
        changed = true;
        for container in parameters["containerNames"].as_array().into_iter().flatten() {
            set_image(object, &text(container), &image);
        }
    }
    if changed {
        object["spec"]["triggers"] = Value::Array(all);
    }
    changed
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
