//! Whether a rollout has come to its end, as the cluster tells it.

use serde_json::Value;

use crate::text::shown;

/// How a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// What was rolled out runs, as often as it should.
    Ready(String),
    /// Not yet.
    Underway(String),
    /// It will not.
    Failed(String),
}

use Standing::{Failed, Ready, Underway};

/// How the rollout of a Deployment stands.
pub(super) fn of_deployment(object: &Value) -> Standing {
    let status = |field: &str| number(object, &format!("/status/{field}")).unwrap_or(0);
    let generation = number(object, "/metadata/generation").unwrap_or(0);
    if status("observedGeneration") < generation {
        return Underway("the cluster has not looked at the change yet".to_owned());
    }
    // What is told of an older generation counts no more, which the comparison above sees to. The controller says that there is no
    // progress for a hiccup of its own too (`ReplicaSetCreateError`), and tries again: only the deadline is an end, as for kubectl.
    let stuck = condition(object, "Progressing", "False");
    if let Some(message) = stuck.as_ref().filter(|message| message.starts_with("ProgressDeadlineExceeded: ")) {
        return Failed(message.clone());
    }
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return Underway("it is paused".to_owned());
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let (updated, available) = (status("updatedReplicas"), status("availableReplicas"));
    let old = status("replicas") - updated;
    if updated >= wanted && available >= wanted && old <= 0 {
        return Ready(amount(wanted));
    }
    // Of those that are available it is not told how many are new ones, as long as old ones are there.
    let mut told = if updated < wanted {
        format!("{updated} of {wanted} replicas are of the new version")
    } else if old > 0 {
        format!("replicas of the version before that are still there: {old}")
    } else {
        format!("{available} of {wanted} replicas are ready")
    };
    if let Some(message) = condition(object, "ReplicaFailure", "True").or(stuck) {
        told = format!("{told}: {message}");
    }
    Underway(told)
}

/// How the rollout of a DeploymentConfig stands. `controller` is the replication controller of its newest rollout; `None` where that
/// is not the one that is waited for.
pub(super) fn of_config(object: &Value, controller: Option<&Value>) -> Standing {
    let latest = number(object, "/status/latestVersion").unwrap_or(0);
    let Some(controller) = controller else { return Underway("the rollout has not begun".to_owned()) };
    let annotation = |name: &str| {
        controller.pointer(&format!("/metadata/annotations/openshift.io~1deployment.{name}")).and_then(Value::as_str)
    };
    match annotation("phase") {
        Some("Complete") => {}
        Some("Failed") => {
            let why = annotation("status-reason").map_or_else(|| format!("rollout #{latest} failed"), shown);
            return Failed(why);
        }
        _ => return Underway(format!("rollout #{latest} goes on")),
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let available = number(object, "/status/availableReplicas").unwrap_or(0);
    if available >= wanted {
        return Ready(amount(wanted));
    }
    Underway(format!("{available} of {wanted} replicas are ready"))
}

fn amount(replicas: i64) -> String {
    match replicas {
        0 => "it is scaled to no replica: nothing runs".to_owned(),
        1 => "1 replica is ready".to_owned(),
        more => format!("{more} replicas are ready"),
    }
}

fn number(object: &Value, path: &str) -> Option<i64> {
    object.pointer(path)?.as_i64()
}

/// The words of a condition, where it is so.
fn condition(object: &Value, kind: &str, is: &str) -> Option<String> {
    let all = object.pointer("/status/conditions").and_then(Value::as_array)?;
    let text = |one: &Value, field: &str| one.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let found = all.iter().find(|one| text(one, "type") == kind && text(one, "status") == is)?;
    Some(shown(&format!("{}: {}", text(found, "reason"), text(found, "message"))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(generation: i64, observed: i64, [all, updated, available]: [i64; 3]) -> Value {
        json!({
            "metadata": { "generation": generation }, "spec": { "replicas": 2 },
            "status": { "observedGeneration": observed, "replicas": all, "updatedReplicas": updated, "availableReplicas": available },
        })
    }

    #[test]
    fn a_deployment_is_ready_when_all_replicas_are_new_and_available() {
        assert_eq!(of_deployment(&deployment(2, 2, [2, 2, 2])), Ready("2 replicas are ready".to_owned()));
        for not_yet in [
            deployment(3, 2, [2, 2, 2]),
            deployment(2, 2, [3, 2, 2]),
            deployment(2, 2, [2, 2, 1]),
            deployment(2, 2, [3, 1, 3]),
            json!({ "metadata": { "generation": 1 } }),
            json!({ "status": "rubbish" }),
        ] {
            assert!(matches!(of_deployment(&not_yet), Underway(_)), "{not_yet}");
        }
        let mut scaled = deployment(2, 2, [0, 0, 0]);
        scaled["spec"]["replicas"] = json!(0);
        assert!(matches!(of_deployment(&scaled), Ready(told) if told.contains("nothing runs")));
    }

    #[test]
    fn what_exceeds_its_deadline_has_failed_unless_that_was_said_of_the_one_before() {
        let mut late = deployment(2, 2, [3, 1, 2]);
        late["status"]["conditions"] = json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
            "message": "ReplicaSet \"web-2\" has timed out progressing." }]);
        assert!(matches!(of_deployment(&late), Failed(why) if why.starts_with("ProgressDeadlineExceeded: ReplicaSet")));
        late["metadata"]["generation"] = json!(3);
        assert!(matches!(of_deployment(&late), Underway(_)));
    }

    #[test]
    fn a_controller_that_could_not_make_the_replicas_at_once_tries_again_and_is_waited_for() {
        let mut stuck = deployment(2, 2, [2, 0, 2]);
        stuck["status"]["conditions"] = json!([{ "type": "Progressing", "status": "False", "reason": "ReplicaSetCreateError",
            "message": "Failed to create new replica set \"web-2\": exceeded quota" }]);
        let told = of_deployment(&stuck);
        assert!(
            matches!(&told, Underway(why) if why.starts_with("0 of 2") && why.contains("exceeded quota")),
            "{told:?}"
        );
    }

    #[test]
    fn a_config_is_ready_when_its_newest_rollout_is_complete() {
        let config = |latest: i64, available: i64| json!({ "spec": { "replicas": 1 }, "status": { "latestVersion": latest, "availableReplicas": available } });
        let controller = |phase: &str| {
            json!({ "metadata": { "annotations": { "openshift.io/deployment.phase": phase,
                "openshift.io/deployment.status-reason": "image change" } } })
        };
        let complete = controller("Complete");
        assert!(matches!(of_config(&config(1, 1), None), Underway(_)), "that is the one before");
        assert!(matches!(of_config(&config(2, 1), Some(&complete)), Ready(_)));
        assert!(matches!(of_config(&config(2, 0), Some(&complete)), Underway(_)));
        assert!(matches!(of_config(&config(2, 1), Some(&controller("Running"))), Underway(_)));
        assert!(matches!(of_config(&config(2, 1), Some(&json!(7))), Underway(_)));
        assert_eq!(of_config(&config(2, 1), Some(&controller("Failed"))), Failed("image change".to_owned()));
    }
}
