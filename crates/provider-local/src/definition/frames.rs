//! Stages inside the pipeline or inside a frame.

use std::collections::{BTreeMap, HashSet};

use alm_domain::{ParameterDefinition, shorten};

use super::{
    fields::Fields,
    keys,
    node::{Mark, Node, Value},
    problem::{Path, Problems},
    stage::{self, Raw},
    text::line,
};

/// Stages of a pipeline, frames counted.
const MOST_STAGES: usize = 1000;
/// Frames inside each other.
pub(super) const DEEPEST: usize = 8;

/// What is known about the place where stages stand.
#[derive(Debug, Clone)]
pub(super) struct Around<'a> {
    /// Key of the frame with a `/` behind it; empty at the top.
    pub(super) prefix: String,
    /// How many frames there are around.
    pub(super) depth: usize,
    /// Variables of the frames around.
    pub(super) env: BTreeMap<String, String>,
    /// Parameters of the pipeline.
    pub(super) parameters: &'a [ParameterDefinition],
}

impl<'a> Around<'a> {
    pub(super) const fn pipeline(parameters: &'a [ParameterDefinition]) -> Self {
        Self { prefix: String::new(), depth: 0, env: BTreeMap::new(), parameters }
    }
}

/// Reads a map or a list of stages.
pub(super) fn stages(
    node: &Node,
    path: &Path<'_>,
    around: &Around<'_>,
    count: &mut usize,
    problems: &mut Problems,
) -> Vec<Raw> {
    let mut found = Vec::new();
    let mut keys = HashSet::new();
    let mut take =
        |key: &str, at: Mark, fields: Option<&Fields<'_>>, node: &Node, path: &Path<'_>, problems: &mut Problems| {
            if !check_key(key, at, path, problems) {
                return true;
            }
            if !keys.insert(key.to_owned()) {
                problems.add(at, path, format!("{key:?} is the key of two stages here: rename one"));
                return true;
            }
            *count += 1;
            if *count > MOST_STAGES {
                problems.add(
                    at,
                    path,
                    format!("this is stage {count}, and a pipeline has at most {MOST_STAGES}: use fewer"),
                );
                return false;
            }
            found.push(stage::stage(key, at, node, fields, path, around, count, problems));
            *count <= MOST_STAGES
        };
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                let path = path.key(&entry.key);
                if matches!(entry.node.value, Value::Null) {
                    problems.add(
                        entry.at,
                        &path,
                        "has no value: give the stage `run`, `input`, `parallel` or `stages`",
                    );
                }
                let fields = match entry.node.value {
                    Value::Null => None,
                    _ => Fields::read(&entry.node, &keys::STAGE, &path, problems),
                };
                if !take(&entry.key, entry.at, fields.as_ref(), &entry.node, &path, problems) {
                    break;
                }
            }
        }
        Value::List(list) if !list.is_empty() => {
            for (index, item) in list.iter().enumerate() {
                let path = path.index(index);
                if let Value::Text(name) = &item.value {
                    let shown = shorten(name);
                    problems.add(
                        item.at,
                        &path,
                        format!(
                            "{shown:?} is only a name: write the stage itself, such as `- {{name: {shown}, run: make}}`"
                        ),
                    );
                    continue;
                }
                let Some(fields) = Fields::read(item, &keys::LISTED_STAGE, &path, problems) else { continue };
                let Some(entry) = fields.entry("key").or_else(|| fields.entry("name")) else {
                    problems.add(item.at, &path, "has neither key nor name: give it a `name`");
                    continue;
                };
                let key_path = path.key(&entry.key);
                let Some(key) = line(&entry.node, 200, &key_path, problems) else { continue };
                if entry.key == "name" && !is_key(&key) {
                    let better: String = key.chars().map(|c| if is_inner(c) { c } else { '-' }).take(63).collect();
                    let better = better.trim_matches(['-', '.']).to_lowercase();
                    let shown = shorten(&key);
                    problems.add(
                        entry.at,
                        &key_path,
                        format!("{shown:?} cannot be a key: give the stage a `key` too, such as `key: {better}`"),
                    );
                    continue;
                }
                if !take(&key, entry.node.at, Some(&fields), item, &path, problems) {
                    break;
                }
            }
        }
        Value::Map(_) | Value::List(_) => {
            problems.add(node.at, path, "is empty: give it at least one stage, or write `run` for a plain build");
        }
        _ => {
            let kind = node.kind();
            problems.add(
                node.at,
                path,
                format!("is {kind}: write a map from key to stage, such as `build: {{run: make}}`"),
            );
        }
    }
    found
}

fn check_key(key: &str, at: Mark, path: &Path<'_>, problems: &mut Problems) -> bool {
    let fits = is_key(key);
    if !fits {
        let shown = shorten(key);
        problems.add(
            at,
            path,
            format!("{shown:?} cannot be a key: use 1 to 63 letters, digits, `_`, `.` and `-`, beginning with a letter, digit or `_`; what is shown is its `name`"),
        );
    }
    fits
}

fn is_key(key: &str) -> bool {
    (1..=63).contains(&key.len()) && !key.starts_with(['.', '-']) && key.chars().all(is_inner)
}

const fn is_inner(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}
