//! Settings of providers and build services, in layers: default, provider, build service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::shorten;

/// Values by dotted key.
pub type Settings = BTreeMap<String, Value>;

/// Where a setting may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SettingScope {
    /// On the provider only.
    Provider,
    /// On the provider, and replaced by a build service.
    Overridable,
    /// On a build service only.
    Service,
}

/// What a setting's value looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SettingKind {
    /// Text.
    Text,
    /// Yes or no.
    Boolean,
    /// A whole number within these bounds, both included.
    Integer {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// One of these texts.
    Choice(Vec<String>),
    /// A list of texts.
    List,
}

/// A setting that a provider understands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingDefinition {
    /// Dotted key.
    pub key: String,
    /// Name for display.
    pub title: String,
    /// What it does, its unit, what happens without it.
    pub description: String,
    /// What the value looks like.
    pub kind: SettingKind,
    /// Where it may be given.
    pub scope: SettingScope,
    /// Value when none is given.
    pub default: Option<Value>,
    /// Whether the value is part of the build configuration at the engine, where others can change it: then what counts is what the
    /// engine has.
    pub at_engine: bool,
}

impl SettingDefinition {
    /// A setting, in the order in which its fields are written down.
    #[must_use]
    pub fn new(
        key: &str,
        title: &str,
        description: &str,
        kind: SettingKind,
        scope: SettingScope,
        default: Option<Value>,
    ) -> Self {
        let (key, title, description) = (key.to_owned(), title.to_owned(), description.to_owned());
        Self { key, title, description, kind, scope, default, at_engine: false }
    }

    /// The same, kept in the build configuration at the engine.
    #[must_use]
    pub fn at_engine(self) -> Self {
        Self { at_engine: true, ..self }
    }
}

/// Which layer supplied a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConfigurationOrigin {
    /// Default of the provider's kind.
    Default,
    /// Set on the provider.
    Provider,
    /// Added or replaced by the build service.
    Service,
    /// As the engine has it: its build configuration was there before the build service, or somebody changed it there.
    Engine,
}

/// One effective setting, and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigurationEntry {
    /// Dotted key.
    pub key: String,
    /// The value; `None` when no layer gives one.
    pub value: Option<Value>,
    /// Which layer supplied it.
    pub origin: ConfigurationOrigin,
    /// Whether a build service may give it.
    pub overridable: bool,
}

