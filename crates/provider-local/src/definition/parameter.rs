//! Inputs of builds and of questions.

use alm_domain::{ParameterDefinition, ParameterKind, shorten};

use super::{
    fields::Fields,
    keys,
    node::{Mark, Node, Value},
    problem::{Path, Problems},
    text::{boolean, did_you_mean, line, variable_name},
};

pub(super) const KINDS: [(&str, ParameterKind); 5] = [
    ("string", ParameterKind::String),
    ("text", ParameterKind::Text),
    ("boolean", ParameterKind::Boolean),
    ("integer", ParameterKind::Integer),
    ("choice", ParameterKind::Choice),
];

/// What others call them.
const FOREIGN: [(&str, &str); 9] = [
    ("bool", "boolean"),
    ("int", "integer"),
    ("number", "integer"),
    ("str", "string"),
    ("enum", "choice"),
    ("select", "choice"),
    ("multiline", "text"),
    ("array", "text"),
    ("environment", "choice"),
];

const MOST_CHOICES: usize = 500;

/// A list, or a map from name to definition; at most `most`.
pub(super) fn parameters(
    node: &Node,
    most: usize,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Vec<ParameterDefinition> {
    let mut found: Vec<ParameterDefinition> = Vec::new();
    let count = match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let path = path.key(&entry.key);
                let Some(fields) = Fields::read(&entry.node, &keys::PARAMETER, &path, problems) else { continue };
                push(&mut found, definition(&entry.key, entry.at, &fields, &path, problems), entry.at, &path, problems);
            }
            entries.len()
        }
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                let path = path.index(index);
                let Some(fields) = Fields::read(item, &keys::LISTED_PARAMETER, &path, problems) else { continue };
                let Some(name) = fields.get("name") else {
                    problems.add(item.at, &path, "has no name: give it `name`");
                    continue;
                };
                let name_path = path.key("name");
                let Some(text) = line(name, 128, &name_path, problems) else { continue };
                push(&mut found, definition(&text, name.at, &fields, &path, problems), name.at, &name_path, problems);
            }
            list.len()
        }
        _ => {
            let kind = node.kind();
            problems.add(
                node.at,
                path,
                format!("is {kind}: write a list of parameters, or a map from name to parameter"),
            );
            0
        }
    };
    if count > most {
        problems.add(node.at, path, format!("has {count} parameters, and at most {most} are asked for: ask for fewer"));
    }
    found
}

fn push(
    found: &mut Vec<ParameterDefinition>,
    fresh: ParameterDefinition,
    at: Mark,
    path: &Path<'_>,
    problems: &mut Problems,
) {
    if found.iter().any(|earlier| earlier.name == fresh.name) {
        problems.add(at, path, format!("{:?} is the name of two parameters: rename one", shorten(&fresh.name)));
    } else {
        found.push(fresh);
    }
}

fn definition(
    name: &str,
    at: Mark,
    fields: &Fields<'_>,
    path: &Path<'_>,
    problems: &mut Problems,
) -> ParameterDefinition {
    if let Err(message) = variable_name(name) {
        problems.add(at, path, message);
    }
    let mut one_line = |key: &str| fields.get(key).and_then(|node| line(node, 200, &path.key(key), problems));
    let label = one_line("label").unwrap_or_else(|| name.to_owned());
    let help = help(fields, path, problems);
    let choices = fields.get("choices").map(|node| choices(node, &path.key("choices"), problems));
    let kind = match fields.get("type") {
        Some(node) => kind(node, &path.key("type"), problems),
        None if choices.is_some() => Some(ParameterKind::Choice),
        None => Some(ParameterKind::String),
    };
    match (kind, &choices, fields.entry("choices")) {
        (Some(ParameterKind::Choice), None, _) => {
            problems.add(at, path, "is a choice without choices: give it `choices`, a list of values");
        }
        (Some(other), Some(_), Some(entry)) if other != ParameterKind::Choice => {
            problems.add(
                entry.at,
                &path.key("choices"),
                "belongs to parameters of the type choice: write `type: choice`, or take it out",
            );
        }
        _ => {}
    }
    let required = fields.get("required").and_then(|node| boolean(node, &path.key("required"), problems));
    let mut definition = ParameterDefinition {
        name: name.to_owned(),
        label,
        help,
        kind: kind.unwrap_or(ParameterKind::String),
        required: required.unwrap_or(false),
        default: None,
        choices: choices.unwrap_or_default(),
    };
    if let (Some(node), Some(_)) = (fields.get("default"), kind) {
        let path = path.key("default");
        if definition.required {
            problems.add(node.at, &path, "stands together with `required: true`: take one of the two out");
            definition.required = false;
        }
        match value(node, &definition) {
            Ok(value) => definition.default = Some(value),
            Err(message) => problems.add(node.at, &path, message),
        }
    }
    definition
}

