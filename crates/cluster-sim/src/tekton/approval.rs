//! The manual approval gate of OpenShift Pipelines. *Documented, unrecorded*: after the types, the reconciler and the webhook of
//! <https://github.com/openshift-pipelines/manual-approval-gate>.
//!
//! For each custom run of the kind `ApprovalTask` there is an object of that kind and of the same name. People write what they think into
//! the entry of their name, or of their group; a webhook sees to it that they write nothing else.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};

use super::{
    condition::{Standing, is_over, tell},
    custom::CUSTOM_RUNS,
    run::duration,
    task::Child,
};
use crate::{
    api::{ask::Ask, status::Failure, target::Target},
    people::Caller,
    shared::Shared,
    world::{World, resource_of, text},
};

const TASKS: &str = "approvaltasks.openshift-pipelines.org";

/// Whether a task of a pipeline asks people.
pub(super) fn is_one(task: &Value) -> bool {
    task["taskRef"]["kind"] == "ApprovalTask" && task["taskRef"]["apiVersion"] == "openshift-pipelines.org/v1alpha1"
}

/// Makes the object in which people are asked.
pub(super) fn ask(world: &mut World, child: &Child) {
    let custom = resource_of(CUSTOM_RUNS).and_then(|kind| world.get(kind, &child.namespace, &child.name)).cloned();
    let (Some(kind), Some(custom)) = (resource_of(TASKS), custom) else { return };
    let param = |name: &str| {
        let mut all = custom["spec"]["params"].as_array().into_iter().flatten();
        all.find(|param| param["name"] == name).map(|param| param["value"].clone()).unwrap_or_default()
    };
    let listed = param("approvers");
    let names: Vec<String> = listed.as_array().into_iter().flatten().map(text).collect();
    let approvers: Vec<Value> = names
        .iter()
        .map(|name| match name.strip_prefix("group:") {
            Some(group) => json!({"name": group, "input": "pending", "type": "Group"}),
            None => json!({"name": name, "input": "pending", "type": "User"}),
        })
        .collect();
    let required = param("numberOfApprovalsRequired").as_str().and_then(|text| text.parse().ok()).unwrap_or(1_u64);
    let mut labels = custom["metadata"]["labels"].clone();
    labels["tekton.dev/customRun"] = json!(child.name);
    let object = json!({
        "metadata": {
            "generation": 1, "labels": labels,
            "ownerReferences": [{"apiVersion": "tekton.dev/v1beta1", "blockOwnerDeletion": true, "controller": true,
                "kind": "CustomRun", "name": child.name, "uid": custom["metadata"]["uid"]}],
        },
        "spec": {"approvers": approvers, "numberOfApprovalsRequired": required, "description": param("description")},
        "status": {"state": "pending", "approvers": names, "approvalsRequired": required, "approvalsReceived": 0,
            "startTime": world.clock.stamp()},
    });
    world.put(kind, &child.namespace, &child.name, object);
    let running = Standing::new("Unknown", "Running", "");
    let fields = json!({"startTime": world.clock.stamp()});
    tell(world, CUSTOM_RUNS, &child.namespace, &child.name, &running, &fields);
}

/// Everybody who has said yes, counted once.
fn approved(task: &Value) -> usize {
    let all = task["spec"]["approvers"].as_array().into_iter().flatten();
    let mut names = BTreeSet::new();
    for approver in all.filter(|approver| approver["input"] == "approve") {
        match approver["type"].as_str() {
            Some("Group") => names.extend(
                approver["users"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|user| user["input"] == "approve")
                    .map(|user| text(&user["name"])),
            ),
            _ => drop(names.insert(text(&approver["name"]))),
        }
    }
    names.len()
}

fn required(task: &Value) -> usize {
    task["spec"]["numberOfApprovalsRequired"].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(1)
}

/// How long people have where the task of the pipeline does not say.
const LIMIT: &str = "1h0m0s";

