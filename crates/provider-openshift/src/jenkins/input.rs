//! Questions that a pipeline asks, in the annotation that Jenkins' plugin writes.

use alm_domain::{ApprovalKey, ParameterDefinition, ParameterKind, StageKey, shorten};
use serde::Deserialize;
use serde_json::Value;

use crate::text::shown;

/// The annotation.
pub(crate) const PENDING: &str = "openshift.io/jenkins-pending-input-actions-json";
/// Longest annotation that is read.
const LONGEST: usize = 256 << 10;
/// How many questions are open at a time, and how many inputs one has.
const MOST: usize = 8;
const MOST_INPUTS: usize = 50;
/// Longest name of a question.
const LONGEST_ID: usize = 100;

/// A question that waits. Where its answer goes is not taken from the annotation, which anybody in the namespace can write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Input {
    /// Jenkins' name for it.
    pub(crate) id: String,
    pub(crate) message: String,
    pub(crate) proceed: String,
    pub(crate) parameters: Vec<ParameterDefinition>,
    /// What only Jenkins can be told: names of inputs whose values must not be stored or shown, or are no text.
    pub(crate) elsewhere: Vec<String>,
}

impl Input {
    /// Our name for it. Jenkins makes the names of questions of their words, so that two stages that ask the same have one name: where an
    /// earlier stage has asked something (`again`), the stage that asks now is added.
    pub(crate) fn key(&self, stage: Option<&StageKey>, again: bool) -> ApprovalKey {
        match stage.filter(|_| again) {
            Some(stage) => ApprovalKey::from(format!("{} ({stage})", self.id)),
            None => ApprovalKey::from(self.id.as_str()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    id: String,
    #[serde(default)]
    proceed_text: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    inputs: Option<Vec<RawInput>>,
}

#[derive(Deserialize)]
struct RawInput {
    #[serde(default, rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    definition: Option<Value>,
}

/// Reads the annotation.
///
/// # Errors
/// What is wrong with it, for people.
pub(crate) fn inputs(text: &str) -> Result<Vec<Input>, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {} KiB", LONGEST >> 10));
    }
    let raw: Vec<Raw> = serde_json::from_str(text).map_err(|error| shorten(&error.to_string()))?;
    if raw.len() > MOST {
        return Err(format!("{} questions are open at once, more than {MOST}", raw.len()));
    }
    raw.into_iter().map(input).collect()
}

fn input(raw: Raw) -> Result<Input, String> {
    let is_plain =
        !raw.id.is_empty() && raw.id.len() <= LONGEST_ID && !raw.id.contains(|c: char| c.is_control() || c == '/');
    if !is_plain {
        return Err(format!("{:?} is no name of a question", shorten(&raw.id)));
    }
    let inputs = raw.inputs.unwrap_or_default();
    if inputs.len() > MOST_INPUTS {
        return Err(format!("a question has {} inputs, more than {MOST_INPUTS}", inputs.len()));
    }
    let or = |text: Option<String>, other: &str| {
        let text = text.map(|text| shown(text.trim())).filter(|text| !text.is_empty());
        text.unwrap_or_else(|| other.to_owned())
    };
    let elsewhere = inputs.iter().filter(|input| is_elsewhere(&input.kind)).map(|input| shown(&input.name)).collect();
    Ok(Input {
        elsewhere,
        message: or(raw.message, "The pipeline asks whether to go on"),
        proceed: or(raw.proceed_text, "Proceed"),
        parameters: inputs.into_iter().map(parameter).collect(),
        id: raw.id,
    })
}

/// Passwords, credentials and files, by the classes of their definitions.
fn is_elsewhere(kind: &str) -> bool {
    let class = kind.rsplit('.').next().unwrap_or_default();
    ["Password", "Credentials", "File", "StashedFile", "Base64File"]
        .iter()
        .any(|what| class.strip_prefix(what).is_some_and(|rest| rest.starts_with("Param")))
}

fn parameter(raw: RawInput) -> ParameterDefinition {
    let definition = raw.definition.unwrap_or_default();
    let choices: Vec<String> = match definition.get("choices") {
        Some(Value::Array(choices)) => choices.iter().filter_map(Value::as_str).take(500).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let kind = match raw.kind.rsplit('.').next().unwrap_or_default() {
        "BooleanParameterDefinition" => ParameterKind::Boolean,
        "ChoiceParameterDefinition" if !choices.is_empty() => ParameterKind::Choice,
        "TextParameterDefinition" => ParameterKind::Text,
        _ => ParameterKind::String,
    };
    let mut parameter = ParameterDefinition {
        label: shown(&raw.name),
        name: raw.name,
        help: raw.description.map(|text| shown(&text)).filter(|text| !text.is_empty()),
        kind,
        required: false,
        default: definition.get("defaultVal").filter(|value| !value.is_null()).cloned(),
        choices,
    };
    // A default that does not fit is none.
    parameter.default = parameter.default.take().filter(|value| parameter.check(value).is_ok());
    parameter
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SEEN: &str = r#"[{"id":"Proceed","proceedText":"Proceed","message":"\nWould you like to promote version 1.0.3?\n","inputs":[],
        "proceedUrl":"//job/x/3/wfapi/inputSubmit?inputId=Proceed","abortUrl":"//job/x/3/input/Proceed/abort"}]"#;

