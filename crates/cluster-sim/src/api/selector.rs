//! Selectors of labels and fields.

use serde_json::Value;

use super::{ask::Ask, status::Failure};
use crate::world::{Resource, text};

/// What a list or a watch is restricted to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    labels: Vec<Rule>,
    fields: Vec<(String, String, bool)>,
}

#[derive(Debug, Clone)]
enum Rule {
    Is(String, String),
    IsNot(String, String),
    In(String, Vec<String>, bool),
    Exists(String, bool),
}

impl Selector {
    pub(crate) fn of(ask: &Ask, resource: &Resource) -> Result<Self, Failure> {
        let labels = ask.query("labelSelector").unwrap_or_default();
        let fields = ask.query("fieldSelector").unwrap_or_default();
        Ok(Self { labels: rules(&labels)?, fields: field_rules(&fields, resource)? })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        let label = |name: &str| labels[name].as_str();
        let fits = |rule: &Rule| match rule {
            Rule::Is(name, value) => label(name) == Some(value),
            Rule::IsNot(name, value) => label(name) != Some(value),
            Rule::In(name, values, wanted) => label(name).is_some_and(|has| values.iter().any(|v| v == has)) == *wanted,
            Rule::Exists(name, wanted) => label(name).is_some() == *wanted,
        };
        self.labels.iter().all(fits)
            && self.fields.iter().all(|(path, value, wanted)| (field(object, path) == *value) == *wanted)
    }
}

fn rules(text: &str) -> Result<Vec<Rule>, Failure> {
    let mut found = Vec::new();
    for part in split(text) {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        if let Some((name, rest)) = part.split_once(" in ").or_else(|| part.split_once(" notin ")) {
            let values = rest.trim().trim_matches(['(', ')']).split(',').map(|value| value.trim().to_owned()).collect();
            found.push(Rule::In(name.trim().to_owned(), values, part.contains(" in ")));
        } else if let Some((name, value)) = part.split_once("!=") {
            found.push(Rule::IsNot(name.trim().to_owned(), plain(value)?));
        } else if let Some((name, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            found.push(Rule::Is(name.trim().to_owned(), plain(value)?));
        } else if let Some(name) = part.strip_prefix('!') {
            found.push(Rule::Exists(name.to_owned(), false));
        } else {
            found.push(Rule::Exists(part.to_owned(), true));
        }
    }
    Ok(found)
}

/// At commas that are not inside parentheses.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    parts
}

fn plain(value: &str) -> Result<String, Failure> {
    if value.contains('=') {
        return Err(Failure::bad_request("unable to parse requirement: found '=', expected: identifier"));
    }
    Ok(value.trim().to_owned())
}

fn field_rules(text: &str, resource: &Resource) -> Result<Vec<(String, String, bool)>, Failure> {
    let mut found = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (name, value, wanted) =
            match (part.split_once("!="), part.split_once("==").or_else(|| part.split_once('='))) {
                (Some((name, value)), _) => (name, value, false),
                (None, Some((name, value))) => (name, value, true),
                (None, None) => {
                    return Err(Failure::bad_request(format!("invalid selector: '{text}'; can't understand '{part}'")));
                }
            };
        if !known(resource, name) {
            return Err(Failure::bad_request(format!(
                "\"{name}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            )));
        }
        found.push((name.to_owned(), value.to_owned(), wanted));
    }
    Ok(found)
}

fn known(resource: &Resource, name: &str) -> bool {
    let own: &[&str] = match resource.id {
        "builds.build.openshift.io" => &["status", "podName"],
        "pods" => &["status.phase", "spec.nodeName"],
        "secrets" => &["type"],
        "events" => &["involvedObject.kind", "involvedObject.name", "involvedObject.uid", "reason", "type"],
        _ => &[],
    };
    ["metadata.name", "metadata.namespace"].contains(&name) || own.contains(&name)
}

fn field(object: &Value, path: &str) -> String {
    match path {
        // A field of builds that is called so is the phase.
        "status" => text(&object["status"]["phase"]),
        "podName" => text(&object["metadata"]["annotations"]["openshift.io/build.pod-name"]),
        _ => text(path.split('.').fold(object, |inside, part| &inside[part])),
    }
}
