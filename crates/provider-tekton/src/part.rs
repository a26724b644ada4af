//! A part of a pipeline as a pipeline of its own: what its tasks need of those that are left out has been done, and what they use of
//! their results is given to them as it was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// What the tasks of a run told: by task and name.
pub(crate) type Results = BTreeMap<(String, String), Value>;

/// Which tasks are a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Those that deploy to an environment, wherever they stand, and without what comes last.
    Deploying(BTreeSet<String>),
    /// Those that run again, in their places. What is left out went well, but for these, which `when` left out before.
    Again(BTreeSet<String>, BTreeSet<String>),
}

impl Choice {
    pub(crate) const fn kept(&self) -> &BTreeSet<String> {
        let (Self::Deploying(kept) | Self::Again(kept, _)) = self;
        kept
    }
}

/// A part of a pipeline, and the parameters that carry what it uses of earlier results.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) pipeline: Value,
    pub(crate) params: Vec<Value>,
}

/// What begins the names of the parameters that stand for results.
const STANDS_FOR: &str = "alm-result-";

/// Whether a parameter of a run stands for a result of another one.
pub(crate) fn is_result(param: &str) -> bool {
    param.starts_with(STANDS_FOR)
}

impl Part {
    /// These tasks of a pipeline, without what they need of others.
    ///
    /// # Errors
    /// Why that cannot be, as a sentence.
    pub(crate) fn of(pipeline: &Value, choice: &Choice, results: &Results) -> Result<Self, String> {
        let kept = choice.kept();
        let is_kept = |task: &Value| task["name"].as_str().is_some_and(|name| kept.contains(name));
        let listed = |group: &str| pipeline[group].as_array().cloned().unwrap_or_default();
        let mut uses = Uses { choice, results, params: BTreeMap::new() };
        let mut chosen = |group: &str| -> Result<Vec<Value>, String> {
            let tasks = listed(group).into_iter().filter(is_kept);
            tasks.map(|task| uses.replaced_task(task)).collect()
        };
        let (mut tasks, finally) = (chosen("tasks")?, chosen("finally")?);
        let mut own = json!({});
        if let Choice::Deploying(_) = choice {
            tasks.extend(finally);
        } else {
            if !finally.is_empty() {
                own["finally"] = Value::Array(finally);
            }
            // What is left out tells nothing any more.
            let told: Vec<Value> =
                listed("results").into_iter().filter(|result| of_kept(&result["value"], kept)).collect();
            if !told.is_empty() {
                own["results"] = Value::Array(told);
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
        own["params"] = Value::Array(declared);
        own["tasks"] = Value::Array(tasks);
        if pipeline["workspaces"].is_array() {
            own["workspaces"] = pipeline["workspaces"].clone();
        }
        Ok(Self { pipeline: own, params })
    }
}

/// Whether all tasks whose results a value uses are kept.
fn of_kept(value: &Value, kept: &BTreeSet<String>) -> bool {
    let text = value.to_string();
    ["$(tasks.", "$(finally."].iter().all(|mark| {
        let mut used = text.split(mark).skip(1).filter_map(|part| part.split(['.', ')']).next());
        used.all(|task| kept.contains(task))
    })
}

struct Uses<'a> {
    choice: &'a Choice,
    results: &'a Results,
    /// The parameters that stand for results, by task and result.
    params: BTreeMap<(String, String), String>,
}

impl Uses<'_> {
    fn replaced_task(&mut self, task: Value) -> Result<Value, String> {
        let Value::Object(mut task) = task else { return Ok(task) };
        if let Some(after) = task.get_mut("runAfter").and_then(Value::as_array_mut) {
            let kept = self.choice.kept();
            after.retain(|name| name.as_str().is_some_and(|name| kept.contains(name)));
        }
        let mut replaced = Map::new();
        for (field, value) in task {
            // A specification has scripts in it, in which such marks may mean something else: what is no result there stays.
            let value = match field.as_str() {
                "name" | "runAfter" => value,
                "taskSpec" => self.replaced(&value, false)?,
                _ => self.replaced(&value, true)?,
            };
            replaced.insert(field, value);
        }
        Ok(Value::Object(replaced))
    }

