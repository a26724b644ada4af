//! What a stage does: commands, variables, image, files.

use std::collections::BTreeMap;

use alm_domain::shorten;

use super::{
    fields::Fields,
    globs::Globs,
    keys,
    model::{Artifacts, Step, Work},
    node::{Node, Value},
    problem::{Path, Problems},
    text::{items, line, variable_name},
};

/// No program can be given an argument or a variable of 128 KiB or more.
const LARGEST: usize = 100 * 1024;

/// The parts of work that a pipeline and a stage have in common.
pub(super) fn work(fields: &Fields<'_>, path: &Path<'_>, problems: &mut Problems) -> Work {
    let steps = fields.get("run").map(|node| steps(node, &path.key("run"), problems)).unwrap_or_default();
    let image = fields.get("image").and_then(|node| image(node, &path.key("image"), problems));
    let artifacts = fields.get("artifacts").and_then(|node| artifacts(node, &path.key("artifacts"), problems));
    Work { steps, env: BTreeMap::new(), image, artifacts }
}

/// A map of variables; scalars become text as they were written.
pub(super) fn env(node: &Node, path: &Path<'_>, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let Value::Map(entries) = &node.value else {
        problems.add(
            node.at,
            path,
            format!("is {}: write a map from name to value, such as `MODE: fast`", node.kind()),
        );
        return variables;
    };
    for entry in entries {
        let path = path.key(&entry.key);
        if let Err(message) = variable_name(&entry.key) {
            problems.add(entry.at, &path, message);
        }
        let value = match (&entry.node.value, entry.node.scalar()) {
            (Value::Null, _) => "",
            (_, Some(text)) => text,
            (_, None) => {
                problems.add(entry.node.at, &path, format!("is {}: write one value", entry.node.kind()));
                continue;
            }
        };
        if value.len() > LARGEST {
            problems.add(
                entry.node.at,
                &path,
                format!("is larger than {LARGEST} bytes: put it into a file of the repository"),
            );
        }
        variables.insert(entry.key.clone(), value.to_owned());
    }
    variables
}

fn steps(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Vec<Step> {
    match &node.value {
        Value::List(list) if list.is_empty() => {
            problems.add(node.at, path, "is an empty list: write at least one command");
            Vec::new()
        }
        Value::List(list) => {
            let step = |(index, item)| step(item, &path.index(index), problems);
            list.iter().enumerate().filter_map(step).collect()
        }
        Value::Map(_) => {
            problems.add(node.at, path, "is a map: write a script, or a list of steps, each with `- `");
            Vec::new()
        }
        _ => {
            script(node, path, problems).map(|run| Step { name: None, run, env: BTreeMap::new() }).into_iter().collect()
        }
    }
}

fn step(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<Step> {
    if node.scalar().is_some() {
        return script(node, path, problems).map(|run| Step { name: None, run, env: BTreeMap::new() });
    }
    if matches!(node.value, Value::List(_)) {
        problems.add(node.at, path, "is a list inside the list of steps: write its commands one level up");
        return None;
    }
    let fields = Fields::read(node, &keys::STEP, path, problems)?;
    let name = fields.get("name").and_then(|node| line(node, 200, &path.key("name"), problems));
    let env = fields.get("env").map(|node| env(node, &path.key("env"), problems)).unwrap_or_default();
    let Some(run) = fields.get("run") else {
        if !fields.had_strangers {
            problems.add(node.at, path, "has no commands: give it `run`");
        }
        return None;
    };
    let run = script(run, &path.key("run"), problems)?;
    Some(Step { name, run, env })
}

fn script(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<String> {
    let wrong = match node.scalar() {
        None => format!("is {}: write a command, or several lines behind `|`", node.kind()),
        Some(text) if text.trim().is_empty() => "is empty: write a command".to_owned(),
        Some(text) if text.len() > LARGEST => {
            format!("is larger than {LARGEST} bytes: put it into a file of the repository, and run that")
        }
        Some(text) => return Some(text.to_owned()),
    };
    problems.add(node.at, path, wrong);
    None
}

fn image(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<String> {
    let Value::Text(text) = &node.value else {
        let kind = node.kind();
        problems.add(
            node.at,
            path,
            format!("is {kind}: write the image's name as text, such as docker.io/library/rust:1"),
        );
        return None;
    };
    let text = text.trim();
    let fits = text.len() <= 512
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/:@-".contains(&b));
    if !fits {
        problems.add(
            node.at,
            path,
            format!("{:?} is not the name of an image: write it such as docker.io/library/rust:1, variables are not filled in", shorten(text)),
        );
        return None;
    }
    Some(text.to_owned())
}

fn artifacts(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<Artifacts> {
    if !matches!(node.value, Value::Map(_)) {
        return Some(Artifacts { paths: files(node, path, problems)?, always: false });
    }
    let fields = Fields::read(node, &keys::ARTIFACTS, path, problems)?;
    let always = fields.get("when").is_some_and(|node| match node.scalar() {
        Some("always") => true,
        Some("success") => false,
        other => {
            let path = path.key("when");
            let message = match other {
                Some("on_success" | "on-success") => "write success".to_owned(),
                Some("on_failure" | "on-failure" | "failure") => {
                    "write always: files are kept in either case then".to_owned()
                }
                _ => "write always or success".to_owned(),
            };
            problems.add(node.at, &path, format!("is neither always nor success: {message}"));
            false
        }
    });
    let Some(paths) = fields.get("paths") else {
        problems.add(node.at, path, "names no files: give it `paths` with a list of globs");
        return None;
    };
    Some(Artifacts { paths: files(paths, &path.key("paths"), problems)?, always })
}

fn files(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let mut patterns = Vec::new();
    for (index, item) in items(node).iter().enumerate() {
        let path = path.index(index);
        let Some(text) = line(item, 256, &path, problems) else { continue };
        let text = text.strip_prefix("./").unwrap_or(&text).to_owned();
        if text.starts_with(['/', '~']) || text.split('/').any(|part| part == "..") || text.contains("${") {
            problems.add(
                item.at,
                &path,
                format!(
                    "{:?} leads out of the work tree, or holds a variable: write a plain path relative to it",
                    shorten(&text)
                ),
            );
            continue;
        }
        // A folder means all that is in it.
        let text = if text.ends_with('/') { format!("{text}**") } else { text };
        match Globs::new(&[&text]) {
            Ok(_) => patterns.push(text),
            Err(message) => problems.add(item.at, &path, message),
        }
    }
    if items(node).is_empty() {
        problems.add(node.at, path, "is an empty list: name at least one file, or take it out");
    }
    (!patterns.is_empty()).then_some(patterns)
}
