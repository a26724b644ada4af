//! The pipeline file: what is understood, what is refused and in which words.

mod bad_files;
mod documents;
mod hostile;
mod meaning;

use super::{load, node::Node, problem::Problems, *};

/// A pipeline that must be good.
fn good(text: &str) -> Pipeline {
    parse(text, "pipeline.yaml").unwrap_or_else(|problems| panic!("{}\n{text}", told(&problems)))
}

fn told(problems: &[DefinitionProblem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn stages(pipeline: &Pipeline) -> &[StageDefinition] {
    match &pipeline.body {
        Body::Stages(stages) => stages,
        Body::Plain(_) => &[],
    }
}

/// What the JSON Schema says about a file that can be loaded.
fn schema_accepts(text: &str) -> Option<Result<(), String>> {
    static SCHEMA: std::sync::LazyLock<jsonschema::Validator> =
        std::sync::LazyLock::new(|| jsonschema::validator_for(&json_schema()).unwrap());
    let root: Node = load::load(text, &mut Problems::new("pipeline.yaml"))?;
    Some(SCHEMA.validate(&root.json()).map_err(|error| format!("{error} at {}", error.instance_path())))
}
