//! Where settings are in a BuildConfig, and what stands there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Mount, Strategy, image};

/// The kinds of triggers that there is a setting for.
const TRIGGERS: [&str; 2] = ["ConfigChange", "ImageChange"];

/// Settings whose place is within the strategy: they go with it.
const OF_STRATEGY: [&str; 6] =
    ["jenkinsfile", "jenkinsfile.path", "dockerfile", "dockerfile.path", "builder.image", "secrets.mount"];

/// Whether a setting is about one strategy, and nothing under another one.
pub(super) fn is_of_strategy(key: &str) -> bool {
    OF_STRATEGY.contains(&key)
}

/// The settings that say the same in another way: of each pair a BuildConfig has one.
pub(super) fn other_way(key: &str) -> Option<&'static str> {
    Some(match key {
        "jenkinsfile" => "jenkinsfile.path",
        "jenkinsfile.path" => "jenkinsfile",
        "dockerfile" => "dockerfile.path",
        "dockerfile.path" => "dockerfile",
        _ => return None,
    })
}

/// Where the value of a setting is in a BuildConfig of this strategy, as a JSON pointer; `None` where it has no place.
pub(super) fn field_of(key: &str, strategy: Option<Strategy>) -> Option<String> {
    let field = match key {
        "strategy" => "/spec/strategy/type",
        "output.image" => "/spec/output/to",
        "source.secret" => "/spec/source/sourceSecret",
        "service_account" => "/spec/serviceAccount",
        "run.policy" => "/spec/runPolicy",
        "resources.cpu" => "/spec/resources/limits/cpu",
        "resources.memory" => "/spec/resources/limits/memory",
        "triggers" => "/spec/triggers",
        "environment" => return Some(format!("/spec/strategy/{}/env", strategy?.field())),
        "secrets.mount" if strategy.is_some_and(|strategy| strategy != Strategy::Pipeline) => {
            return Some(format!("/spec/strategy/{}/volumes", strategy?.field()));
        }
        "jenkinsfile" if strategy == Some(Strategy::Pipeline) => "/spec/strategy/jenkinsPipelineStrategy/jenkinsfile",
        "jenkinsfile.path" if strategy == Some(Strategy::Pipeline) => {
            "/spec/strategy/jenkinsPipelineStrategy/jenkinsfilePath"
        }
        "dockerfile" if strategy == Some(Strategy::Docker) => "/spec/source/dockerfile",
        "dockerfile.path" if strategy == Some(Strategy::Docker) => "/spec/strategy/dockerStrategy/dockerfilePath",
        "builder.image" if strategy == Some(Strategy::Source) => "/spec/strategy/sourceStrategy/from",
        _ => return None,
    };
    Some(field.to_owned())
}

/// The value of a setting as a BuildConfig of this strategy has it, in the words of the setting; `None` where it has none.
pub(super) fn value_at(key: &str, object: &Value, strategy: Option<Strategy>) -> Option<Value> {
    let there = object.pointer(&field_of(key, strategy)?);
    let value = match key {
        // By its field: its type is only told.
        "strategy" => Value::from(Strategy::of_spec(&object["spec"])?.word()),
        "secrets.mount" => Value::from(Mount::of_spec(&object["spec"])?.path),
        "output.image" | "builder.image" => Value::from(image::named(there?)?),
        "source.secret" => there?.get("name")?.clone(),
        "environment" => there?.as_array()?.iter().filter_map(variable).collect(),
        "triggers" => json!(kinds(there?)),
        _ => there?.clone(),
    };
    let is_nothing = match &value {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => true,
    };
    (!is_nothing).then_some(value)
}

/// Whether two values of a setting say the same: a cluster writes quantities in its own way.
pub(super) fn is_same(key: &str, one: Option<&Value>, other: Option<&Value>) -> bool {
    one == other
        || key.starts_with("resources.") && {
            let amount = |value: Option<&Value>| amount(value?.as_str()?);
            amount(one).zip(amount(other)).is_some_and(|(one, other)| (one - other).abs() <= one.abs() * 1e-9)
        }
}

/// Whether a variable gets its value from somewhere else on the cluster: there is no setting for those.
pub(super) fn is_borrowed(variable: &Value) -> bool {
    variable.get("valueFrom").is_some_and(|from| !from.is_null())
}

/// A variable as the setting has it. A value that is empty is left out by clusters.
fn variable(one: &Value) -> Option<String> {
    let name = one.get("name")?.as_str()?;
    let value = one.get("value").and_then(Value::as_str).unwrap_or_default();
    (!is_borrowed(one)).then(|| format!("{name}={value}"))
}

/// The kinds of triggers that there is a setting for, each once.
fn kinds(triggers: &Value) -> BTreeSet<&str> {
    let kinds = triggers.as_array().into_iter().flatten().filter_map(|trigger| trigger.get("type")?.as_str());
    kinds.filter(|kind| TRIGGERS.contains(kind)).collect()
}

/// How much a quantity of a cluster is.
fn amount(quantity: &str) -> Option<f64> {
    let digits = quantity.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: f64 = match quantity.strip_prefix(digits)? {
        "" => 1.0,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    digits.parse::<f64>().ok().map(|number| number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_be_kept_on_the_cluster_has_a_place_there() {
        for definition in crate::descriptor().settings {
            let has_place = Strategy::ALL.into_iter().any(|kind| field_of(&definition.key, Some(kind)).is_some());
            assert_eq!(has_place, definition.at_engine, "{}", definition.key);
        }
    }

    #[test]
    fn quantities_are_compared_by_how_much_they_are() {
        let same = |one: &str, other: &str| is_same("resources.cpu", Some(&json!(one)), Some(&json!(other)));
        assert!(same("0.5", "500m") && same("1024Mi", "1Gi") && same("2", "2000m"));
        assert!(!same("1", "1k") && !same("1Gi", "1G") && !same("", "1") && !same("x", "y"));
        assert!(!is_same("resources.cpu", None, Some(&json!("1"))));
        assert!(!is_same("run.policy", Some(&json!("1")), Some(&json!("1000m"))));
    }
}
