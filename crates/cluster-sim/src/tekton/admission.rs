//! What Tekton's webhooks refuse and fill in. What they refuse is answered 400, not 422.

use serde_json::{Value, json};

use super::graph;
use crate::{
    api::status::Failure,
    world::{Resource, text},
};

const PIPELINE: [&str; 9] =
    ["description", "displayName", "params", "tasks", "finally", "workspaces", "results", "resources", "stepTemplate"];
const TASK: [&str; 9] =
    ["description", "displayName", "params", "steps", "results", "workspaces", "volumes", "sidecars", "stepTemplate"];
const PIPELINE_RUN: [&str; 10] = [
    "pipelineRef",
    "pipelineSpec",
    "params",
    "status",
    "timeouts",
    "taskRunTemplate",
    "taskRunSpecs",
    "workspaces",
    "resources",
    "managedBy",
];

fn unknown(field: &str) -> Failure {
    Failure::bad_request(format!(
        "admission webhook \"webhook.pipeline.tekton.dev\" denied the request: mutation failed: cannot decode incoming new object: json: unknown field \"{field}\""
    ))
}

fn denied(why: &str) -> Failure {
    Failure::bad_request(format!(
        "admission webhook \"validation.webhook.pipeline.tekton.dev\" denied the request: validation failed: {why}"
    ))
}

/// Fails where the object cannot be; fills in what is left out.
pub(crate) fn admit(resource: &Resource, object: &mut Value, old: Option<&Value>) -> Result<(), Failure> {
    let known: &[&str] = match resource.kind {
        "Pipeline" => &PIPELINE,
        "Task" => &TASK,
        "PipelineRun" => &PIPELINE_RUN,
        _ => return Ok(()),
    };
    if let Some(spec) = object["spec"].as_object()
        && let Some(field) = spec.keys().find(|field| !known.contains(&field.as_str()))
    {
        return Err(unknown(field));
    }
    match resource.kind {
        "Pipeline" => pipeline(&mut object["spec"], "spec"),
        "Task" => task(&mut object["spec"], "spec"),
        _ => run(object, old),
    }
}

fn defaults_of_params(spec: &mut Value) {
    for param in spec["params"].as_array_mut().into_iter().flatten() {
        if param["type"].is_null() {
            param["type"] = json!(if param["default"].is_array() { "array" } else { "string" });
        }
    }
}

fn tidy(spec: &mut Value) {
    if let Some(map) = spec.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
}

fn task(spec: &mut Value, path: &str) -> Result<(), Failure> {
    if spec["steps"].as_array().is_none_or(Vec::is_empty) {
        return Err(denied(&format!("missing field(s): {path}.steps")));
    }
    defaults_of_params(spec);
    for result in spec["results"].as_array_mut().into_iter().flatten() {
        if result["type"].is_null() {
            result["type"] = json!("string");
        }
    }
    for step in spec["steps"].as_array_mut().into_iter().flatten() {
        if step["computeResources"].is_null() {
            step["computeResources"] = json!({});
        }
    }
    tidy(spec);
    Ok(())
}

/// Checks a pipeline and fills it in.
fn pipeline(spec: &mut Value, path: &str) -> Result<(), Failure> {
    if spec["tasks"].as_array().is_none_or(Vec::is_empty) {
        return Err(denied(&format!("missing field(s): {path}.tasks")));
    }
    defaults_of_params(spec);
    for group in ["tasks", "finally"] {
        for (at, task_of) in spec[group].as_array_mut().into_iter().flatten().enumerate() {
            if task_of["taskRef"].is_object()
                && task_of["taskRef"]["kind"].is_null()
                && task_of["taskRef"]["resolver"].is_null()
            {
                task_of["taskRef"]["kind"] = json!("Task");
            }
            if super::custom::is_custom(task_of) {
                // Whoever runs it knows what may stand there.
            } else if task_of["taskSpec"].is_object() {
                task(&mut task_of["taskSpec"], &format!("{path}.{group}[{at}].taskSpec"))?;
                if task_of["taskSpec"]["metadata"].is_null() {
                    task_of["taskSpec"]["metadata"] = json!({});
                }
            } else if !task_of["taskRef"].is_object() {
                return Err(denied(&format!(
                    "expected exactly one, got neither: {path}.{group}[{at}].taskRef, {path}.{group}[{at}].taskSpec"
                )));
            }
            tidy(task_of);
        }
    }
    tidy(spec);
    let tasks = spec["tasks"].as_array().cloned().unwrap_or_default();
    let names: Vec<String> = tasks.iter().map(|task| text(&task["name"])).collect();
    if let Some((at, _)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(denied(&format!("expected exactly one, got both: {path}.tasks[{at}].name")));
    }
    let declared: Vec<String> =
        spec["workspaces"].as_array().into_iter().flatten().map(|workspace| text(&workspace["name"])).collect();
    for (at, task) in tasks.iter().enumerate() {
        for used in task["workspaces"].as_array().into_iter().flatten() {
            let name = used["workspace"].as_str().or_else(|| used["name"].as_str()).unwrap_or_default();
            if !declared.iter().any(|known| known == name) {
                return Err(denied(&format!(
                    "invalid value: pipeline task \"{}\" expects workspace with name \"{name}\" but none exists in pipeline spec: {path}.tasks[{at}].workspaces[0]",
                    text(&task["name"])
                )));
            }
        }
        for needed in graph::needs(task) {
            if !names.contains(&needed) {
                let name = text(&task["name"]);
                return Err(denied(&format!(
                    "invalid value: couldn't add link between {name} and {needed}: task {name} depends on {needed} but {needed} wasn't present in Pipeline: {path}.tasks"
                )));
            }
        }
    }
    if let Some(name) = graph::cycle(&tasks) {
        return Err(denied(&format!("invalid value: cycle detected; task \"{name}\" depends on itself: {path}.tasks")));
    }
    Ok(())
}

fn run(object: &mut Value, old: Option<&Value>) -> Result<(), Failure> {
    let spec = &mut object["spec"];
    match (spec["pipelineRef"].is_object(), spec["pipelineSpec"].is_object()) {
        (false, false) => return Err(denied("expected exactly one, got neither: spec.pipelineRef, spec.pipelineSpec")),
        (true, true) => return Err(denied("expected exactly one, got both: spec.pipelineRef, spec.pipelineSpec")),
        _ => {}
    }
    if let Some(status) = spec["status"].as_str() {
        let known = ["", "Cancelled", "CancelledRunFinally", "StoppedRunFinally", "PipelineRunPending"];
        if !known.contains(&status) {
            return Err(denied(&format!(
                "invalid value: {status} should be Cancelled, CancelledRunFinally, StoppedRunFinally or PipelineRunPending: spec.status"
            )));
        }
    }
    if let Some(inline) = spec["pipelineSpec"].as_object() {
        if let Some(field) = inline.keys().find(|field| !PIPELINE.contains(&field.as_str())) {
            return Err(unknown(field));
        }
        pipeline(&mut spec["pipelineSpec"], "spec.pipelineSpec")?;
    }
    if spec["taskRunTemplate"]["serviceAccountName"].as_str().is_none_or(str::is_empty) {
        spec["taskRunTemplate"]["serviceAccountName"] = json!("default");
    }
    if !spec["timeouts"].is_object() {
        spec["timeouts"] = json!({"pipeline": "1h0m0s"});
    }
    tidy(spec);
    if !object["status"].is_object() {
        object["status"] = old.map_or_else(|| json!({}), |old| old["status"].clone());
    }
    Ok(())
}