/// The controller: waits until enough have said yes, one has said no, or the time is over, and ends the custom run.
pub(super) async fn gate(shared: Arc<Shared>, namespace: String, name: String) {
    let (Some(kind), Some(customs)) = (resource_of(TASKS), resource_of(CUSTOM_RUNS)) else { return };
    let decided = shared.until(|world| {
        if world.get(customs, &namespace, &name).is_none_or(is_over) {
            return Some(None);
        }
        let task = world.get(kind, &namespace, &name)?;
        let mut all = task["spec"]["approvers"].as_array().into_iter().flatten();
        if all.any(|approver| approver["input"] == "reject") {
            return Some(Some(false));
        }
        (approved(task) >= required(task)).then_some(Some(true))
    });
    let limit = shared.read(|world| world.get(customs, &namespace, &name).map(|run| text(&run["spec"]["timeout"])));
    let limit = limit.filter(|limit| !limit.is_empty()).unwrap_or_else(|| LIMIT.to_owned());
    let decided = tokio::time::timeout(shared.clock.wait(duration(&limit)), decided);
    let (state, standing) = match decided.await {
        Ok(Some(Some(true))) => ("approved", Standing::new("True", "Succeeded", "TaskRun succeeded")),
        Ok(Some(Some(false))) => ("rejected", Standing::new("False", "Failed", "Approval Task denied")),
        Ok(_) => return,
        // It is told as a no, of nobody.
        Err(_) => {
            let why = format!("Approval task {name} is failed because of timeout");
            ("rejected", Standing::new("False", "Failed", why))
        }
    };
    shared.change(|world| {
        world.merge(kind, &namespace, &name, &json!({"status": {"state": state}}));
        tell(world, CUSTOM_RUNS, &namespace, &name, &standing, &json!({}));
    });
}

fn denied(why: &str) -> Failure {
    Failure::bad_request(format!(
        "admission webhook \"validation.webhook.manual-approval.openshift-pipelines.org\" denied the request: {why}"
    ))
}

/// Fails where the webhook of the gate does not let somebody change the object so.
pub(crate) fn review(world: &World, caller: &Caller, ask: &Ask, target: &Target) -> Result<(), Failure> {
    let Some(old) = world.get(target.resource, target.place(), target.named()) else { return Ok(()) };
    let given: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let new = if ask.method == "PUT" {
        given
    } else {
        let mut new = old.clone();
        json_patch::merge(&mut new, &given);
        new
    };
    review_answer(world, &caller.name, old, &new)
}

/// Fails where the webhook does not let this user make of the old object the new one.
pub(crate) fn review_answer(world: &World, user: &str, old: &Value, new: &Value) -> Result<(), Failure> {
    if old["status"]["state"] != "pending" || approved(old) >= required(old) {
        return Err(denied("ApprovalTask has already reached its final state"));
    }
    let mine = |approver: &Value| match approver["type"].as_str() {
        Some("Group") => {
            let is_member = world.people.groups(user).iter().any(|group| approver["name"] == group.as_str());
            let mut users = approver["users"].as_array().into_iter().flatten();
            is_member || users.any(|member| member["name"] == user)
        }
        _ => approver["name"] == user,
    };
    let before = old["spec"]["approvers"].as_array().cloned().unwrap_or_default();
    let after = new["spec"]["approvers"].as_array().cloned().unwrap_or_default();
    if !before.iter().any(mine) {
        return Err(denied("User does not exist in the approval list"));
    }
    let others = before.iter().zip(&after).any(|(before, after)| !mine(before) && before != after);
    let changed: Vec<&Value> =
        before.iter().zip(&after).filter(|(one, other)| one != other).map(|(_, new)| new).collect();
    if others || before.len() != after.len() || changed.is_empty() {
        return Err(denied("User can only update their own approval input"));
    }
    if let Some(wrong) =
        changed.iter().map(|new| text(&new["input"])).find(|input| input != "approve" && input != "reject")
    {
        return Err(denied(&format!(
            "Invalid input change: invalid input value: '{wrong}'. Supported values are 'approve' or 'reject'"
        )));
    }
    Ok(())
}
