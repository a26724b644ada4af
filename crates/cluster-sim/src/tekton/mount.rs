//! What tasks find in their workspaces.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::task::Child;
use crate::world::{World, resource_of, text};

/// Contents of the Secrets and ConfigMaps that a task mounts as workspaces, by path; nothing while one of them is not there: then its pod
/// waits.
pub(super) fn files(world: &World, child: &Child) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let bound = child.run["spec"]["workspaces"].as_array().cloned().unwrap_or_default();
    for used in child.task["workspaces"].as_array().into_iter().flatten() {
        let inside = text(&used["name"]);
        let outside = used["workspace"].as_str().unwrap_or(&inside);
        let Some(workspace) = bound.iter().find(|known| known["name"] == outside) else { continue };
        let secret = workspace["secret"]["secretName"].as_str();
        let (kind, name) = match (secret, workspace["configMap"]["name"].as_str()) {
            (Some(name), _) => ("secrets", name),
            (None, Some(name)) => ("configmaps", name),
            (None, None) => continue,
        };
        let object = resource_of(kind).and_then(|kind| world.get(kind, &child.namespace, name))?;
        for (key, value) in object["data"].as_object().into_iter().flatten() {
            let content = match secret {
                Some(_) => value.as_str().and_then(|value| STANDARD.decode(value).ok()).unwrap_or_default(),
                None => text(value).into_bytes(),
            };
            found.insert(format!("/workspace/{inside}/{key}"), String::from_utf8_lossy(&content).into_owned());
        }
    }
    Some(found)
}
