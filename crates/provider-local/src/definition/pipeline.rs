//! The file as a whole.

use super::{
    DefinitionProblem,
    duration::duration,
    fields::Fields,
    frames::{self, Around},
    graph, keys,
    load::load,
    model::{Body, Pipeline, Work},
    node::{Mark, Node},
    parameter::parameters,
    problem::{Path, Problems},
    text::line,
    work,
};

/// Parameters of a pipeline.
const MOST_PARAMETERS: usize = 200;

/// Reads a pipeline file. `file` is what the problems call it. Time and memory are bounded for any text.
///
/// # Errors
/// Every problem that was found, in the order of the file, never none: each names its place, its key and the remedy.
pub fn parse(text: &str, file: &str) -> Result<Pipeline, Vec<DefinitionProblem>> {
    let mut problems = Problems::new(file);
    let pipeline = load(text, &mut problems).and_then(|root| pipeline(&root, &mut problems));
    match pipeline {
        Some(pipeline) if problems.is_empty() => Ok(pipeline),
        _ => {
            if problems.is_empty() {
                problems.add(
                    Mark { line: 1, column: 1 },
                    &Path::Root,
                    "the file cannot be understood: start from an example",
                );
            }
            Err(problems.finish())
        }
    }
}

fn pipeline(root: &Node, problems: &mut Problems) -> Option<Pipeline> {
    let path = Path::Root;
    let fields = Fields::read(root, &keys::PIPELINE, &path, problems)?;
    let name = fields.get("name").and_then(|node| line(node, 200, &path.key("name"), problems));
    let parameters = fields
        .get("parameters")
        .map(|node| parameters(node, MOST_PARAMETERS, &path.key("parameters"), problems))
        .unwrap_or_default();
    let env = fields.get("env").map(|node| work::env(node, &path.key("env"), problems)).unwrap_or_default();
    let timeout = fields.get("timeout").and_then(|node| duration(node, false, &path.key("timeout"), problems));
    let body = match (fields.get("stages"), fields.get("run")) {
        (Some(stages), run) => {
            if let (Some(_), Some(entry)) = (run, fields.entry("run")) {
                problems.add(
                    entry.at,
                    &path.key("run"),
                    "stands together with `stages`: make it a stage, or take one of the two out",
                );
            }
            for key in ["image", "artifacts"] {
                if let Some(entry) = fields.entry(key) {
                    problems.add(
                        entry.at,
                        &path.key(key),
                        "belongs to a plain build: with `stages`, write it at each stage that wants it",
                    );
                }
            }
            let path = path.key("stages");
            let mut count = 0;
            let around = Around::pipeline(&parameters);
            let raw = frames::stages(stages, &path, &around, &mut count, problems);
            Body::Stages(graph::resolve(&raw, problems))
        }
        (None, Some(_)) => Body::Plain(work::work(&fields, &path, problems)),
        (None, None) => {
            if !fields.had_strangers {
                problems.add(root.at, &path, "says nothing to do: give it `stages`, or `run` for a plain build");
            }
            Body::Plain(Work::default())
        }
    };
    Some(Pipeline { name, parameters, env, timeout, body })
}
