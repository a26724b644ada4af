//! Carrying out one custom run: whoever knows its kind does that. Here that is the manual approval gate, if it is there; of other kinds
//! a test says how they stand.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    approval,
    condition::{Standing, is_over, tell},
    task::{Child, End, labels, params},
};
use crate::{
    shared::Shared,
    world::{World, resource_of, text},
};

pub(super) const CUSTOM_RUNS: &str = "customruns.tekton.dev";

/// Whether a task of a pipeline is nothing that Tekton itself runs.
pub(super) fn is_custom(task: &Value) -> bool {
    let version = task["taskRef"]["apiVersion"].as_str().or_else(|| task["taskSpec"]["apiVersion"].as_str());
    version.is_some_and(|version| !version.is_empty() && !version.starts_with("tekton.dev/"))
}

/// Carries a custom run out.
pub(super) async fn carry_out(shared: Arc<Shared>, child: Child) -> (End, BTreeMap<String, Value>) {
    shared.change(|world| create(world, &child));
    if approval::is_one(&child.task) && shared.options.approvals {
        shared.change(|world| approval::ask(world, &child));
        tokio::spawn(approval::gate(shared.clone(), child.namespace.clone(), child.name.clone()));
    }
    let look = |world: &World| {
        let run = resource_of(CUSTOM_RUNS).and_then(|kind| world.get(kind, &child.namespace, &child.name));
        let Some(run) = run else { return Some(End::Cancelled) };
        if is_over(run) {
            let is_good = run["status"]["conditions"][0]["status"] == "True";
            return Some(if is_good { End::Succeeded } else { End::Failed });
        }
        (run["spec"]["status"] == "RunCancelled").then_some(End::Cancelled)
    };
    let end = shared.until(look).await.unwrap_or(End::Cancelled);
    if end == End::Cancelled && approval::is_one(&child.task) && shared.options.approvals {
        let why = Standing::new("False", "CustomRunCancelled", format!("CustomRun \"{}\" was cancelled", child.name));
        shared.change(|world| tell(world, CUSTOM_RUNS, &child.namespace, &child.name, &why, &json!({})));
    }
    let results = shared.read(|world| {
        let run = resource_of(CUSTOM_RUNS).and_then(|kind| world.get(kind, &child.namespace, &child.name))?;
        let all = run["status"]["results"].as_array()?;
        Some(all.iter().map(|result| (text(&result["name"]), result["value"].clone())).collect())
    });
    (end, results.unwrap_or_default())
}

fn create(world: &mut World, child: &Child) {
    let Some(kind) = resource_of(CUSTOM_RUNS) else { return };
    let mut spec = json!({"serviceAccountName": child.run["spec"]["taskRunTemplate"]["serviceAccountName"]});
    if child.task["taskRef"].is_object() {
        spec["customRef"] = child.task["taskRef"].clone();
    } else {
        spec["customSpec"] = child.task["taskSpec"].clone();
    }
    let (given, _) = params(child, &Value::Null);
    if !given.is_empty() {
        spec["params"] = Value::Array(given);
    }
    if let Some(limit) = child.task["timeout"].as_str() {
        spec["timeout"] = json!(limit);
    }
    let object = json!({
        "metadata": {
            "generation": 1, "labels": labels(world, child),
            "ownerReferences": [{"apiVersion": "tekton.dev/v1beta1", "blockOwnerDeletion": true, "controller": true,
                "kind": "PipelineRun", "name": child.run["metadata"]["name"], "uid": child.run["metadata"]["uid"]}],
        },
        "spec": spec, "status": {},
    });
    world.put(kind, &child.namespace, &child.name, object);
}
