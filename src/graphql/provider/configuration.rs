//! Settings as the API shows and takes them.

use alm_domain::{ConfigurationEntry as DomainEntry, ConfigurationOrigin as DomainOrigin};
use async_graphql::{Enum, InputObject, Json, OneofObject, SimpleObject};
use serde_json::Value;

use crate::app::AppError;

/// One setting, and where it comes from.
#[derive(SimpleObject)]
pub(crate) struct ConfigurationEntry {
    /// Dotted name.
    key: String,
    /// The value; null when no layer gives one.
    value: Option<Json<Value>>,
    /// Whether a value exists at all.
    is_set: bool,
    /// Which layer supplied it.
    origin: ConfigurationOrigin,
    /// Whether a build service may replace it.
    overridable: bool,
}

impl From<DomainEntry> for ConfigurationEntry {
    fn from(entry: DomainEntry) -> Self {
        Self {
            key: entry.key,
            is_set: entry.value.is_some(),
            value: entry.value.map(Json),
            origin: entry.origin.into(),
            overridable: entry.overridable,
        }
    }
}

/// Layers of settings.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DomainOrigin")]
pub(crate) enum ConfigurationOrigin {
    /// Default of the provider's kind.
    Default,
    /// Set on the provider.
    Provider,
    /// Added or replaced by the build service.
    Service,
    /// As the engine has it: its build configuration was there before the build service, or somebody changed it there.
    Engine,
}

/// One setting.
#[derive(InputObject)]
pub(crate) struct ConfigurationInput {
    /// Dotted name.
    key: String,
    /// The value; exactly one kind.
    value: ConfigurationValueInput,
}

/// A setting's value; exactly one kind.
#[derive(OneofObject)]
pub(crate) enum ConfigurationValueInput {
    /// The value itself.
    Plain(Json<Value>),
    /// Back to what the layer below says; must be true.
    Inherit(bool),
}

/// What the inputs change: a value to set, or `None` to take it away.
pub(crate) fn changes(inputs: Option<Vec<ConfigurationInput>>) -> Result<Vec<(String, Option<Value>)>, AppError> {
    let mut changes: Vec<(String, Option<Value>)> = Vec::new();
    for input in inputs.unwrap_or_default() {
        let value = match input.value {
            ConfigurationValueInput::Plain(Json(value)) => Some(value),
            ConfigurationValueInput::Inherit(true) => None,
            ConfigurationValueInput::Inherit(false) => {
                return Err(AppError::invalid(
                    ["configuration", &input.key, "inherit"],
                    "must be true: to set a value use `plain`",
                ));
            }
        };
        if changes.iter().any(|(key, _)| *key == input.key) {
            return Err(AppError::invalid(["configuration", &input.key], "is given twice: give it once"));
        }
        changes.push((input.key, value));
    }
    Ok(changes)
}
