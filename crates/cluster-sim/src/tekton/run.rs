//! Carrying out one pipeline run.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    condition::{Standing, tell},
    custom, graph, mount,
    task::{self, Child, End},
};
use crate::{
    shared::Shared,
    world::{Resource, World, resource_of, text},
};

const RUNS: &str = "pipelineruns.tekton.dev";

/// How long what has no time limit may take.
pub(super) const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// How far a task of the pipeline is.
#[derive(Debug, Clone, Default)]
struct Progress {
    children: Vec<String>,
    ended: Vec<End>,
    results: BTreeMap<String, Value>,
    skipped: Option<Value>,
    is_custom: bool,
}

impl Progress {
    fn is_done(&self) -> bool {
        self.skipped.is_some() || (!self.children.is_empty() && self.ended.len() == self.children.len())
    }

    fn has(&self, end: End) -> bool {
        self.ended.contains(&end)
    }
}

struct Runner {
    shared: Arc<Shared>,
    namespace: String,
    name: String,
    run: Value,
    /// The pipeline, with the parameters of the run in it.
    spec: Value,
    known: BTreeMap<String, Value>,
    tasks: BTreeMap<String, Progress>,
    /// Whether what is stopped now is stopped since a time limit is over.
    is_late: bool,
    working: JoinSet<(String, End, BTreeMap<String, Value>)>,
}

/// Carries out a pipeline run to its end.
pub(crate) async fn carry_out(shared: Arc<Shared>, namespace: String, name: String) {
    let Some(kind) = resource_of(RUNS) else { return };
    let Some(run) = shared.read(|world| world.get(kind, &namespace, &name).cloned()) else { return };
    let found = shared.read(|world| resolve(world, &namespace, &run));
    shared
        .change(|world| begin(world, kind, &namespace, &name, &run, found.as_ref().ok().map(|(_, pipeline)| pipeline)));
    let known = found.and_then(|(spec, _)| Ok((values(&namespace, &name, &run, &spec)?, spec)));
    let (known, spec) = match known {
        Ok(ready) => ready,
        Err(standing) => return shared.change(|world| tell(world, RUNS, &namespace, &name, &standing, &json!({}))),
    };
    let spec = graph::substitute(&spec, &known);
    let limit = run["spec"]["timeouts"]["pipeline"].as_str().map_or(Duration::from_secs(3600), duration);
    let limit = shared.clock.wait(limit);
    let (tasks, working) = (BTreeMap::new(), JoinSet::new());
    let runner = Runner { shared, namespace, name, run, spec, known, tasks, is_late: false, working };
    runner.work(kind, limit).await;
}

/// The pipeline of a run, and the object that it is from.
fn resolve(world: &World, namespace: &str, run: &Value) -> Result<(Value, Value), Standing> {
    let inline = &run["spec"]["pipelineSpec"];
    if inline.is_object() {
        return Ok((inline.clone(), Value::Null));
    }
    let (place, name) = graph::place(namespace, &run["spec"]["pipelineRef"]);
    let run_name = text(&run["metadata"]["name"]);
    let pipeline = resource_of("pipelines.tekton.dev").and_then(|kind| world.get(kind, &place, &name));
    pipeline.map(|pipeline| (pipeline["spec"].clone(), pipeline.clone())).ok_or_else(|| {
        let why = format!(
            "Error retrieving pipeline for pipelinerun {namespace}/{run_name}: error when listing pipelines for pipelineRun {run_name}: failed to get pipeline: pipelines.tekton.dev \"{name}\" not found"
        );
        Standing::new("False", "CouldntGetPipeline", why)
    })
}

fn begin(
    world: &mut World,
    kind: &'static Resource,
    namespace: &str,
    name: &str,
    run: &Value,
    pipeline: Option<&Value>,
) {
    let mut labels = serde_json::Map::new();
    if let Some(pipeline) = pipeline {
        labels.extend(pipeline["metadata"]["labels"].as_object().cloned().unwrap_or_default());
    }
    let referred = run["spec"]["pipelineRef"]["name"]
        .as_str()
        .or_else(|| pipeline.and_then(|known| known["metadata"]["name"].as_str()));
    labels.insert("tekton.dev/pipeline".to_owned(), json!(referred.unwrap_or(name)));
    world.merge(kind, namespace, name, &json!({"metadata": {"labels": labels}}));
    let now = world.clock.stamp();
    world.merge(kind, namespace, name, &json!({"status": {"startTime": now}}));
    mount::make_claims(world, namespace, run);
}

