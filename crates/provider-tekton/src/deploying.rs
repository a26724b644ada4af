//! The part of a pipeline that deploys to one environment, as a pipeline of its own: what those tasks need of others has been done, and
//! what they use of their results is given to them as it was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// A pipeline that deploys, and the parameters that carry what it uses of earlier results.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deploying {
    pub(crate) pipeline: Value,
    pub(crate) params: Vec<Value>,
}

/// What the tasks of a run told: by task and name.
pub(crate) type Results = BTreeMap<(String, String), Value>;

impl Deploying {
    /// The tasks of a pipeline that deploy to this environment.
    ///
    /// # Errors
    /// Why that cannot be, as a sentence.
    pub(crate) fn of(
        pipeline: &Value,
        environments: &BTreeMap<String, String>,
        environment: &str,
        results: &Results,
    ) -> Result<Self, String> {
        let deploys = |task: &Value| {
            let name = task["name"].as_str().unwrap_or_default();
            environments.get(name).is_some_and(|known| known == environment)
        };
        let listed = |group: &str| pipeline[group].as_array().cloned().unwrap_or_default();
        let mut tasks: Vec<Value> = listed("tasks").into_iter().chain(listed("finally")).filter(deploys).collect();
        if tasks.is_empty() {
            return Err(format!(
                "none of the tasks that its pipeline had deploys to {environment}: see the setting `environments`"
            ));
        }
        let kept: BTreeSet<String> = tasks.iter().filter_map(|task| task["name"].as_str().map(str::to_owned)).collect();
        let mut uses = Uses { kept: &kept, results, params: BTreeMap::new() };
        for task in &mut tasks {
            if let Some(after) = task["runAfter"].as_array_mut() {
                after.retain(|name| name.as_str().is_some_and(|name| kept.contains(name)));
            }
            for field in ["params", "when", "matrix"] {
                if !task[field].is_null() {
                    task[field] = uses.replaced(&task[field])?;
                }
            }
        }
        let mut declared = listed("params");
        let mut params = Vec::new();
        for ((task, result), name) in uses.params {
            let value = results.get(&(task, result)).cloned().unwrap_or_default();
            let kind = if value.is_array() {
                "array"
            } else if value.is_object() {
                "object"
            } else {
                "string"
            };
            let mut own = json!({ "name": name, "type": kind });
            if let Some(map) = value.as_object() {
                own["properties"] = map.keys().map(|key| (key.clone(), json!({ "type": "string" }))).collect();
            }
            declared.push(own);
            params.push(json!({ "name": name, "value": value }));
        }
        let mut own = json!({ "params": declared, "tasks": tasks });
        if pipeline["workspaces"].is_array() {
            own["workspaces"] = pipeline["workspaces"].clone();
        }
        Ok(Self { pipeline: own, params })
    }
}

struct Uses<'a> {
    kept: &'a BTreeSet<String>,
    results: &'a Results,
    /// The parameters that stand for results, by task and result.
    params: BTreeMap<(String, String), String>,
}