    #[test]
    fn a_question_is_read_whatever_its_addresses_are() {
        let read = inputs(SEEN).unwrap();
        assert_eq!(
            (read[0].id.as_str(), read[0].message.as_str()),
            ("Proceed", "Would you like to promote version 1.0.3?")
        );
        assert!(inputs("[]").unwrap().is_empty());
    }

    #[test]
    fn inputs_become_parameters() {
        let text = json!([{ "id": "Q", "inputs": [
            { "type": "BooleanParameterDefinition", "name": "sure", "definition": { "defaultVal": true } },
            { "type": "hudson.model.ChoiceParameterDefinition", "name": "where", "definition": { "choices": ["a", "b"], "defaultVal": "c" } },
            { "type": "What", "name": "x", "definition": null },
        ]}]);
        let read = inputs(&text.to_string()).unwrap().remove(0).parameters;
        assert_eq!((read[0].kind, &read[0].default), (ParameterKind::Boolean, &Some(json!(true))));
        assert_eq!((read[1].kind, &read[1].default), (ParameterKind::Choice, &None));
        assert_eq!(read[2].kind, ParameterKind::String);
    }

    #[test]
    fn what_must_not_be_typed_here_is_named() {
        let kinds = [
            ("String", false),
            ("hudson.model.Password", true),
            ("com.cloudbees.plugins.credentials.Credentials", true),
            ("hudson.model.File", true),
        ];
        for (class, is_elsewhere) in kinds {
            let inputs_of = json!([{ "id": "Q", "inputs": [
                { "type": "TextParameterDefinition", "name": "why" },
                { "type": format!("{class}ParameterDefinition"), "name": "key" },
            ]}]);
            let read = inputs(&inputs_of.to_string()).unwrap().remove(0);
            assert_eq!(read.elsewhere, if is_elsewhere { vec!["key"] } else { vec![] }, "{class}");
        }
    }

    #[test]
    fn what_is_broken_says_how() {
        for broken in ["", "{}", "[{}]", r#"[{"id":""}]"#, r#"[{"id":"a/../b"}]"#, r#"[{"id":"a","inputs":[{}]}]"#] {
            assert!(!inputs(broken).unwrap_err().is_empty(), "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn no_annotation_does_harm(text in "\\PC{0,200}", at in 0usize..300, bite in "\\PC{0,3}") {
            let _ = inputs(&text);
            let mut bitten = SEEN.to_owned();
            let at = (0..=at.min(bitten.len())).rev().find(|at| bitten.is_char_boundary(*at)).unwrap_or(0);
            bitten.insert_str(at, &bite);
            let _ = inputs(&bitten);
        }
    }
}