fn values(namespace: &str, name: &str, run: &Value, spec: &Value) -> Result<BTreeMap<String, Value>, Standing> {
    let mut known = BTreeMap::from([
        ("context.pipelineRun.name".to_owned(), json!(name)),
        ("context.pipelineRun.namespace".to_owned(), json!(namespace)),
    ]);
    let (mut missing, mut mismatching) = (Vec::new(), Vec::new());
    for param in spec["params"].as_array().into_iter().flatten() {
        let of = text(&param["name"]);
        let given = run["spec"]["params"].as_array().into_iter().flatten().find(|given| given["name"] == param["name"]);
        match given.map(|given| &given["value"]).or_else(|| param.get("default")) {
            Some(value)
                if graph::type_of(value)
                    != param["type"].as_str().unwrap_or_else(|| graph::type_of(&param["default"])) =>
            {
                mismatching.push(of)
            }
            Some(value) => graph::know(&mut known, &format!("params.{of}"), value),
            None => missing.push(of),
        }
    }
    let bound = run["spec"]["workspaces"].as_array().cloned().unwrap_or_default();
    let mut declared = spec["workspaces"].as_array().into_iter().flatten();
    let unbound =
        declared.find(|known| known["optional"] != true && !bound.iter().any(|it| it["name"] == known["name"]));
    if let Some(unbound) = unbound {
        let why = format!(
            "PipelineRun {namespace}/{name} doesn't bind Pipeline {namespace}/{}'s Workspaces correctly: pipeline requires workspace with name \"{}\" be provided by pipelinerun",
            text(&run["spec"]["pipelineRef"]["name"]),
            text(&unbound["name"]),
        );
        return Err(Standing::new("False", "InvalidWorkspaceBindings", why));
    }
    let pipeline = text(&run["spec"]["pipelineRef"]["name"]);
    // *Documented, unrecorded* (Tekton's `pipelinerun_types.go`).
    if !mismatching.is_empty() {
        let why = format!(
            "PipelineRun {namespace}/{name} parameters have mismatching types with Pipeline {namespace}/{pipeline}'s parameters: [{}]",
            mismatching.join(" ")
        );
        return Err(Standing::new("False", "ParameterTypeMismatch", why));
    }
    if missing.is_empty() {
        return Ok(known);
    }
    let why = format!(
        "PipelineRun {namespace}/{name} parameters is missing some parameters required by Pipeline {pipeline}'s parameters: pipelineRun missing parameters: [{}]",
        missing.join(" ")
    );
    Err(Standing::new("False", "ParameterMissing", why))
}

/// A duration as Go writes it: `1h0m0s`.
pub(super) fn duration(text: &str) -> Duration {
    let mut seconds = 0.0;
    let mut number = String::new();
    for letter in text.chars() {
        match letter {
            '0'..='9' | '.' => number.push(letter),
            unit => {
                let value: f64 = std::mem::take(&mut number).parse().unwrap_or(0.0);
                seconds += value
                    * match unit {
                        'h' => 3600.0,
                        'm' => 60.0,
                        _ => 1.0,
                    };
            }
        }
    }
    Duration::from_secs_f64(if seconds > 0.0 { seconds } else { 1e9 })
}

