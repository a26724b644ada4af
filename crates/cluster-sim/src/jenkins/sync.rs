//! What the sync plugin writes on a build, in the newer form of the plugin (without `stageFlowNodes`).

use serde_json::{Value, json};

use super::{Input, Run};
use crate::{
    build::{builds, set_phase},
    world::World,
};

/// Writes a run's state on its build, as far as the plugin still tells anything.
pub(crate) fn tell(world: &mut World, path: &str) {
    let Some(run) = world.jenkins.runs.get(path).cloned() else { return };
    let Some(kind) = builds() else { return };
    if run.silent {
        return;
    }
    let base = world.jenkins.url.clone();
    let uri = format!("{base}/{path}/");
    let status = run
        .garbage
        .clone()
        .unwrap_or_else(|| describe(&run, path, &uri, world.clock.now().timestamp_millis()).to_string());
    let name = format!("{0}-{1}", run.namespace, run.build.trim_end_matches(&format!("-{}", run.number)));
    let blue = format!("{base}/blue/organizations/jenkins/{}%2F{name}/detail/{name}/{}/", run.namespace, run.number);
    let pending: Vec<&Input> = run.inputs.iter().filter(|input| input.settled.is_none()).collect();
    let mut annotations = json!({
        "openshift.io/jenkins-status-json": status,
        "openshift.io/jenkins-build-uri": uri,
        "openshift.io/jenkins-log-url": format!("{uri}consoleText"),
        "openshift.io/jenkins-console-log-url": format!("{uri}console"),
        "openshift.io/jenkins-blueocean-log-url": blue,
        "openshift.io/jenkins-namespace": run.namespace,
    });
    if !run.inputs.is_empty() {
        let asked: Vec<Value> = pending.iter().map(|input| question(input, path)).collect();
        annotations["openshift.io/jenkins-pending-input-actions-json"] = json!(Value::Array(asked).to_string());
    }
    for (namespace, yaml) in &run.environments {
        annotations[format!("environment.services.fabric8.io/{namespace}")] = json!(yaml);
    }
    world.merge(kind, &run.namespace, &run.build, &json!({"metadata": {"annotations": annotations}}));
    // As `BuildSyncRunListener.runToBuildPhase` has it, *documented, unrecorded* for what is neither success nor failure: what there is
    // no phase for is `Pending`, with the time of its end.
    let (phase, fields) = match run.status {
        "SUCCESS" => ("Complete", json!({})),
        "FAILED" | "UNSTABLE" => ("Failed", json!({})),
        "ABORTED" => ("Cancelled", json!({})),
        "NOT_BUILT" => ("Pending", json!({"completionTimestamp": world.clock.stamp()})),
        _ => ("Running", json!({})),
    };
    let same = world.get(kind, &run.namespace, &run.build).is_some_and(|build| build["status"]["phase"] == phase);
    if !same {
        set_phase(world, &run.namespace, &run.build, phase, &fields);
    }
}

/// The run, as the stage view describes it.
pub(crate) fn describe(run: &Run, path: &str, uri: &str, now: i64) -> Value {
    let over_at = if run.over { run.ended_ms } else { now };
    // The stage view has no word of its own for it.
    let status = if run.status == "NOT_BUILT" { "NOT_EXECUTED" } else { run.status };
    let stages: Vec<Value> = run
        .stages
        .iter()
        .enumerate()
        .map(|(n, stage)| {
            let id = (5 + 6 * n).to_string();
            let end = stage.ended_ms.unwrap_or(now);
            // The pause that it is in counts too (`StatusAndTiming.computeChunkTiming`, `PauseAction.getPauseDuration`); *documented,
            // unrecorded*.
            let paused = stage.paused_ms + stage.paused_since.map_or(0, |since| (end - since).max(0));
            let mut told = json!({
                "_links": {"self": {"href": format!("{uri}execution/node/{id}/wfapi/describe")}},
                "id": id, "name": stage.name, "execNode": "", "status": stage.status, "startTimeMillis": stage.began_ms,
                "durationMillis": end - stage.began_ms, "pauseDurationMillis": paused,
            });
            if let Some(error) = &stage.error {
                told["error"] = json!({"message": error, "type": "hudson.AbortException"});
            }
            told
        })
        .collect();
    json!({
        "_links": {"self": {"href": format!("/{path}/wfapi/describe")}},
        "id": run.number, "name": format!("#{}", run.number), "status": status, "startTimeMillis": run.began_ms,
        "endTimeMillis": over_at, "durationMillis": over_at - run.began_ms, "queueDurationMillis": 12,
        "pauseDurationMillis": run.paused_ms, "stages": stages,
    })
}

fn question(input: &Input, path: &str) -> Value {
    let id = &input.id;
    let parameters: Vec<Value> = input
        .parameters
        .iter()
        .map(|(name, default)| {
            // By its name, so that scripts need no words of their own for it.
            let class = if name.contains("PASSWORD") { "Password" } else { "String" };
            json!({"type": format!("{class}ParameterDefinition"), "name": name, "description": "", "definition": {"defaultVal": default}})
        })
        .collect();
    json!({
        "id": id, "proceedText": "Proceed", "message": input.question, "inputs": parameters,
        "proceedUrl": format!("//{path}/wfapi/inputSubmit?inputId={id}"),
        "abortUrl": format!("//{path}/input/{id}/abort"),
        "redirectApprovalUrl": format!("//{path}/input/"),
    })
}
