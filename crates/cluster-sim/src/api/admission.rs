//! What each kind is checked for, and what is filled in, before it is stored.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::status::{Cause, Failure};
use crate::{
    build, rollout, tekton,
    world::{Resource, World, images::REGISTRY, text},
};

/// Brings the metadata into shape: what is empty is left out.
pub(crate) fn settle(object: &mut Value) {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()));
    }
}

/// Fails where the object cannot be; fills in what the kind fills in.
pub(crate) fn admit(
    world: &mut World,
    namespace: &str,
    resource: &Resource,
    object: &mut Value,
    old: Option<&Value>,
) -> Result<(), Failure> {
    match resource.id {
        "buildconfigs.build.openshift.io" => {
            if !world.has_build_volumes {
                build::drop_volumes(object);
            }
            build::admit_config(resource, object, old)
        }
        "deploymentconfigs.apps.openshift.io" => {
            rollout::admit(object, old);
            Ok(())
        }
        "builds.build.openshift.io" => build::admit_build(world, resource, object, old),
        "secrets" => secret(resource, object, old),
        "imagestreams.image.openshift.io" => {
            image_stream(namespace, object);
            Ok(())
        }
        "pipelines.tekton.dev" | "tasks.tekton.dev" | "pipelineruns.tekton.dev" | "taskruns.tekton.dev" => {
            tekton::admit(resource, object, old)
        }
        _ => Ok(()),
    }
}

fn image_stream(namespace: &str, object: &mut Value) {
    let name = text(&object["metadata"]["name"]);
    if !object["spec"].is_object() {
        object["spec"] = json!({});
    }
    object["spec"]["lookupPolicy"] = json!({"local": false});
    if !object["status"].is_object() {
        object["status"] = json!({});
    }
    object["status"]["dockerImageRepository"] = json!(format!("{REGISTRY}/{namespace}/{name}"));
}

const KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

fn secret(resource: &Resource, object: &mut Value, old: Option<&Value>) -> Result<(), Failure> {
    let name = text(&object["metadata"]["name"]);
    let mut data = object["data"].as_object().cloned().unwrap_or_default();
    for value in data.values() {
        if value.as_str().is_none_or(|value| STANDARD.decode(value).is_err()) {
            return Err(Failure::bad_request(format!(
                "Secret in version \"v1\" cannot be handled as a Secret: v1.Secret.Data: decode base64: illegal base64 data at input byte {}",
                value.as_str().and_then(|value| value.find(|l: char| !l.is_ascii_alphanumeric())).unwrap_or_default()
            )));
        }
    }
    if let Some(plain) = object["stringData"].as_object() {
        data.extend(plain.iter().map(|(key, value)| (key.clone(), json!(STANDARD.encode(text(value))))));
    }
    let kind = object["type"].as_str().filter(|kind| !kind.is_empty()).unwrap_or("Opaque").to_owned();
    let mut causes = Vec::new();
    if old.is_some_and(|old| old["type"] != kind) {
        causes.push(Cause::value("type", format!("Invalid value: \"{kind}\": field is immutable")));
    }
    causes.extend(required(&kind, &data));
    for key in data.keys() {
        if key.is_empty() || !key.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter)) {
            causes.push(Cause::value(format!("data[{key}]"), format!("Invalid value: \"{key}\": {KEY}")));
        }
    }
    if !causes.is_empty() {
        return Err(Failure::invalid_object(resource, &name, &causes));
    }
    if let Some(map) = object.as_object_mut() {
        map.remove("stringData");
        if data.is_empty() {
            map.remove("data");
        } else {
            map.insert("data".to_owned(), Value::Object(data));
        }
        map.insert("type".to_owned(), json!(kind));
    }
    Ok(())
}

/// The keys that a secret of this type must have.
fn required(kind: &str, data: &Map<String, Value>) -> Vec<Cause> {
    let missing = |field: String| Cause::required(field, "Required value");
    let held = |key: &str| STANDARD.decode(data.get(key)?.as_str()?).ok();
    match kind {
        "kubernetes.io/dockerconfigjson" => match held(".dockerconfigjson") {
            None => vec![missing("data[.dockerconfigjson]".to_owned())],
            Some(held) if serde_json::from_slice::<Map<String, Value>>(&held).is_err() => {
                let why =
                    "Invalid value: \"<secret contents redacted>\": invalid character looking for beginning of value";
                vec![Cause::value("data[.dockerconfigjson]", why)]
            }
            Some(_) => Vec::new(),
        },
        "kubernetes.io/basic-auth" if !data.contains_key("username") && !data.contains_key("password") => {
            // The `%s` is the real server's.
            vec![missing("data[%s][username]".to_owned()), missing("data[%s][password]".to_owned())]
        }
        // *Documented, unrecorded* (`ValidateSecret` of the API server): an empty key is none, whereas a user or a password may be empty.
        "kubernetes.io/ssh-auth" if held("ssh-privatekey").is_none_or(|key| key.is_empty()) => {
            vec![missing("data[%s][ssh-privatekey]".to_owned())]
        }
        _ => Vec::new(),
    }
}
