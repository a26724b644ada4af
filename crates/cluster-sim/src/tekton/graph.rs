//! What the tasks of a pipeline need of each other, and what stands in the place of `$(…)`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::text;

/// The `$(…)` of a value, without the marks.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            let parts = text.split("$(").skip(1);
            parts.filter_map(|part| part.split_once(')').map(|(name, _)| name.to_owned())).collect()
        }
        Value::Array(all) => all.iter().flat_map(references).collect(),
        Value::Object(map) => map.values().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// The tasks whose results this one uses.
pub(crate) fn results_of(task: &Value) -> Vec<String> {
    let used = ["params", "when", "matrix"].iter().flat_map(|field| references(&task[*field]));
    let mut needed: Vec<String> = used
        .filter_map(|name| {
            let (task, rest) = name.strip_prefix("tasks.")?.split_once('.')?;
            rest.starts_with("results.").then(|| task.to_owned())
        })
        .collect();
    needed.sort();
    needed.dedup();
    needed
}

/// The tasks that come before this one.
pub(crate) fn needs(task: &Value) -> Vec<String> {
    let mut needed = results_of(task);
    needed.extend(task["runAfter"].as_array().into_iter().flatten().map(text));
    needed.sort();
    needed.dedup();
    needed
}

/// A task that comes before itself.
pub(crate) fn cycle(tasks: &[Value]) -> Option<String> {
    let mut left: Vec<&Value> = tasks.iter().collect();
    loop {
        let names: Vec<String> = left.iter().map(|task| text(&task["name"])).collect();
        let before = left.len();
        left.retain(|task| needs(task).iter().any(|needed| names.contains(needed)));
        if left.is_empty() {
            return None;
        }
        if left.len() == before {
            return left.first().map(|task| text(&task["name"]));
        }
    }
}

/// Where what a reference names is, and under which name.
pub(crate) fn place(namespace: &str, reference: &Value) -> (String, String) {
    let param = |name: &str| {
        let all = reference["params"].as_array().into_iter().flatten();
        all.filter(|param| param["name"] == name).map(|param| text(&param["value"])).next().unwrap_or_default()
    };
    match reference["resolver"].as_str() {
        None => (namespace.to_owned(), text(&reference["name"])),
        Some("cluster") => (param("namespace"), param("name")),
        // What is in bundles and repositories is put here by the test, under the name of the resolver.
        Some(resolver) => {
            (format!("resolver-{resolver}"), if resolver == "git" { param("pathInRepo") } else { param("name") })
        }
    }
}

/// The type of a parameter that has this value.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        _ => "string",
    }
}

/// Makes a value known under its name, and those of its keys.
pub(crate) fn know(known: &mut BTreeMap<String, Value>, name: &str, value: &Value) {
    for (key, part) in value.as_object().into_iter().flatten() {
        known.insert(format!("{name}.{key}"), part.clone());
    }
    known.insert(name.to_owned(), value.clone());
}

/// The value with what stands for each `$(…)`. One that is the whole of a text may be a list.
pub(crate) fn substitute(value: &Value, known: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            if let Some(whole) = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix("[*])"))
                && let Some(list) = known.get(whole)
            {
                return list.clone();
            }
            let mut filled = String::new();
            let mut rest = text.as_str();
            while let Some((before, behind)) = rest.split_once("$(") {
                filled.push_str(before);
                let found = behind.split_once(')').and_then(|(name, after)| Some((known.get(name)?, after)));
                match found {
                    Some((value, after)) => {
                        filled.push_str(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                        rest = after;
                    }
                    None => {
                        filled.push_str("$(");
                        rest = behind;
                    }
                }
            }
            filled.push_str(rest);
            Value::String(filled)
        }
        Value::Array(all) => {
            let mut filled = Vec::new();
            for item in all {
                match substitute(item, known) {
                    Value::Array(list) if item.is_string() => filled.extend(list),
                    other => filled.push(other),
                }
            }
            Value::Array(filled)
        }
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), substitute(value, known))).collect(),
        other => other.clone(),
    }
}
