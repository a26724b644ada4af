//! Parameters as the API shows and takes them.

use alm_domain::{ParameterDefinition as DomainDefinition, ParameterValue as DomainValue};
use async_graphql::{Enum, InputObject, Json, OneofObject, SimpleObject};
use serde_json::Value;

/// Kinds of parameters.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::ParameterKind")]
pub(crate) enum ParameterKind {
    /// One line of text.
    String,
    /// Several lines of text.
    Text,
    /// Yes or no.
    Boolean,
    /// Whole number.
    Integer,
    /// One of a list.
    Choice,
}

/// An input that a build takes.
#[derive(SimpleObject)]
pub(crate) struct ParameterDefinition {
    /// Key.
    name: String,
    /// Name for display.
    label: String,
    /// Help text.
    help: Option<String>,
    /// Kind of value, and of the form field.
    kind: ParameterKind,
    /// Whether a value must be given.
    required: bool,
    /// Value used when none is given.
    default_value: Option<Json<Value>>,
    /// Allowed values of a choice; at most 500, null for other kinds.
    choices: Option<Vec<String>>,
}

impl From<DomainDefinition> for ParameterDefinition {
    fn from(definition: DomainDefinition) -> Self {
        Self {
            choices: (definition.kind == alm_domain::ParameterKind::Choice).then_some(definition.choices),
            name: definition.name,
            label: definition.label,
            help: definition.help,
            kind: definition.kind.into(),
            required: definition.required,
            default_value: definition.default.map(Json),
        }
    }
}

/// A parameter as it was given.
#[derive(SimpleObject)]
pub(crate) struct ParameterValue {
    /// Key.
    name: String,
    /// The value.
    value: Json<Value>,
}

impl From<&DomainValue> for ParameterValue {
    fn from(given: &DomainValue) -> Self {
        Self { name: given.name.clone(), value: Json(given.value.clone()) }
    }
}

/// One parameter of a build or of a decision.
#[derive(InputObject)]
pub(crate) struct ParameterInput {
    /// Key.
    name: String,
    /// The value.
    value: ParameterValueInput,
}

/// A value; exactly one kind.
#[derive(OneofObject)]
pub(crate) enum ParameterValueInput {
    /// Text or choice.
    String(String),
    /// Yes or no.
    Boolean(bool),
    /// Whole number.
    Integer(i32),
}

/// The parameters of an input, as the domain has them.
pub(crate) fn given(inputs: Option<Vec<ParameterInput>>) -> Vec<DomainValue> {
    inputs
        .unwrap_or_default()
        .into_iter()
        .map(|input| DomainValue {
            name: input.name,
            value: match input.value {
                ParameterValueInput::String(text) => text.into(),
                ParameterValueInput::Boolean(yes) => yes.into(),
                ParameterValueInput::Integer(number) => number.into(),
            },
        })
        .collect()
}
