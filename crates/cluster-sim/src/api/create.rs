//! Creating objects.

use serde_json::{Value, json};

use super::{
    admission,
    ask::Ask,
    body,
    list::shown,
    reply,
    reply::Reply,
    status::{Cause, Failure},
    target::Target,
};
use crate::world::{Resource, World, text, uid};

pub(crate) fn create(world: &mut World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let mut object = body::of_target(ask, target)?;
    if let (Some(prefix), None) = (object["metadata"]["generateName"].as_str(), object["metadata"]["name"].as_str()) {
        object["metadata"]["name"] = json!(format!("{prefix}{}", suffix()));
    }
    let name = text(&object["metadata"]["name"]);
    Ok(reply::json(201, &shown(target, &make(world, ask, target, &name, object)?)))
}

/// Five letters, as names are made unique by.
pub(crate) fn suffix() -> String {
    uid().chars().filter(|letter| *letter != '-').take(5).collect()
}

/// Makes an object of this name.
pub(crate) fn make(
    world: &mut World,
    ask: &Ask,
    target: &Target,
    name: &str,
    mut object: Value,
) -> Result<Value, Failure> {
    let resource = target.resource;
    check_place(world, target)?;
    crate::tekton::store_version(resource, &mut object);
    admission::settle(&mut object);
    check_name(resource, name)?;
    admission::admit(world, target.place(), resource, &mut object, None)?;
    if world.get(resource, target.place(), name).is_some() {
        return Err(Failure::exists(resource.id, resource.group, resource.plural, name));
    }
    within_quota(world, target, name)?;
    clean(&mut object);
    if resource.generations {
        object["metadata"]["generation"] = json!(1);
    }
    if ask.query("dryRun").is_some() {
        object["metadata"]["uid"] = json!(uid());
        object["metadata"]["creationTimestamp"] = json!(world.clock.stamp());
        object["metadata"]["namespace"] = json!(target.place());
        return Ok(object);
    }
    storable(&object)?;
    Ok(world.put(resource, target.place(), name, object))
}

/// Fails where an object is larger than what the store takes, 1.5 MiB.
pub(super) fn storable(object: &Value) -> Result<(), Failure> {
    let size = object.to_string().len();
    if size > 1_572_864 { Err(Failure::too_large_to_store(size)) } else { Ok(()) }
}

/// Fails where a quota of the project counts objects of this kind, and there are as many already. *Documented, unrecorded* (Kubernetes'
/// documentation, "Object count quota").
fn within_quota(world: &World, target: &Target, name: &str) -> Result<(), Failure> {
    let Some(quotas) = crate::world::resource_of("resourcequotas") else { return Ok(()) };
    let (plural, used) = (target.resource.plural, world.in_namespace(target.resource, target.place()).count());
    let hard = |quota: &Value| {
        let hard = &quota["spec"]["hard"];
        let most = hard[format!("count/{plural}")].as_str().or_else(|| hard[plural].as_str())?;
        Some((text(&quota["metadata"]["name"]), most.parse::<usize>().ok()?))
    };
    match world.in_namespace(quotas, target.place()).filter_map(hard).find(|(_, most)| used >= *most) {
        None => Ok(()),
        Some((quota, most)) => {
            let why = format!(
                "exceeded quota: {quota}, requested: {plural}=1, used: {plural}={used}, limited: {plural}={most}"
            );
            Err(Failure::forbidden_because(target.resource, name, &why))
        }
    }
}

fn check_place(world: &World, target: &Target) -> Result<(), Failure> {
    let Some(namespaces) = crate::world::resource_of("namespaces") else { return Ok(()) };
    if target.resource.namespaced && world.get(namespaces, "", target.place()).is_none() {
        return Err(Failure::not_found("namespaces", "", target.place()));
    }
    Ok(())
}

/// What a client may not give.
fn clean(object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "managedFields",
            "deletionTimestamp",
            "selfLink",
        ] {
            metadata.remove(field);
        }
    }
}

const NAME: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

pub(crate) fn check_name(resource: &Resource, name: &str) -> Result<(), Failure> {
    let invalid = |cause| Err(Failure::invalid_object(resource, name, &[cause]));
    if name.is_empty() {
        return invalid(Cause::required("metadata.name", "Required value: name or generateName is required"));
    }
    let edge =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    let fine = name.split('.').all(|label| {
        edge(label.chars().next())
            && edge(label.chars().last())
            && label.chars().all(|letter| edge(Some(letter)) || letter == '-')
    });
    if !fine || name.len() > 253 {
        let value = Cause::value("metadata.name", format!("Invalid value: \"{name}\": {NAME}"));
        return invalid(value);
    }
    Ok(())
}
