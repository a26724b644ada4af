//! The tasks of a pipeline and what they need of one another.

use std::collections::BTreeSet;

use serde_json::Value;

/// A task of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) name: String,
    pub(crate) needs: Vec<String>,
    pub(crate) is_finally: bool,
    pub(crate) is_matrix: bool,
    /// Whether it may be left out, or tried again: then there is more to say of it than how it ended.
    pub(crate) is_conditional: bool,
    /// The parameters in which its variants differ.
    pub(crate) varies: Vec<String>,
    pub(crate) runner: Runner,
}

/// Who carries a task out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// Tekton, in a pod.
    Tekton,
    /// The manual approval gate, by asking people.
    Gate,
    /// Somebody else, who knows its kind.
    Other,
}

impl Runner {
    /// By the reference of a task, or by its own specification.
    fn of(task: &Value) -> Self {
        let of = |field: &str| task["taskRef"][field].as_str().or_else(|| task["taskSpec"][field].as_str());
        let version = of("apiVersion").unwrap_or_default();
        match (version.split('/').next().unwrap_or_default(), of("kind")) {
            ("" | "tekton.dev", _) => Self::Tekton,
            (GATE_GROUP, Some("ApprovalTask")) => Self::Gate,
            _ => Self::Other,
        }
    }
}

/// The group of the manual approval gate's kinds.
pub(crate) const GATE_GROUP: &str = "openshift-pipelines.org";

/// The most tasks that are looked at.
const MOST: usize = 500;

/// The tasks in reading order; those of `finally` at the end, behind all others.
pub(crate) fn tasks(pipeline: &Value) -> Vec<Task> {
    let listed = |group: &str| pipeline[group].as_array().map(Vec::as_slice).unwrap_or_default().iter().take(MOST);
    let name = |task: &Value| task["name"].as_str().filter(|name| !name.is_empty()).map(str::to_owned);
    let names: BTreeSet<String> = listed("tasks").filter_map(name).collect();
    let mut found: Vec<Task> = Vec::new();
    for (group, is_finally) in [("tasks", false), ("finally", true)] {
        for task in listed(group) {
            let Some(name) = name(task).filter(|name| !found.iter().any(|known| known.name == *name)) else { continue };
            let mut needs = BTreeSet::new();
            if is_finally {
                needs.clone_from(&names);
            } else {
                let after = task["runAfter"].as_array().into_iter().flatten().filter_map(Value::as_str);
                needs.extend(after.map(str::to_owned));
                for field in ["params", "when", "matrix"] {
                    results(&task[field], &mut needs);
                }
            }
            // What there is not, nothing waits for.
            needs.retain(|needed| names.contains(needed) && *needed != name);
            let needs = needs.into_iter().collect();
            let is_matrix = task["matrix"].is_object();
            let may_be_left_out = task["when"].as_array().is_some_and(|all| !all.is_empty());
            let is_conditional = may_be_left_out || task["retries"].as_i64().is_some_and(|times| times > 0);
            found.push(Task {
                name,
                needs,
                is_finally,
                is_matrix,
                is_conditional,
                varies: varies(&task["matrix"]),
                runner: Runner::of(task),
            });
        }
    }
    found
}

/// The parameters of a matrix: of its product, and of what is added to that.
fn varies(matrix: &Value) -> Vec<String> {
    let listed = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let added = listed(&matrix["include"]).into_iter().flat_map(|it| listed(&it["params"]));
    let mut names: Vec<String> = Vec::new();
    for param in listed(&matrix["params"]).into_iter().chain(added) {
        if let Some(name) = param["name"].as_str().filter(|name| !names.iter().any(|known| known == name)) {
            names.push(name.to_owned());
        }
    }
    names
}

/// Whether these are all tasks of the pipeline.
pub(crate) fn has_all(pipeline: &Value, tasks: &[Task]) -> bool {
    let count = |group: &str| pipeline[group].as_array().map_or(0, Vec::len);
    count("tasks") + count("finally") == tasks.len()
}

/// The tasks whose results are used: `$(tasks.NAME.results.RESULT)`.
fn results(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for part in text.split("$(tasks.").skip(1) {
                if let Some((name, rest)) = part.split_once('.')
                    && rest.starts_with("results")
                {
                    found.insert(name.to_owned());
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|item| results(item, found)),
        Value::Object(map) => map.values().for_each(|item| results(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tasks_wait_for_those_whose_results_they_use_and_the_last_ones_for_all() {
        let found = tasks(&json!({
            "tasks": [
                {"name": "build"},
                {"name": "scan", "params": [{"name": "image", "value": "x@$(tasks.build.results.digest)"}]},
                {"name": "ship", "runAfter": ["scan", "nosuch"], "when": [{"input": "$(tasks.build.results.ok)", "operator": "in", "values": ["yes"]}]},
                {"name": "build"}, {}, 7,
            ],
            "finally": [{"name": "tell"}],
        }));
        let needs: Vec<_> = found.iter().map(|task| (task.name.as_str(), task.needs.join(" "))).collect();
        let wanted = [("build", ""), ("scan", "build"), ("ship", "build scan"), ("tell", "build scan ship")];
        assert_eq!(needs, wanted.map(|(name, needs)| (name, needs.to_owned())));
        assert!(found[3].is_finally);
    }
}
