//! The two versions of Tekton's kinds. What is stored is `v1`.

use serde_json::{Value, json};

use crate::world::{Home, Resource};

/// Brings an object into the version that was asked for.
pub(crate) fn convert(resource: &Resource, version: &str, object: &mut Value) {
    if resource.home != Home::Custom || version != "v1beta1" {
        return;
    }
    match resource.kind {
        "PipelineRun" => {
            let template = object["spec"].as_object_mut().and_then(|spec| spec.remove("taskRunTemplate"));
            for field in ["serviceAccountName", "podTemplate"] {
                if let Some(value) = template.as_ref().and_then(|template| template.get(field)) {
                    object["spec"][field] = value.clone();
                }
            }
            rename(&mut object["status"], "results", "pipelineResults");
        }
        "TaskRun" => rename(&mut object["status"], "results", "taskResults"),
        _ => {}
    }
}

/// Brings an object into the version that is stored.
pub(crate) fn store_version(resource: &Resource, object: &mut Value) {
    if resource.home != Home::Custom || object["apiVersion"] != "tekton.dev/v1beta1" {
        return;
    }
    match resource.kind {
        "PipelineRun" => {
            for field in ["serviceAccountName", "podTemplate"] {
                if let Some(value) = object["spec"].as_object_mut().and_then(|spec| spec.remove(field)) {
                    object["spec"]["taskRunTemplate"][field] = value;
                }
            }
            if let Some(timeout) = object["spec"].as_object_mut().and_then(|spec| spec.remove("timeout")) {
                object["spec"]["timeouts"] = json!({"pipeline": timeout});
            }
            rename(&mut object["status"], "pipelineResults", "results");
        }
        "TaskRun" => rename(&mut object["status"], "taskResults", "results"),
        _ => {}
    }
}

fn rename(inside: &mut Value, from: &str, to: &str) {
    if let Some(map) = inside.as_object_mut()
        && let Some(value) = map.remove(from)
    {
        map.insert(to.to_owned(), value);
    }
}
