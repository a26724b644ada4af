//! Phases of builds and the conditions that the API server keeps beside them.

use serde_json::{Value, json};

use super::builds;
use crate::{
    api::status::{Cause, Failure},
    world::{Resource, World, text},
};

/// Whether a build in this phase has ended.
pub(crate) fn is_over(build: &Value) -> bool {
    ["Complete", "Failed", "Error", "Cancelled"].contains(&build["status"]["phase"].as_str().unwrap_or_default())
}

/// Fails where a build may not be changed so; brings its conditions up to its phase.
pub(crate) fn admit(
    world: &World,
    resource: &Resource,
    object: &mut Value,
    old: Option<&Value>,
) -> Result<(), Failure> {
    let name = text(&object["metadata"]["name"]);
    if !object["status"].is_object() {
        object["status"] = json!({});
    }
    let Some(old) = old else {
        super::config::fill_build(&mut object["spec"]);
        // Whatever phase a new one claims, it is new.
        object["status"]["phase"] = json!("New");
        object["status"]["output"] = json!({});
        note(&world.clock.stamp(), object, "");
        return Ok(());
    };
    let (was, is) = (text(&old["status"]["phase"]), text(&object["status"]["phase"]));
    if is_over(old) && was != is {
        let cause = Cause::value(
            "status.phase",
            format!("Invalid value: \"{is}\": phase cannot be updated from a terminal state"),
        );
        return Err(Failure::invalid_object(resource, &name, &[cause]));
    }
    if object["spec"] != old["spec"] {
        let diff = json!({"spec": difference(&old["spec"], &object["spec"])});
        let message = format!(
            "Invalid value: \"content of spec is not printed out, please refer to the details\": spec is immutable, diff: {diff}"
        );
        return Err(Failure::invalid_object(resource, &name, &[Cause::value("spec", message)]));
    }
    note(&world.clock.stamp(), object, &was);
    Ok(())
}

/// As a merge patch.
fn difference(old: &Value, new: &Value) -> Value {
    let (Some(before), Some(after)) = (old.as_object(), new.as_object()) else { return new.clone() };
    let mut found = serde_json::Map::new();
    for (field, value) in after {
        if before.get(field) != Some(value) {
            found.insert(field.clone(), difference(before.get(field).unwrap_or(&Value::Null), value));
        }
    }
    for field in before.keys().filter(|field| !after.contains_key(*field)) {
        found.insert(field.clone(), Value::Null);
    }
    Value::Object(found)
}

/// Brings the conditions up to the phase, as the API server does on every write.
fn note(now: &str, build: &mut Value, was: &str) {
    let status = &mut build["status"];
    let phase = text(&status["phase"]);
    let mut conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    if phase != was {
        for condition in conditions.iter_mut().filter(|condition| condition["status"] == "True") {
            condition["status"] = json!("False");
            condition["lastUpdateTime"] = json!(now);
            condition["lastTransitionTime"] = json!(now);
        }
        conditions.push(json!({"type": phase, "status": "True", "lastUpdateTime": now, "lastTransitionTime": now}));
    }
    if let Some(last) = conditions.last_mut() {
        for field in ["reason", "message"] {
            if let Some(value) = status[field].as_str() {
                last[field] = json!(value);
            }
        }
    }
    status["conditions"] = Value::Array(conditions);
    if let Some(map) = status.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
}

/// Changes the status of a build as a controller does; `fields` are merged into it.
pub(crate) fn set(world: &mut World, namespace: &str, name: &str, phase: &str, fields: &Value) {
    let Some(builds) = builds() else { return };
    let Some(mut build) = world.get(builds, namespace, name).cloned() else { return };
    if is_over(&build) {
        return;
    }
    let was = text(&build["status"]["phase"]);
    let now = world.clock.stamp();
    json_patch::merge(&mut build["status"], fields);
    build["status"]["phase"] = json!(phase);
    let began = build["status"]["startTimestamp"].is_string();
    if phase == "Running" && !began {
        build["status"]["startTimestamp"] = json!(now);
    }
    if is_over(&build) {
        if !began {
            build["status"]["startTimestamp"] = json!(now);
        }
        build["status"]["completionTimestamp"] = json!(now);
    }
    note(&now, &mut build, &was);
    world.put(builds, namespace, name, build);
}