/// A value for a parameter: whatever is written for one of text is taken as text, as it was written.
pub(super) fn value(node: &Node, definition: &ParameterDefinition) -> Result<serde_json::Value, String> {
    let textual = matches!(definition.kind, ParameterKind::String | ParameterKind::Text | ParameterKind::Choice);
    let value = match node.scalar() {
        Some(text) if textual => text.into(),
        Some(_) => node.json(),
        None => return Err(format!("is {}: write one value", node.kind())),
    };
    let with_remedy =
        |problem: String| if problem.contains(": ") { problem } else { format!("{problem}: correct the value") };
    definition.check(&value).map_err(with_remedy)?;
    Ok(value)
}

fn help(fields: &Fields<'_>, path: &Path<'_>, problems: &mut Problems) -> Option<String> {
    if let (Some(_), Some(second)) = (fields.entry("help"), fields.entry("description")) {
        problems.add(
            second.at,
            &path.key("description"),
            "stands together with `help`, which means the same: keep one",
        );
    }
    let entry = fields.entry("help").or_else(|| fields.entry("description"))?;
    let path = path.key(&entry.key);
    match entry.node.scalar() {
        Some(text) if text.chars().count() <= 2000 => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Some(_) => {
            problems.add(entry.node.at, &path, "is longer than 2000 characters: shorten it");
            None
        }
        None => {
            problems.add(entry.node.at, &path, format!("is {}: write text", entry.node.kind()));
            None
        }
    }
}

fn kind(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<ParameterKind> {
    let given = node.scalar().unwrap_or_default();
    if let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == given) {
        return Some(*kind);
    }
    let lower = given.to_lowercase();
    let names = KINDS.map(|(name, _)| name);
    let meant =
        FOREIGN.iter().find(|(name, _)| *name == lower).map(|(_, ours)| *ours).or_else(|| did_you_mean(&lower, names));
    let message = match meant {
        Some(ours) => format!("{:?} is not a type: write {ours}", shorten(given)),
        None => format!("{:?} is not a type: write one of {}", shorten(given), names.join(", ")),
    };
    problems.add(node.at, path, message);
    None
}

fn choices(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Vec<String> {
    let Value::List(list) = &node.value else {
        problems.add(node.at, path, format!("is {}: write a list of values", node.kind()));
        return Vec::new();
    };
    if list.is_empty() || list.len() > MOST_CHOICES {
        problems.add(node.at, path, format!("has {} values: give 1 to {MOST_CHOICES}", list.len()));
    }
    let mut seen = std::collections::HashSet::new();
    for (index, item) in list.iter().enumerate() {
        let Some(text) = item.scalar() else {
            problems.add(item.at, &path.index(index), format!("is {}: write one value", item.kind()));
            continue;
        };
        if !seen.insert(text) {
            problems.add(item.at, &path.index(index), format!("{:?} is there twice: keep one", shorten(text)));
        }
    }
    list.iter().filter_map(|item| item.scalar().map(str::to_owned)).collect()
}