impl Runner {
    async fn work(mut self, kind: &'static Resource, limit: Duration) {
        let end = tokio::time::sleep(limit);
        tokio::pin!(end);
        let mut timed_out = false;
        let mut killed = false;
        for (group, words) in [("tasks", "PipelineRun Tasks timeout"), ("finally", "PipelineRun Finally timeout")] {
            // *Documented, unrecorded* (Tekton's documentation, "Configuring a failure timeout").
            let limit = self.run["spec"]["timeouts"][group].as_str().map_or(LONGEST, duration);
            let end_of_group = tokio::time::sleep(self.shared.clock.wait(limit));
            tokio::pin!(end_of_group);
            let mut is_over = false;
            loop {
                let Some(mode) = self.mode(kind) else { return };
                let has_failed = self.tasks.values().any(|task| task.has(End::Failed));
                let stop = !mode.is_empty() || timed_out || is_over || has_failed;
                let skip_finally = group == "finally" && (mode == "Cancelled" || timed_out);
                if (group == "tasks" && !stop) || (group == "finally" && !skip_finally && !is_over) {
                    while self.start_ready(group) {}
                }
                if (mode.starts_with("Cancelled") && !killed && group == "tasks")
                    || mode == "Cancelled"
                    || timed_out
                    || is_over
                {
                    killed = true;
                    self.is_late = timed_out || is_over;
                    self.kill();
                }
                let gentle = !mode.is_empty() && mode != "Cancelled" && group == "tasks";
                self.tell_progress(if gentle { &mode } else { "" });
                if self.working.is_empty() {
                    break;
                }
                let shared = self.shared.clone();
                let (namespace, name) = (self.namespace.clone(), self.name.clone());
                let changed = shared.until(|world| {
                    let now = world.get(kind, &namespace, &name).map(|run| text(&run["spec"]["status"]));
                    (now.as_deref() != Some(mode.as_str())).then_some(())
                });
                tokio::select! {
                    done = self.working.join_next() => if let Some(Ok((task, end, results))) = done { self.note(&task, end, results) },
                    _ = changed => if self.mode(kind).is_none() { return },
                    () = &mut end, if !timed_out => timed_out = true,
                    () = &mut end_of_group, if !is_over => is_over = true,
                }
            }
            if timed_out || is_over {
                self.leave_out(
                    group,
                    &format!("{} has been reached", if timed_out { "PipelineRun timeout" } else { words }),
                );
            }
            self.is_late = false;
        }
        let mode = self.mode(kind).unwrap_or_default();
        if mode.is_empty() && !timed_out {
            self.leave_out("tasks", "PipelineRun was stopping");
        }
        let standing = self.outcome(&mode, timed_out);
        let results = self.results();
        let mut fields = self.fields();
        if standing.status == "True" && !results.is_empty() {
            fields["results"] = Value::Array(results);
        }
        self.shared.change(|world| tell(world, RUNS, &self.namespace, &self.name, &standing, &fields));
    }

    /// What was asked of the run; nothing where it is gone.
    fn mode(&self, kind: &'static Resource) -> Option<String> {
        self.shared.read(|world| world.get(kind, &self.namespace, &self.name).map(|run| text(&run["spec"]["status"])))
    }

    fn listed(&self, group: &str) -> Vec<Value> {
        self.spec[group].as_array().cloned().unwrap_or_default()
    }

    /// Starts or skips a task whose turn it is; whether there was one.
    fn start_ready(&mut self, group: &str) -> bool {
        for task in self.listed(group) {
            let name = text(&task["name"]);
            if self.tasks.contains_key(&name) {
                continue;
            }
            let needed = graph::needs(&task);
            if group == "tasks" && !needed.iter().all(|needed| self.tasks.get(needed).is_some_and(Progress::is_done)) {
                continue;
            }
            let lost = |needed: &String| {
                self.tasks.get(needed).is_none_or(|task| task.skipped.is_some() || !task.has(End::Succeeded))
            };
            if graph::results_of(&task).iter().any(lost) {
                self.skip(name, json!({"reason": "Results were missing"}));
                return true;
            }
            let mut known = self.known.clone();
            for (of, progress) in &self.tasks {
                for (result, value) in &progress.results {
                    known.insert(format!("tasks.{of}.results.{result}"), value.clone());
                }
                known.insert(
                    format!("tasks.{of}.status"),
                    json!(if progress.has(End::Failed) {
                        "Failed"
                    } else if progress.skipped.is_some() {
                        "None"
                    } else {
                        "Succeeded"
                    }),
                );
            }
            let task = graph::substitute(&task, &known);
            if let Some(unmet) = unmet(&task) {
                self.skip(name, json!({"reason": "When Expressions evaluated to false", "whenExpressions": unmet}));
                return true;
            }
            self.start(&name, &task);
            return true;
        }
        false
    }

