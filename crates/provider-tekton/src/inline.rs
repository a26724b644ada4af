//! Pipelines and tasks that a build service holds itself, as they are written: in YAML or JSON, as a whole object or its specification.

use serde_json::{Value, json};

/// The longest definition that is read. It stands twice in a run, in what is asked and in its status, and a cluster keeps objects of
/// 1.5 MiB or so.
const LONGEST: usize = 256 << 10;

/// What a definition defines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Defined {
    /// The specification of a pipeline.
    Pipeline(Value),
    /// The specification of a task.
    Task(Value),
}

/// Reads a definition.
///
/// # Errors
/// What is wrong with it, and the remedy, as a sentence that follows the name of the setting.
pub(crate) fn read(text: &str) -> Result<Defined, String> {
    if text.len() > LONGEST {
        return Err(format!(
            "has {} KiB, of which a cluster can run {}: name a pipeline of the cluster instead",
            text.len().div_ceil(1 << 10),
            LONGEST >> 10
        ));
    }
    let read: Value = match serde_json::from_str(text) {
        Ok(read) => read,
        Err(json) if text.trim_start().starts_with('{') => return Err(format!("is no JSON: {json}")),
        Err(_) => {
            serde_saphyr::from_str(text).map_err(|yaml| format!("is no YAML: {}", first_line(&yaml.to_string())))?
        }
    };
    let spec = match read["kind"].as_str() {
        None => read,
        Some("Pipeline" | "Task") if read["spec"].is_object() => read["spec"].clone(),
        Some("Pipeline" | "Task") => {
            return Err("has no `spec`: give the whole object, or its specification alone".to_owned());
        }
        Some(kind) => {
            let kind: String = kind.chars().take(60).collect();
            return Err(format!("is a {kind}: give a Pipeline or a Task, or the specification of one"));
        }
    };
    match (spec["tasks"].is_array(), spec["steps"].is_array()) {
        (true, _) => Ok(Defined::Pipeline(spec)),
        (false, true) => Ok(Defined::Task(spec)),
        (false, false) => {
            Err("is no pipeline: it has no `tasks`; give the specification of one, as YAML or JSON".to_owned())
        }
    }
}

/// The parsers draw pictures of where they stopped: the sentence is enough.
fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}

/// The pipeline of a single task, which is given all that the run is given.
pub(crate) fn pipeline_of(
    name: &str,
    task: &(&'static str, Value),
    params: &[(String, Value)],
    workspaces: &[String],
) -> Value {
    let given = params.iter().map(|(param, value)| {
        let named = if param.contains('.') { format!("params[\"{param}\"]") } else { format!("params.{param}") };
        let whole = if value.is_string() { "" } else { "[*]" };
        json!({ "name": param, "value": format!("$({named}{whole})") })
    });
    let declared = params.iter().map(|(param, value)| match value {
        Value::Array(_) => json!({ "name": param, "type": "array" }),
        Value::Object(fields) => {
            let properties = fields.keys().map(|key| (key.clone(), json!({ "type": "string" })));
            json!({ "name": param, "type": "object", "properties": properties.collect::<serde_json::Map<_, _>>() })
        }
        _ => json!({ "name": param, "type": "string" }),
    });
    let mounted = workspaces.iter().map(|workspace| json!({ "name": workspace, "workspace": workspace }));
    let mut only =
        json!({ "name": name, "params": given.collect::<Vec<_>>(), "workspaces": mounted.collect::<Vec<_>>() });
    only[task.0] = task.1.clone();
    json!({
        "params": declared.collect::<Vec<_>>(),
        "workspaces": workspaces.iter().map(|workspace| json!({ "name": workspace })).collect::<Vec<_>>(),
        "tasks": [only],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_json_whole_and_in_part_are_the_same() {
        let spec = json!({"tasks": [{"name": "a", "taskRef": {"name": "t"}, "retries": 2, "runAfter": []}]});
        let whole = json!({"apiVersion": "tekton.dev/v1", "kind": "Pipeline", "metadata": {"name": "p"}, "spec": spec});
        let yaml = "# ours\napiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  tasks:\n  - name: a\n    taskRef:\n      name: t\n    retries: 2\n    runAfter: []\n";
        for text in [spec.to_string(), whole.to_string(), yaml.to_owned()] {
            assert_eq!(read(&text), Ok(Defined::Pipeline(spec.clone())), "{text}");
        }
        let task = "steps:\n- name: one\n  image: example.test/image\n  script: |\n    echo one\n";
        assert!(matches!(read(task), Ok(Defined::Task(spec)) if spec["steps"][0]["script"] == "echo one\n"));
    }

    #[test]
    fn what_is_none_is_told_by_what_it_is() {
        let bomb = format!(
            "a0: &a0 [x]\n{}",
            (1..30).map(|n| format!("a{n}: &a{n} [{0}, {0}]\n", format!("*a{}", n - 1))).collect::<String>()
        );
        for (text, why) in [
            ("{\"tasks\": ", "is no JSON"),
            ("tasks: [", "is no YAML"),
            ("just words", "has no `tasks`"),
            ("kind: PipelineRun\nspec: {}", "is a PipelineRun"),
            ("kind: Pipeline", "has no `spec`"),
            ("tasks: none", "has no `tasks`"),
            (bomb.as_str(), "is no"),
            (format!("tasks: []\n#{}", "x".repeat(LONGEST)).as_str(), "has 257 KiB, of which a cluster can run 256"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }
}
