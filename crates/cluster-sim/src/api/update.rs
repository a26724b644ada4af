//! Replacing and patching objects.

use serde_json::{Value, json};

use super::{
    admission,
    ask::Ask,
    body, create,
    list::{found, shown},
    reply,
    reply::Reply,
    status::{Cause, Failure},
    target::Target,
};
use crate::world::{Home, World, text};

const MODIFIED: &str = "the object has been modified; please apply your changes to the latest version and try again";

pub(crate) fn put(world: &mut World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let object = body::of_target(ask, target)?;
    let name = text(&object["metadata"]["name"]);
    if name != target.named() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            target.named()
        )));
    }
    Ok(reply::json(200, &shown(target, &replace(world, ask, target, object, true)?)))
}

pub(crate) fn patch(world: &mut World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let media = ask.media();
    let custom = target.resource.home == Home::Custom;
    if media == "application/apply-patch+yaml" {
        return apply(world, ask, target);
    }
    let strategic = media == "application/strategic-merge-patch+json";
    if !["application/json-patch+json", "application/merge-patch+json"].contains(&media) && (custom || !strategic) {
        if custom {
            return Err(Failure::media_type(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
                false,
            ));
        }
        return Err(Failure::media_type("415: Unsupported Media Type", true));
    }
    let mut object = found(world, target)?.clone();
    let change: Value = serde_json::from_slice(&ask.body)
        .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
    crate::tekton::convert(target.resource, target.version, &mut object);
    if custom {
        // Read as it was asked for, and stored as it is kept.
        object["apiVersion"] = json!(target.resource.api_version(target.version));
    }
    if media == "application/json-patch+json" {
        let steps: json_patch::Patch = serde_json::from_value(change)
            .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
        json_patch::patch(&mut object, &steps).map_err(|error| {
            let name = target.named();
            let cause = Cause::value("patch", error.to_string());
            Failure::invalid_object(target.resource, name, &[cause])
        })?;
    } else if strategic {
        merge_by_name(&mut object, &change);
    } else {
        json_patch::merge(&mut object, &change);
    }
    Ok(reply::json(200, &shown(target, &replace(world, ask, target, object, false)?)))
}

/// A strategic merge, as far as lists go whose items are known by their names (containers, variables).
fn merge_by_name(object: &mut Value, change: &Value) {
    match (object, change) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                if value.is_null() {
                    into.remove(key);
                } else {
                    merge_by_name(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (Value::Array(into), Value::Array(from)) if from.iter().all(|item| item["name"].is_string()) => {
            for item in from {
                match into.iter_mut().find(|known| known["name"] == item["name"]) {
                    Some(known) => merge_by_name(known, item),
                    None => into.push(item.clone()),
                }
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// Server-side apply, as far as one manager who forces it needs it.
fn apply(world: &mut World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let given = body::object(ask, target.resource.kind)?;
    if world.get(target.resource, target.place(), target.named()).is_none() {
        let made = create::make(world, ask, target, target.named(), given)?;
        return Ok(reply::json(201, &shown(target, &made)));
    }
    let mut object = found(world, target)?.clone();
    json_patch::merge(&mut object, &given);
    Ok(reply::json(200, &shown(target, &replace(world, ask, target, object, false)?)))
}

/// Stores an object in the place of the one that is there.
fn replace(world: &mut World, ask: &Ask, target: &Target, mut object: Value, whole: bool) -> Result<Value, Failure> {
    let resource = target.resource;
    let old = found(world, target)?.clone();
    let name = target.named();
    let has = text(&old["metadata"]["uid"]);
    if let Some(wanted) = object["metadata"]["uid"].as_str().filter(|uid| *uid != has) {
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /{}/{}/{}/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {has}",
            if resource.home == Home::OpenShift { "openshift.io" } else { "kubernetes.io" },
            resource.plural,
            target.place(),
        );
        return Err(Failure::conflict(resource, name, &why));
    }
    let revision = text(&object["metadata"]["resourceVersion"]);
    if revision.is_empty() && whole && resource.home != Home::Core {
        let cause = Cause::value("metadata.resourceVersion", "Invalid value: 0x0: must be specified for an update");
        // As seen: this one names the resource where others name the kind.
        return Err(Failure::invalid(resource.id, resource.group, resource.plural, name, &[cause]));
    }
    if !revision.is_empty() && revision != text(&old["metadata"]["resourceVersion"]) {
        return Err(Failure::conflict(resource, name, MODIFIED));
    }
    crate::tekton::store_version(resource, &mut object);
    admission::settle(&mut object);
    admission::admit(world, target.place(), resource, &mut object, Some(&old))?;
    for kept in ["generation", "deletionTimestamp", "generateName", "selfLink"] {
        match old["metadata"].get(kept) {
            Some(value) => object["metadata"][kept] = value.clone(),
            None => {
                if let Some(metadata) = object["metadata"].as_object_mut() {
                    metadata.remove(kept);
                }
            }
        }
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    let generation = old["metadata"]["generation"].as_u64();
    if let Some(generation) = generation.filter(|_| object["spec"] != old["spec"]) {
        object["metadata"]["generation"] = json!(generation + 1);
    }
    if ask.query("dryRun").is_some() {
        return Ok(object);
    }
    create::storable(&object)?;
    Ok(world.put(resource, target.place(), name, object))
}