    /// Tells of the tasks that never came to run, and why.
    fn leave_out(&mut self, group: &str, why: &str) {
        for task in self.listed(group) {
            let name = text(&task["name"]);
            if !self.tasks.contains_key(&name) {
                self.skip(name, json!({"reason": why}));
            }
        }
    }

    fn skip(&mut self, name: String, mut why: Value) {
        why["name"] = json!(name);
        self.tasks.insert(name, Progress { skipped: Some(why), ..Progress::default() });
    }

    fn start(&mut self, name: &str, task: &Value) {
        let combinations = combinations(task);
        let is_custom = custom::is_custom(task);
        let mut children = Vec::new();
        for (at, extra) in combinations.iter().enumerate() {
            let child = match combinations.len() {
                1 if task["matrix"].is_null() => format!("{}-{name}", self.name),
                _ => format!("{}-{name}-{at}", self.name),
            };
            children.push(child.clone());
            let shared = self.shared.clone();
            let child = Child {
                namespace: self.namespace.clone(),
                name: child,
                task: task.clone(),
                extra: extra.clone(),
                run: self.run.clone(),
            };
            let task = name.to_owned();
            self.working.spawn(async move {
                let (end, results) = match is_custom {
                    true => custom::carry_out(shared, child).await,
                    false => task::carry_out(shared, child).await,
                };
                (task, end, results)
            });
        }
        self.tasks.insert(name.to_owned(), Progress { children, is_custom, ..Progress::default() });
    }

    fn note(&mut self, task: &str, end: End, results: BTreeMap<String, Value>) {
        // What a time limit stops has failed, though it is called cancelled.
        let end = if self.is_late && end == End::Cancelled { End::Failed } else { end };
        if let Some(progress) = self.tasks.get_mut(task) {
            progress.ended.push(end);
            progress.results.extend(results);
        }
    }

    /// Cancels the task runs that have not ended.
    fn kill(&self) {
        self.shared.change(|world| {
            for task in self.tasks.values() {
                let (kind, asked, what) = match task.is_custom {
                    true => (custom::CUSTOM_RUNS, "RunCancelled", "CustomRun"),
                    false => ("taskruns.tekton.dev", "TaskRunCancelled", "TaskRun"),
                };
                let Some(kind) = resource_of(kind) else { continue };
                let how = if self.is_late { "timed out" } else { "been cancelled" };
                let why = format!("{what} cancelled as the PipelineRun it belongs to has {how}.");
                for child in &task.children {
                    let open = world
                        .get(kind, &self.namespace, child)
                        .is_some_and(|run| !super::condition::is_over(run) && run["spec"]["status"].is_null());
                    if open {
                        let patch =
                            json!({"metadata": {"generation": 2}, "spec": {"status": asked, "statusMessage": why}});
                        world.merge(kind, &self.namespace, child, &patch);
                    }
                }
            }
        });
    }

    fn counts(&self) -> (usize, usize, usize, usize, usize) {
        let done = |end: End| self.tasks.values().filter(|task| task.is_done() && task.has(end)).count();
        let (failed, cancelled) = (done(End::Failed), done(End::Cancelled));
        let skipped = self.tasks.values().filter(|task| task.skipped.is_some()).count();
        let completed = self.tasks.values().filter(|task| task.skipped.is_none() && task.is_done()).count();
        let all = self.listed("tasks").len();
        (completed, failed, cancelled, skipped, all)
    }

    fn fields(&self) -> Value {
        let order: Vec<Value> = self.listed("tasks").into_iter().chain(self.listed("finally")).collect();
        let in_order =
            || order.iter().filter_map(|task| Some((text(&task["name"]), self.tasks.get(task["name"].as_str()?)?)));
        let references: Vec<Value> = in_order()
            .flat_map(|(task, progress)| {
                progress.children.iter().map(move |child| {
                    // As seen: another version than the one that is asked.
                    let kind = if progress.is_custom { "CustomRun" } else { "TaskRun" };
                    json!({"apiVersion": "tekton.dev/v1beta1", "kind": kind, "name": child, "pipelineTaskName": task})
                })
            })
            .collect();
        let skipped: Vec<Value> = in_order().filter_map(|(_, progress)| progress.skipped.clone()).collect();
        let mut fields = json!({"childReferences": references, "pipelineSpec": self.spec});
        if !skipped.is_empty() {
            fields["skippedTasks"] = Value::Array(skipped);
        }
        fields
    }