impl Uses<'_> {
    /// The value with parameters in the place of results of tasks that are left out: `$(tasks.TASK.results.RESULT…)`. Given as
    /// parameters they are values, whatever is in them.
    fn replaced(&mut self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.replaced_in(text)?),
            Value::Array(all) => Value::Array(all.iter().map(|item| self.replaced(item)).collect::<Result<_, _>>()?),
            Value::Object(map) => {
                let all = map.iter().map(|(key, value)| Ok((key.clone(), self.replaced(value)?)));
                Value::Object(all.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    fn replaced_in(&mut self, text: &str) -> Result<String, String> {
        let mut parts = text.split("$(tasks.");
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (inside, rest) =
                part.split_once(')').ok_or_else(|| format!("{text:?} uses something that does not end"))?;
            let (task, what) = inside.split_once('.').unwrap_or((inside, ""));
            if self.kept.contains(task) {
                replaced.push_str(&format!("$(tasks.{inside}){rest}"));
                continue;
            }
            let stands_for = match what.strip_prefix("results.") {
                Some(result) => self.param(task, result)?,
                // What was promoted has gone well, and so has all that it needs.
                None if what == "status" => {
                    replaced.push_str(&format!("Succeeded{rest}"));
                    continue;
                }
                None => return Err(format!("it uses `{what}` of the task {task}, which is not run again")),
            };
            replaced.push_str(&format!("$(params.{stands_for}){rest}"));
        }
        Ok(replaced)
    }

    /// The parameter that stands for a result, and what of it is used.
    fn param(&mut self, task: &str, used: &str) -> Result<String, String> {
        let known = |name: &str| self.results.contains_key(&(task.to_owned(), name.to_owned()));
        // A result's name may have dots in it, and so may what is used of an object.
        let name = std::iter::successors(Some(used), |name| {
            let end = name.rfind(['.', '['])?;
            name.get(..end)
        })
        .find(|name| known(name))
        .ok_or_else(|| format!("it uses the result {used} of the task {task}, which that build did not tell"))?;
        let next = self.params.len() + 1;
        let key = (task.to_owned(), name.to_owned());
        let param = self.params.entry(key).or_insert_with(|| format!("alm-result-{next}"));
        Ok(format!("{param}{}", &used[name.len()..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let all = [("image", json!("r/app@sha256:1")), ("tags", json!(["a", "b"])), ("meta", json!({"sha": "1"}))];
        all.into_iter().map(|(name, value)| (("build".to_owned(), name.to_owned()), value)).collect()
    }

    fn environments() -> BTreeMap<String, String> {
        [("to-test", "test"), ("to-prod", "prod")].map(|(task, it)| (task.to_owned(), it.to_owned())).into()
    }

    fn pipeline() -> Value {
        json!({
            "params": [{"name": "who"}], "workspaces": [{"name": "token"}],
            "tasks": [
                {"name": "build", "taskRef": {"name": "b"}},
                {"name": "to-test", "runAfter": ["build"], "taskRef": {"name": "d"}},
                {"name": "to-prod", "runAfter": ["to-test"], "taskRef": {"name": "d"},
                 "params": [{"name": "image", "value": "$(tasks.build.results.image) for $(params.who)"},
                            {"name": "all", "value": ["$(tasks.build.results.tags[*])", "$(tasks.build.results.meta.sha)"]}],
                 "when": [{"input": "$(tasks.build.results.image)", "operator": "notin", "values": ["$(tasks.to-test.status)"]}]},
            ],
            "results": [{"name": "x", "value": "$(tasks.build.results.image)"}], "finally": [{"name": "tell"}],
        })
    }

    #[test]
    fn what_deploys_there_is_left_and_is_given_what_it_uses() {
        let Deploying { pipeline: own, params } =
            Deploying::of(&pipeline(), &environments(), "prod", &results()).unwrap();
        let task = &own["tasks"][0];
        assert_eq!(
            (own["tasks"].as_array().unwrap().len(), &task["name"], &task["runAfter"]),
            (1, &json!("to-prod"), &json!([]))
        );
        assert_eq!(task["params"][0]["value"], "$(params.alm-result-1) for $(params.who)");
        assert_eq!(task["params"][1]["value"], json!(["$(params.alm-result-2[*])", "$(params.alm-result-3.sha)"]));
        assert_eq!(task["when"][0]["input"], "$(params.alm-result-1)");
        assert_eq!(task["when"][0]["values"], json!(["Succeeded"]));
        let given = |name: &str| params.iter().find(|param| param["name"] == name).unwrap()["value"].clone();
        assert_eq!(given("alm-result-1"), "r/app@sha256:1");
        assert_eq!(given("alm-result-2"), json!(["a", "b"]));
        assert_eq!(own["params"].as_array().unwrap().len(), 4);
        assert!(own["finally"].is_null() && own["results"].is_null() && own["workspaces"].is_array());
    }

    #[test]
    fn what_cannot_be_brought_there_is_said() {
        let nowhere = Deploying::of(&pipeline(), &environments(), "moon", &results()).unwrap_err();
        assert!(nowhere.contains("none of the tasks"), "{nowhere}");
        let lost = Deploying::of(&pipeline(), &environments(), "prod", &Results::new()).unwrap_err();
        assert!(lost.contains("result image of the task build"), "{lost}");
    }
}
