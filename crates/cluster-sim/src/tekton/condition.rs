//! The one condition of runs, `Succeeded`.

use serde_json::{Value, json};

use crate::world::{World, resource_of, text};

/// How a run stands: the condition's status, its reason and its message.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) status: &'static str,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Standing {
    pub(crate) fn new(status: &'static str, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), message: message.into() }
    }
}

/// Writes how a run stands, and other fields of its status; ends it where it has ended.
pub(crate) fn tell(world: &mut World, kind: &str, namespace: &str, name: &str, standing: &Standing, fields: &Value) {
    let Some(resource) = resource_of(kind) else { return };
    let Some(mut run) = world.get(resource, namespace, name).cloned() else { return };
    let now = world.clock.stamp();
    let status = &mut run["status"];
    json_patch::merge(status, fields);
    let condition = &status["conditions"][0];
    let same = condition["status"] == standing.status && condition["reason"] == standing.reason.as_str();
    let since = if same { text(&condition["lastTransitionTime"]) } else { now.clone() };
    status["conditions"] = json!([{"type": "Succeeded", "status": standing.status, "reason": standing.reason,
        "message": standing.message, "lastTransitionTime": since}]);
    if standing.status != "Unknown" {
        status["completionTime"] = json!(now);
    }
    world.put(resource, namespace, name, run);
}

/// Whether a run has ended.
pub(crate) fn is_over(run: &Value) -> bool {
    run["status"]["conditions"][0]["status"].as_str().is_some_and(|status| status != "Unknown")
}