    fn tell_progress(&self, mode: &str) {
        let (completed, failed, cancelled, skipped, all) = self.counts();
        let left = all.saturating_sub(completed + skipped);
        let message = format!(
            "Tasks Completed: {completed} (Failed: {failed}, Cancelled {cancelled}), Incomplete: {left}, Skipped: {skipped}"
        );
        let reason = match mode {
            "CancelledRunFinally" => "CancelledRunningFinally",
            "StoppedRunFinally" => "StoppedRunningFinally",
            _ => "Running",
        };
        let standing = Standing::new("Unknown", reason, message);
        self.shared.change(|world| tell(world, RUNS, &self.namespace, &self.name, &standing, &self.fields()));
    }

    fn outcome(&self, mode: &str, timed_out: bool) -> Standing {
        let (completed, failed, cancelled, skipped, _) = self.counts();
        let told =
            format!("Tasks Completed: {completed} (Failed: {failed}, Cancelled {cancelled}), Skipped: {skipped}");
        let unfinished = self.listed("tasks").iter().any(|task| {
            self.tasks
                .get(task["name"].as_str().unwrap_or_default())
                .is_none_or(|task| task.has(End::Cancelled) || !task.is_done())
        });
        if timed_out {
            let limit = text(&self.run["spec"]["timeouts"]["pipeline"]);
            return Standing::new(
                "False",
                "PipelineRunTimeout",
                format!("PipelineRun \"{}\" failed to finish within \"{limit}\"", self.name),
            );
        }
        if !mode.is_empty() && unfinished {
            return Standing::new("False", "Cancelled", format!("PipelineRun \"{}\" was cancelled", self.name));
        }
        let is_left_out = |task: &Progress| {
            let why = task.skipped.as_ref().map(|skipped| text(&skipped["reason"]));
            why.is_some_and(|why| why.ends_with("timeout has been reached"))
        };
        let is_bad = |task: &Progress| task.has(End::Failed) || task.has(End::Cancelled) || is_left_out(task);
        if self.tasks.values().any(is_bad) {
            return Standing::new("False", "Failed", told);
        }
        Standing::new("True", if skipped > 0 { "Completed" } else { "Succeeded" }, told)
    }

    fn results(&self) -> Vec<Value> {
        let mut known = BTreeMap::new();
        for (of, progress) in &self.tasks {
            for (result, value) in &progress.results {
                known.insert(format!("tasks.{of}.results.{result}"), value.clone());
            }
        }
        let listed = self.spec["results"].as_array().into_iter().flatten();
        listed
            .map(|result| json!({"name": result["name"], "value": graph::substitute(&result["value"], &known)}))
            .filter(|result| !result["value"].to_string().contains("$("))
            .collect()
    }
}

/// The expressions of a task that do not hold; nothing where all do.
fn unmet(task: &Value) -> Option<Value> {
    let all = task["when"].as_array()?;
    let holds = |expression: &Value| {
        let among = expression["values"].as_array().is_some_and(|values| values.contains(&expression["input"]));
        among == (expression["operator"] == "in")
    };
    (!all.iter().all(holds)).then(|| Value::Array(all.clone()))
}

/// The parameters of each child of a task: one without, unless there is a matrix.
fn combinations(task: &Value) -> Vec<Vec<Value>> {
    let mut all = vec![Vec::new()];
    for param in task["matrix"]["params"].as_array().into_iter().flatten() {
        let values = param["value"].as_array().cloned().unwrap_or_default();
        all = all
            .iter()
            .flat_map(|known: &Vec<Value>| {
                values.iter().map(|value| {
                    let mut more = known.clone();
                    more.push(json!({"name": param["name"], "value": value}));
                    more
                })
            })
            .collect();
    }
    all
}
