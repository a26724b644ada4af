//! Inputs of builds and of decisions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::shorten;

/// Kinds of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParameterKind {
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

/// An input that a build, or a decision, takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterDefinition {
    /// Key: a letter or `_`, then letters, digits and `_`.
    pub name: String,
    /// Name for display.
    pub label: String,
    /// Help text.
    pub help: Option<String>,
    /// Kind of value.
    pub kind: ParameterKind,
    /// Whether a value must be given. Never true where there is a default.
    pub required: bool,
    /// Value used when none is given; of the kind.
    pub default: Option<Value>,
    /// Allowed values of a choice; at most 500, empty for other kinds.
    pub choices: Vec<String>,
}

/// A parameter as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterValue {
    /// Key.
    pub name: String,
    /// The value: a string, a boolean or a whole number.
    pub value: Value,
}

/// Why a parameter does not fit its definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter {name:?}: {problem}")]
pub struct ParameterProblem {
    /// The parameter at fault, as it was named.
    pub name: String,
    /// What is wrong, and what would be right.
    pub problem: String,
    /// Where it stands among the values that were given; `None` when it was not given.
    pub index: Option<usize>,
}

/// Fills in the defaults and checks every value: the complete values in the order of the definitions, or every problem.
///
/// # Errors
/// One [`ParameterProblem`] for each value that is unknown, doubled, missing, of the wrong kind or not a choice.
pub fn check_parameters(
    definitions: &[ParameterDefinition],
    given: &[ParameterValue],
) -> Result<Vec<ParameterValue>, Vec<ParameterProblem>> {
    let mut problems = Vec::new();
    for (index, value) in given.iter().enumerate() {
        let problem = if !definitions.iter().any(|d| d.name == value.name) {
            let known = definitions.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", ");
            if known.is_empty() {
                "there is no such parameter: this build takes none".to_owned()
            } else {
                format!("there is no such parameter: the parameters are {known}")
            }
        } else if given[..index].iter().any(|earlier| earlier.name == value.name) {
            "is given twice: give it once".to_owned()
        } else {
            continue;
        };
        problems.push(ParameterProblem { name: shorten(&value.name), problem, index: Some(index) });
    }
    let mut complete = Vec::new();
    for definition in definitions {
        let index = given.iter().position(|v| v.name == definition.name);
        match (index, &definition.default) {
            (Some(index), _) => match definition.check(&given[index].value) {
                Ok(()) => complete.push(given[index].clone()),
                Err(problem) => {
                    problems.push(ParameterProblem { name: definition.name.clone(), problem, index: Some(index) });
                }
            },
            (None, Some(default)) => {
                complete.push(ParameterValue { name: definition.name.clone(), value: default.clone() });
            }
            (None, None) if definition.required => problems.push(ParameterProblem {
                name: definition.name.clone(),
                problem: "is required: give it a value".to_owned(),
                index: None,
            }),
            (None, None) => {}
        }
    }
    if problems.is_empty() { Ok(complete) } else { Err(problems) }
}

impl ParameterDefinition {
    /// Whether a value is of the kind, and one of the choices.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what would be right.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match (self.kind, value) {
            (ParameterKind::String, Value::String(text)) if text.contains(['\n', '\r']) => {
                Err("has more than one line: this parameter takes one line of text".to_owned())
            }
            (ParameterKind::String | ParameterKind::Text, Value::String(text)) if text.contains('\0') => {
                Err("holds a NUL character: remove it".to_owned())
            }
            (ParameterKind::Choice, Value::String(text)) if !self.choices.contains(text) => {
                Err(format!("{:?} is not a choice: choose one of {}", shorten(text), self.choices.join(", ")))
            }
            (ParameterKind::String | ParameterKind::Text | ParameterKind::Choice, Value::String(_))
            | (ParameterKind::Boolean, Value::Bool(_)) => Ok(()),
            (ParameterKind::Integer, Value::Number(number)) if number.is_i64() => Ok(()),
            (kind, _) => Err(format!(
                "{} is not {}",
                shorten(&value.to_string()),
                match kind {
                    ParameterKind::String => "one line of text",
                    ParameterKind::Text => "text",
                    ParameterKind::Boolean => "true or false",
                    ParameterKind::Integer => "a whole number",
                    ParameterKind::Choice => "a text that is one of the choices",
                }
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str, kind: ParameterKind, default: Option<Value>) -> ParameterDefinition {
        ParameterDefinition {
            name: name.into(),
            label: name.into(),
            help: None,
            kind,
            required: default.is_none(),
            default,
            choices: if kind == ParameterKind::Choice { vec!["a".into(), "b".into()] } else { vec![] },
        }
    }

    fn value(name: &str, value: impl Into<Value>) -> ParameterValue {
        ParameterValue { name: name.into(), value: value.into() }
    }

    #[test]
    fn defaults_fill_what_is_not_given() {
        let definitions =
            [definition("n", ParameterKind::Integer, Some(3.into())), definition("c", ParameterKind::Choice, None)];
        assert_eq!(check_parameters(&definitions, &[value("c", "a")]), Ok(vec![value("n", 3), value("c", "a")]));
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let definitions = [definition("n", ParameterKind::Integer, None), definition("c", ParameterKind::Choice, None)];
        let problems =
            check_parameters(&definitions, &[value("c", "z"), value("x", 1), value("c", "a"), value("x", 2)])
                .unwrap_err();
        let seen: Vec<_> = problems.iter().map(|p| (p.name.as_str(), p.index)).collect();
        assert_eq!(seen, [("x", Some(1)), ("c", Some(2)), ("x", Some(3)), ("n", None), ("c", Some(0))]);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        for (kind, wrong) in [
            (ParameterKind::Integer, Value::from(1.5)),
            (ParameterKind::Integer, Value::from("1")),
            (ParameterKind::Boolean, Value::from("true")),
            (ParameterKind::String, Value::from("a\nb")),
            (ParameterKind::Text, Value::from("a\0b")),
            (ParameterKind::Choice, Value::from("c")),
        ] {
            assert!(definition("p", kind, None).check(&wrong).is_err(), "{kind:?} {wrong}");
        }
    }
}
