//! Inputs from the command line.

use std::str::FromStr;

use alm_domain::shorten;
use serde_json::json;

use crate::cli::{
    CliError,
    client::{Client, Input, ParameterView},
};

/// `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Key.
    pub name: String,
    /// The value as it was typed.
    pub value: String,
}

impl FromStr for Parameter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err("write NAME=VALUE".to_owned()),
        }
    }
}

/// The parameters as inputs of a build service: each of the kind that its definition wants.
///
/// # Errors
/// When a value cannot be of that kind.
pub(in crate::cli) async fn inputs(
    client: &Client,
    service: &str,
    given: Vec<Parameter>,
) -> Result<Vec<Input>, CliError> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let definitions = client.parameters(service).await?.unwrap_or_default();
    typed(&definitions, given)
}

/// What is not defined is sent as text: the definition of another branch may know it, and the server has the last word.
pub(in crate::cli) fn typed(definitions: &[ParameterView], given: Vec<Parameter>) -> Result<Vec<Input>, CliError> {
    given
        .into_iter()
        .map(|Parameter { name, value }| {
            let kind = definitions.iter().find(|definition| definition.name == name).map(|d| d.kind.as_str());
            let wrong = |wanted: &str| {
                CliError::Usage(format!("--param {}: {:?} is not {wanted}", shorten(&name), shorten(&value)))
            };
            let value = match kind {
                Some("BOOLEAN") => match value.as_str() {
                    "true" => json!({ "boolean": true }),
                    "false" => json!({ "boolean": false }),
                    _ => return Err(wrong("true or false")),
                },
                // The schema's integers have 32 bits.
                Some("INTEGER") => json!({ "integer": value.parse::<i32>().map_err(|_| wrong("a whole number"))? }),
                _ => json!({ "string": value }),
            };
            Ok(Input { name, value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_kind_of_their_definition() {
        let definition =
            |name: &str, kind: &str| ParameterView { name: name.into(), kind: kind.into(), required: false };
        let definitions = [definition("n", "INTEGER"), definition("b", "BOOLEAN"), definition("t", "STRING")];
        let give = |texts: &[&str]| typed(&definitions, texts.iter().map(|text| text.parse().unwrap()).collect());
        let values: Vec<_> = give(&["n=-3", "b=true", "t=5", "other=a=b", "t="])
            .unwrap()
            .into_iter()
            .map(|i| i.value.to_string())
            .collect();
        assert_eq!(
            values,
            [
                r#"{"integer":-3}"#,
                r#"{"boolean":true}"#,
                r#"{"string":"5"}"#,
                r#"{"string":"a=b"}"#,
                r#"{"string":""}"#
            ]
        );
        for wrong in ["n=x", "n=3000000000", "b=yes"] {
            assert!(give(&[wrong]).unwrap_err().to_string().starts_with("--param "));
        }
        for wrong in ["", "=x", "x"] {
            assert!(wrong.parse::<Parameter>().is_err());
        }
    }
}
