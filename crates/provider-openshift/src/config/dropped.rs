//! What a cluster drops in silence: fields that it does not know.

use alm_build_spi::Finding;
use serde_json::Value;

/// Most fields that are told.
const MOST: usize = 20;

/// The fields that were written and are not there in the answer, each as a finding at its path in the object.
pub(crate) fn dropped(written: &Value, answered: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    look(&written["spec"], &answered["spec"], &mut vec!["spec".to_owned()], &mut findings);
    findings
}

fn look(written: &Value, answered: &Value, path: &mut Vec<String>, findings: &mut Vec<Finding>) {
    if findings.len() == MOST || is_nothing(written) {
        return;
    }
    match written {
        // What an object that is missing as a whole lacks is told field by field: those are what settings are about.
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push(name.clone());
                look(value, answered.get(name).unwrap_or(&Value::Null), path, findings);
                path.pop();
            }
        }
        // A cluster keeps lists in their order.
        Value::Array(all) if !is_nothing(answered) => {
            for (at, value) in all.iter().enumerate() {
                path.push(at.to_string());
                look(value, answered.get(at).unwrap_or(&Value::Null), path, findings);
                path.pop();
            }
        }
        _ if is_nothing(answered) => {
            let message = "the cluster does not know this field, and leaves it out: leave the setting out too, or update the cluster";
            findings.push(Finding::new(path.iter().map(String::as_str), message));
        }
        // Values it may write in another way.
        _ => {}
    }
}

/// What is the same whether it is there or not.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.iter().all(is_nothing),
        Value::Object(fields) => fields.values().all(is_nothing),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(written: Value, answered: Value) -> Vec<String> {
        let findings = dropped(&json!({ "spec": written }), &json!({ "spec": answered }));
        findings.into_iter().map(|finding| finding.path.join(".")).collect()
    }

    #[test]
    fn what_is_missing_is_found_and_what_is_empty_or_written_otherwise_is_not() {
        let written = json!({ "a": { "b": [{ "c": 1 }], "d": {} }, "e": [], "f": "1000m", "g": null, "h": false });
        assert_eq!(found(written.clone(), json!({ "a": { "b": [{ "c": 1, "x": 2 }] }, "f": "1", "y": 3 })), [""; 0]);
        assert_eq!(found(written.clone(), json!({ "a": { "b": [{}], "k": 1 } })), ["spec.a.b", "spec.f"]);
        assert_eq!(found(written, json!({ "a": { "b": [{ "z": 1 }] }, "f": "1" })), ["spec.a.b.0.c"]);
        let volumes = json!({ "docker": { "volumes": [{ "name": "x" }] } });
        assert_eq!(found(volumes, json!({ "docker": {} })), ["spec.docker.volumes"]);
    }
}
