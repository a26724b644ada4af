//! When a stage runs.

use std::collections::BTreeMap;

use alm_domain::{ParameterDefinition, shorten};

use super::{
    fields::Fields,
    globs::Globs,
    keys,
    model::{When, WhenResult},
    node::{Node, Value},
    parameter,
    problem::{Path, Problems},
    text::{did_you_mean, items, line},
};

pub(super) const RESULTS: [(&str, WhenResult); 3] =
    [("success", WhenResult::Success), ("failure", WhenResult::Failure), ("always", WhenResult::Always)];

/// A condition; `usual` is the result that is waited for where none is given.
pub(super) fn when(
    node: &Node,
    usual: WhenResult,
    parameters: &[ParameterDefinition],
    path: &Path<'_>,
    problems: &mut Problems,
) -> Option<When> {
    if node.scalar().is_some() {
        return result(node, path, problems).map(|result| When { result, ..When::default() });
    }
    let fields = Fields::read(node, &keys::WHEN, path, problems)?;
    let branch = fields.get("branch").map(|node| branches(node, &path.key("branch"), problems)).unwrap_or_default();
    let expected = fields.get("parameters").map(|node| expected(node, parameters, &path.key("parameters"), problems));
    let result = fields.get("result").and_then(|node| result(node, &path.key("result"), problems)).unwrap_or(usual);
    if let Value::Map(entries) = &node.value
        && entries.is_empty()
    {
        problems.add(node.at, path, "is an empty map: give it branch, parameters or result, or take it out");
    }
    Some(When { branch, parameters: expected.unwrap_or_default(), result })
}

fn result(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<WhenResult> {
    let given = node.scalar().unwrap_or_default();
    if let Some((_, result)) = RESULTS.iter().find(|(name, _)| *name == given) {
        return Some(*result);
    }
    let lower = given.trim().to_lowercase().replace('_', "-");
    let remedy = match lower.as_str() {
        "on-success" | "success()" | "passed" => "write success",
        "on-failure" | "on-fail" | "failure()" | "failed" => "write failure",
        "always()" | "true" | "any" => "write always",
        "manual" => "write `input` with a question: the stage then waits for an answer",
        "never" | "false" => "take the stage out",
        "delayed" => "stages cannot be delayed: begin `run` with sleep",
        _ => "write success, failure or always, or a map with branch, parameters and result; there are no expressions",
    };
    problems.add(node.at, path, format!("{:?} is not a result: {remedy}", shorten(given)));
    None
}

fn branches(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Vec<String> {
    let list = items(node);
    if list.is_empty() {
        problems.add(node.at, path, "is an empty list: give at least one glob, or take it out");
    }
    let mut patterns = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let path = path.index(index);
        let Some(text) = line(item, 256, &path, problems) else { continue };
        if text.starts_with('!') || text.starts_with('/') {
            let shown = shorten(&text);
            problems.add(
                item.at,
                &path,
                format!("{shown:?} is not a glob: write what the branch looks like, such as release/*"),
            );
        } else if let Err(message) = Globs::new(&[&text]) {
            problems.add(item.at, &path, message);
        } else {
            patterns.push(text);
        }
    }
    patterns
}

fn expected(
    node: &Node,
    parameters: &[ParameterDefinition],
    path: &Path<'_>,
    problems: &mut Problems,
) -> BTreeMap<String, Vec<serde_json::Value>> {
    let mut expected = BTreeMap::new();
    let Value::Map(entries) = &node.value else {
        problems.add(
            node.at,
            path,
            format!("is {}: write a map from parameter to value, such as `mode: full`", node.kind()),
        );
        return expected;
    };
    for entry in entries {
        let path = path.key(&entry.key);
        let Some(definition) = parameters.iter().find(|definition| definition.name == entry.key) else {
            let names = parameters.iter().map(|definition| definition.name.as_str());
            let remedy = match did_you_mean(&entry.key, names) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "define it under `parameters` of the pipeline".to_owned(),
            };
            problems.add(entry.at, &path, format!("there is no such parameter: {remedy}"));
            continue;
        };
        let list = items(&entry.node);
        if list.is_empty() {
            problems.add(entry.node.at, &path, "is an empty list: give at least one value");
        }
        let mut values = Vec::new();
        for item in list {
            match parameter::value(item, definition) {
                Ok(value) => values.push(value),
                Err(message) => problems.add(item.at, &path, message),
            }
        }
        expected.insert(entry.key.clone(), values);
    }
    expected
}
