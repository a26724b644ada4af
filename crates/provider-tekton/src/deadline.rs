//! Until when a question can be answered.

use alm_domain::Timestamp;
use chrono::TimeDelta;
use kube::core::DynamicObject;
use serde_json::Value;

use crate::{approval::Asked, duration, standing::time};

/// How long the manual approval gate asks where the task of the pipeline has no `timeout`.
const OF_GATE: TimeDelta = TimeDelta::hours(1);

/// Until when an answer counts: the time limit of the question, or one of the run's that is over before.
pub(crate) fn expires_at(
    run: &DynamicObject,
    custom_run: &DynamicObject,
    asked: &Asked<'_>,
    is_finally: bool,
) -> Option<Timestamp> {
    let given = |value: &Value| value.as_str().and_then(duration::read);
    // None at all is written as zero.
    let limit = |from: Option<Timestamp>, limit: Option<TimeDelta>| {
        from?.checked_add_signed(limit.filter(|limit| *limit > TimeDelta::zero())?)
    };
    let (spec, status) = (&run.data["spec"], &run.data["status"]);
    let timeouts = &spec["timeouts"];
    let whole = given(&timeouts["pipeline"]).or_else(|| given(&spec["timeout"]));
    // Of tasks and `finally`, the one that is not given has what the other leaves.
    let rest = |other: &Value| {
        let (whole, other) = (whole?, given(other)?);
        Some(whole - other).filter(|_| whole > TimeDelta::zero() && other > TimeDelta::zero())
    };
    let of_group = match is_finally {
        false => limit(time(&status["startTime"]), given(&timeouts["tasks"]).or_else(|| rest(&timeouts["finally"]))),
        true => {
            limit(time(&status["finallyStartTime"]), given(&timeouts["finally"]).or_else(|| rest(&timeouts["tasks"])))
        }
    };
    let own = match custom_run.data["spec"]["timeout"].as_str() {
        None => Some(OF_GATE),
        Some(text) => duration::read(text),
    };
    [limit(asked.asked_at(), own), limit(time(&status["startTime"]), whole), of_group].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> DynamicObject {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_first_limit_counts_and_none_is_invented() {
        let question = object(json!({"metadata": {"labels": {"tekton.dev/pipelineTask": "ask"}},
            "status": {"startTime": "2026-01-01T10:30:00Z"}}));
        let until = |timeouts: Value, own: Value, is_finally: bool| {
            let run = object(json!({"metadata": {}, "spec": {"timeouts": timeouts},
                "status": {"startTime": "2026-01-01T10:00:00Z", "finallyStartTime": "2026-01-01T10:20:00Z"}}));
            let custom = object(json!({"metadata": {}, "spec": {"timeout": own}}));
            let at = expires_at(&run, &custom, &Asked::of(&question).unwrap(), is_finally);
            at.map(|at| at.format("%H:%M").to_string())
        };
        for (timeouts, own, is_finally, wanted) in [
            (json!({"pipeline": "1h0m0s"}), json!("10m0s"), false, Some("10:40")),
            (json!({"pipeline": "1h0m0s"}), Value::Null, false, Some("11:00")),
            (json!({"pipeline": "3h"}), Value::Null, false, Some("11:30")),
            (json!({"pipeline": "3h", "tasks": "40m"}), Value::Null, false, Some("10:40")),
            (json!({"pipeline": "1h", "finally": "15m"}), Value::Null, false, Some("10:45")),
            (json!({"pipeline": "3h", "finally": "15m"}), Value::Null, true, Some("10:35")),
            (json!({"pipeline": "0s", "tasks": "0s"}), json!("0s"), false, None),
            (json!({"pipeline": "odd"}), json!(7), false, Some("11:30")),
        ] {
            assert_eq!(until(timeouts.clone(), own.clone(), is_finally).as_deref(), wanted, "{timeouts} {own}");
        }
    }
}