/// Why a setting is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {key:?}: {problem}")]
pub struct SettingsProblem {
    /// The key at fault.
    pub key: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// Checks the settings of one layer; `service` says whether it is a build service's.
///
/// # Errors
/// One [`SettingsProblem`] for each unknown key, misplaced key and wrong value.
pub fn check_settings(
    definitions: &[SettingDefinition],
    settings: &Settings,
    service: bool,
) -> Result<(), Vec<SettingsProblem>> {
    let problems: Vec<_> = settings
        .iter()
        .filter_map(|(key, value)| {
            let problem = match definitions.iter().find(|d| d.key == *key) {
                None => Some(format!(
                    "there is no such setting: the settings are {}",
                    definitions.iter().map(|d| d.key.as_str()).collect::<Vec<_>>().join(", ")
                )),
                Some(d) if service && d.scope == SettingScope::Provider => {
                    Some("can only be set on the provider, by an administrator".to_owned())
                }
                Some(d) if !service && d.scope == SettingScope::Service => {
                    Some("can only be set on a build service".to_owned())
                }
                Some(d) => d.kind.problem_with(value),
            };
            problem.map(|problem| SettingsProblem { key: shorten(key), problem })
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Lays the layers over one another: one entry per definition, in the definitions' order.
#[must_use]
pub fn effective_configuration(
    definitions: &[SettingDefinition],
    provider: &Settings,
    service: Option<&Settings>,
) -> Vec<ConfigurationEntry> {
    definitions
        .iter()
        .map(|definition| {
            let overridable = definition.scope != SettingScope::Provider;
            let own = service.filter(|_| overridable).and_then(|s| s.get(&definition.key));
            let (value, origin) = match (own, provider.get(&definition.key)) {
                (Some(value), _) => (Some(value), ConfigurationOrigin::Service),
                (None, Some(value)) => (Some(value), ConfigurationOrigin::Provider),
                (None, None) => (definition.default.as_ref(), ConfigurationOrigin::Default),
            };
            ConfigurationEntry { key: definition.key.clone(), value: value.cloned(), origin, overridable }
        })
        .collect()
}

/// The JSON Schema (2020-12) of the settings that a build service (or, if not `service`, a provider) may give.
#[must_use]
pub fn settings_schema(definitions: &[SettingDefinition], service: bool) -> Value {
    let left_out = if service { SettingScope::Provider } else { SettingScope::Service };
    let properties: serde_json::Map<String, Value> = definitions
        .iter()
        .filter(|d| d.scope != left_out)
        .map(|d| {
            let mut schema = match &d.kind {
                SettingKind::Text => json!({ "type": "string" }),
                SettingKind::Boolean => json!({ "type": "boolean" }),
                SettingKind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
                SettingKind::Choice(values) => json!({ "type": "string", "enum": values }),
                SettingKind::List => json!({ "type": "array", "items": { "type": "string" } }),
            };
            schema["title"] = json!(d.title);
            schema["description"] = json!(d.description);
            if let Some(default) = &d.default {
                schema["default"] = default.clone();
            }
            (d.key.clone(), schema)
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

impl SettingKind {
    fn problem_with(&self, value: &Value) -> Option<String> {
        let wanted = match self {
            Self::Text if value.is_string() => return None,
            Self::Boolean if value.is_boolean() => return None,
            Self::Integer { min, max } if value.as_i64().is_some_and(|n| (*min..=*max).contains(&n)) => return None,
            Self::Choice(choices) if value.as_str().is_some_and(|t| choices.iter().any(|c| c == t)) => return None,
            Self::List if value.as_array().is_some_and(|items| items.iter().all(Value::is_string)) => return None,
            Self::Text => "a text".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Choice(choices) => format!("one of {}", choices.join(", ")),
            Self::List => "a list of texts".to_owned(),
        };
        Some(format!("{} is not {wanted}", shorten(&value.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions() -> Vec<SettingDefinition> {
        let make = |key: &str, kind, scope, default| SettingDefinition {
            key: key.into(),
            title: key.into(),
            description: String::new(),
            kind,
            scope,
            default,
            at_engine: false,
        };
        vec![
            make("slots", SettingKind::Integer { min: 1, max: 9 }, SettingScope::Provider, Some(json!(2))),
            make("shell", SettingKind::Text, SettingScope::Overridable, None),
            make("path", SettingKind::Text, SettingScope::Service, Some(json!("x"))),
        ]
    }

    #[test]
    fn each_setting_says_which_layer_it_comes_from() {
        let provider = Settings::from([("slots".into(), json!(3)), ("shell".into(), json!("sh"))]);
        let service = Settings::from([("shell".into(), json!("bash")), ("slots".into(), json!(9))]);
        let seen: Vec<_> = effective_configuration(&definitions(), &provider, Some(&service))
            .into_iter()
            .map(|e| (e.value, e.origin))
            .collect();
        assert_eq!(
            seen,
            [
                (Some(json!(3)), ConfigurationOrigin::Provider),
                (Some(json!("bash")), ConfigurationOrigin::Service),
                (Some(json!("x")), ConfigurationOrigin::Default),
            ]
        );
    }

    #[test]
    fn unknown_misplaced_and_wrong_settings_are_all_told() {
        let wrong = Settings::from([("slots".into(), json!(3)), ("shell".into(), json!(1)), ("nope".into(), json!(1))]);
        let keys: Vec<_> =
            check_settings(&definitions(), &wrong, true).unwrap_err().into_iter().map(|p| p.key).collect();
        assert_eq!(keys, ["nope", "shell", "slots"]);
        assert!(check_settings(&definitions(), &Settings::from([("path".into(), json!("y"))]), false).is_err());
        assert!(check_settings(&definitions(), &Settings::from([("path".into(), json!("y"))]), true).is_ok());
    }
}
