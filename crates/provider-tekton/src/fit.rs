//! Whether the settings fit the pipeline or the task that they are for, as far as it is known before it runs: what is misspelt would
//! otherwise be told by a build that fails, or by nothing at all.

use alm_build_spi::{BuildConfigSpec, Finding};
use alm_domain::{ConfigurationOrigin, shorten};
use serde_json::Value;

use crate::options::Options;

/// How many names a message lists.
const MOST: usize = 20;

/// What does not fit: `spec` is the specification of a pipeline, or of a task. What the provider's settings say for all build services
/// need not concern each of them; only what Tekton would refuse is told of that.
pub(crate) fn findings(options: &Options, build: &BuildConfigSpec, spec: &Value, is_task: bool) -> Vec<Finding> {
    let is_own =
        |key: &str| build.settings.iter().any(|entry| entry.key == key && entry.origin == ConfigurationOrigin::Service);
    let mut findings = Vec::new();
    let mut wrong = |key: &str, message: String| findings.push(Finding::new(["settings", key], message));
    let what = if is_task { "task" } else { "pipeline" };
    let names = |group: &str| {
        let all = spec[group].as_array().into_iter().flatten();
        all.filter_map(|item| item["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    if !is_task && is_own("environments") {
        let tasks = [names("tasks"), names("finally")].concat();
        for task in options.environments.keys().filter(|task| !tasks.contains(task)) {
            wrong("environments", format!("the pipeline has no task {:?}: {}", shorten(task), listed(&tasks)));
        }
    }
    let params = names("params");
    for (key, param) in [("param.url", &options.param_url), ("param.revision", &options.param_revision)] {
        if let Some(param) = param.as_ref().filter(|param| is_own(key) && !params.contains(param)) {
            wrong(key, format!("the {what} has no parameter {:?}: {}", shorten(param), listed(&params)));
        }
    }
    for param in spec["params"].as_array().into_iter().flatten() {
        let given = options.params.iter().find(|(name, _)| param["name"] == name.as_str());
        if let Some((name, given)) = given.filter(|(_, given)| type_of(given) != type_of_param(param)) {
            let (wants, is) = (in_words(type_of_param(param)), in_words(type_of(given)));
            let remedy = if type_of_param(param) == "string" { "NAME=VALUE" } else { "NAME:=JSON" };
            wrong(
                "params",
                format!("the {what} takes {wants} for {:?}, not {is}: write it as {remedy}", shorten(name)),
            );
        }
    }
    let declared = names("workspaces");
    let bound: Vec<&str> = options.workspaces.iter().filter_map(|workspace| workspace["name"].as_str()).collect();
    for (key, workspace) in options.handing.named() {
        if (is_task || is_own(key)) && !declared.iter().any(|known| known == workspace) {
            wrong(key, format!("the {what} has no workspace {:?}: {}", shorten(workspace), listed(&declared)));
        }
    }
    // Of a pipeline, Tekton does not mind.
    for workspace in bound.iter().filter(|workspace| is_task && !declared.iter().any(|known| known == *workspace)) {
        wrong("workspaces", format!("the task has no workspace {:?}: {}", shorten(workspace), listed(&declared)));
    }
    let given = options.handing.workspaces();
    for workspace in spec["workspaces"].as_array().into_iter().flatten().filter(|it| it["optional"] != true) {
        if let Some(name) = workspace["name"].as_str().filter(|name| !bound.contains(name) && !given.contains(name)) {
            wrong("workspaces", format!("the {what} needs the workspace {:?}: say what it is", shorten(name)));
        }
    }
    findings
}

/// What type a parameter has. Where it does not say so, Tekton goes by its properties and its default.
pub(crate) fn type_of_param(param: &Value) -> &str {
    match param["type"].as_str() {
        Some(kind) => kind,
        None if param["properties"].is_object() => "object",
        None => type_of(&param["default"]),
    }
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "array" => "an array",
        "object" => "an object",
        _ => "a text",
    }
}

/// The type of a parameter that is given this.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        _ => "string",
    }
}

fn listed(names: &[String]) -> String {
    match names.len() {
        0 => "it has none".to_owned(),
        count => {
            let shown: Vec<String> = names.iter().take(MOST).map(|name| shorten(name)).collect();
            format!("it has {}{}", shown.join(", "), if count > MOST { " …" } else { "" })
        }
    }
}
