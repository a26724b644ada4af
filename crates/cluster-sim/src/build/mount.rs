//! What builds find in the volumes that they mount. *Documented, unrecorded* (OpenShift's documentation, "Build volumes").

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::world::{World, resource_of, text};

/// The strategies whose builds can mount something.
const FIELDS: [&str; 2] = ["dockerStrategy", "sourceStrategy"];

/// Forgets volumes, as a cluster does that does not know them.
pub(crate) fn drop_volumes(object: &mut Value) {
    for field in FIELDS {
        if let Some(strategy) = object["spec"]["strategy"].get_mut(field).and_then(Value::as_object_mut) {
            strategy.remove("volumes");
        }
    }
}

/// Contents of the mounted Secrets, by path; nothing while one of them that is needed is not there: then the pod waits.
pub(super) fn files(world: &World, namespace: &str, build: &Value) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let strategy = &build["spec"]["strategy"];
    for volume in FIELDS.iter().filter_map(|field| strategy[*field]["volumes"].as_array()).flatten() {
        let secret = &volume["source"]["secret"];
        let object = resource_of("secrets").and_then(|kind| world.get(kind, namespace, &text(&secret["secretName"])));
        let Some(object) = object else {
            if secret["optional"] == true {
                continue;
            }
            return None;
        };
        for (key, value) in object["data"].as_object().into_iter().flatten() {
            let content = value.as_str().and_then(|value| STANDARD.decode(value).ok()).unwrap_or_default();
            for mount in volume["mounts"].as_array().into_iter().flatten() {
                let path = format!("{}/{key}", text(&mount["destinationPath"]));
                found.insert(path, String::from_utf8_lossy(&content).into_owned());
            }
        }
    }
    Some(found)
}