    /// The value with parameters in the place of results of tasks that are left out: `$(tasks.TASK.results.RESULT…)`. Given as
    /// parameters they are values, whatever is in them.
    fn replaced(&mut self, value: &Value, is_strict: bool) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.replaced_in(text, is_strict)?),
            Value::Array(all) => {
                Value::Array(all.iter().map(|item| self.replaced(item, is_strict)).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => {
                let all = map.iter().map(|(key, value)| Ok((key.clone(), self.replaced(value, is_strict)?)));
                Value::Object(all.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    fn replaced_in(&mut self, text: &str, is_strict: bool) -> Result<String, String> {
        let mut parts = text.split("$(tasks.");
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let now = match part.split_once(')') {
                Some((inside, rest)) => self.instead_of(inside).map(|now| format!("{now}{rest}")),
                None => Err(format!("{text:?} uses something that does not end")),
            };
            match now {
                Ok(now) => replaced.push_str(&now),
                Err(why) if is_strict => return Err(why),
                Err(_) => replaced.push_str(&format!("$(tasks.{part}")),
            }
        }
        Ok(replaced)
    }

    /// What stands in the place of `$(tasks.INSIDE)`.
    fn instead_of(&mut self, inside: &str) -> Result<String, String> {
        let (task, what) = inside.split_once('.').unwrap_or((inside, ""));
        // How all of them stand is asked by what comes last.
        let is_of_all = inside == "status";
        match self.choice {
            Choice::Deploying(_) if is_of_all => return Ok("Succeeded".to_owned()),
            Choice::Again(..) if is_of_all => return Ok(format!("$(tasks.{inside})")),
            choice if choice.kept().contains(task) => return Ok(format!("$(tasks.{inside})")),
            _ => {}
        }
        match what.strip_prefix("results.") {
            Some(result) => Ok(format!("$(params.{})", self.param(task, result)?)),
            None if what == "status" => Ok(match self.choice {
                Choice::Again(_, skipped) if skipped.contains(task) => "None".to_owned(),
                // What is built upon has gone well, and so has all that it needs.
                _ => "Succeeded".to_owned(),
            }),
            None => Err(format!("it uses `{what}` of the task {task}, which is not run again")),
        }
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
        let param = self.params.entry(key).or_insert_with(|| format!("{STANDS_FOR}{next}"));
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

    fn names(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
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
        let choice = Choice::Deploying(names(&["to-prod"]));
        let Part { pipeline: own, params } = Part::of(&pipeline(), &choice, &results()).unwrap();
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
        let choice = Choice::Deploying(names(&["to-prod"]));
        let lost = Part::of(&pipeline(), &choice, &Results::new()).unwrap_err();
        assert!(lost.contains("result image of the task build"), "{lost}");
    }

    #[test]
    fn what_runs_again_stays_in_its_place_and_scripts_stay_as_they_are() {
        let mut whole = pipeline();
        let tell = json!({"name": "tell",
            "params": [{"name": "all", "value": "$(tasks.status) $(tasks.to-test.status) $(tasks.build.status)"}],
            "taskSpec": {"steps": [{"script": "echo $(tasks.build.results.image) $(tasks.sh) $(tasks.build.results.nosuch"}]}});
        whole["finally"] = json!([tell]);
        whole["results"] = json!([{"name": "x", "value": "$(tasks.build.results.image)"},
            {"name": "y", "value": "$(tasks.to-prod.results.y) $(finally.tell.results.z)"}]);
        let choice = Choice::Again(names(&["to-prod", "tell"]), names(&["to-test"]));
        let own = Part::of(&whole, &choice, &results()).unwrap().pipeline;
        let tell = &own["finally"][0];
        assert_eq!(tell["params"][0]["value"], "$(tasks.status) None Succeeded");
        let script = "echo $(params.alm-result-1) $(tasks.sh) $(tasks.build.results.nosuch";
        assert_eq!(tell["taskSpec"]["steps"][0]["script"], script);
        assert_eq!((own["tasks"].as_array().unwrap().len(), own["results"].as_array().unwrap().len()), (1, 1));
        assert_eq!(own["results"][0]["name"], "y");
    }
}
