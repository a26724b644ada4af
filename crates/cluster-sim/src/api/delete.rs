//! Deleting objects, and what becomes of what they own.

use serde_json::{Value, json};

use super::{
    ask::Ask,
    list::{found, shown},
    reply,
    reply::Reply,
    status::Failure,
    target::Target,
};
use crate::world::{World, text};

pub(crate) fn delete(world: &mut World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let object = found(world, target)?.clone();
    let options: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let asked = |field: &str| options[field].as_str().map(str::to_owned).or_else(|| ask.query(field));
    let uid = text(&object["metadata"]["uid"]);
    let wanted = &options["preconditions"];
    for (field, has) in [("uid", &uid), ("resourceVersion", &text(&object["metadata"]["resourceVersion"]))] {
        if let Some(wanted) = wanted[field].as_str().filter(|wanted| wanted != has) {
            let why = format!("Precondition failed: {field} in precondition: {wanted}, {field} in object meta: {has}");
            return Err(Failure::conflict(target.resource, target.named(), &why));
        }
    }
    let policy = asked("propagationPolicy");
    let (resource, place, name) = (target.resource, target.place().to_owned(), target.named().to_owned());
    match policy.as_deref() {
        Some("Orphan") => {
            world.orphan(&uid);
            world.remove(resource, &place, &name);
            let answer = leaving(world, target, object, "orphan");
            Ok(reply::json(200, &shown(target, &answer)))
        }
        Some("Foreground") => {
            world.collect(&uid);
            world.remove(resource, &place, &name);
            let answer = leaving(world, target, object, "foregroundDeletion");
            Ok(reply::json(200, &shown(target, &answer)))
        }
        _ => {
            world.remove(resource, &place, &name);
            world.collect(&uid);
            let mut details = json!({"name": name, "kind": resource.plural, "uid": uid});
            if !resource.group.is_empty() {
                details["group"] = json!(resource.group);
            }
            Ok(reply::json(
                200,
                &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}),
            ))
        }
    }
}

/// An object that waits for a finalizer, as it is answered.
fn leaving(world: &World, target: &Target, mut object: Value, finalizer: &str) -> Value {
    let metadata = &mut object["metadata"];
    metadata["deletionTimestamp"] = json!(world.clock.stamp());
    metadata["deletionGracePeriodSeconds"] = json!(0);
    metadata["finalizers"] = json!([finalizer]);
    metadata["resourceVersion"] = json!(world.revision.to_string());
    if target.resource.generations {
        metadata["generation"] = json!(metadata["generation"].as_u64().unwrap_or(1) + 1);
    }
    object
}
