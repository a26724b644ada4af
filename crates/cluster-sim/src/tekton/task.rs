//! Carrying out one task run: a pod with a container for each step.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    condition::{Standing, tell},
    graph, mount,
    run::{LONGEST, duration},
};
use crate::{
    build::{Outcome, Place, run_script},
    script,
    shared::Shared,
    world::{World, resource_of, text},
};

const TASK_RUNS: &str = "taskruns.tekton.dev";
const IMAGE: &str = "registry.example.test/img@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// What stands beside the steps: the first one as an init container that goes on, the second one in front of them.
const PROXIES: [&str; 2] = ["native-proxy", "istio-proxy"];

/// How a task run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Succeeded,
    Failed,
    Cancelled,
}

/// A task run to be.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// The task of the pipeline, filled in.
    pub(crate) task: Value,
    /// Parameters of its combination in a matrix.
    pub(crate) extra: Vec<Value>,
    pub(crate) run: Value,
}

/// Carries a task run out, again as often as it may be retried. Gives its results.
pub(crate) async fn carry_out(shared: Arc<Shared>, child: Child) -> (End, BTreeMap<String, Value>) {
    let found = shared.read(|world| spec_of(world, &child));
    shared.change(|world| create(world, &child));
    let Some(spec) = found else {
        let why = Standing::new(
            "False",
            "TaskRunResolutionFailed",
            format!("tasks.tekton.dev \"{}\" not found", text(&child.task["taskRef"]["name"])),
        );
        shared.change(|world| tell(world, TASK_RUNS, &child.namespace, &child.name, &why, &json!({})));
        return (End::Failed, BTreeMap::new());
    };
    let retries = child.task["retries"].as_u64().unwrap_or(0);
    let mut attempt = 0;
    loop {
        let (end, results) = once(&shared, &child, &spec, attempt).await;
        if end != End::Failed || attempt >= retries {
            return (end, results);
        }
        attempt += 1;
        // What an attempt was is kept; the next one begins with a clean status.
        shared.change(|world| {
            let Some(kind) = resource_of(TASK_RUNS) else { return };
            if let Some(mut run) = world.get(kind, &child.namespace, &child.name).cloned() {
                let mut earlier = run["status"]["retriesStatus"].as_array().cloned().unwrap_or_default();
                let mut was = run["status"].clone();
                if let Some(map) = was.as_object_mut() {
                    map.remove("retriesStatus");
                }
                earlier.push(was);
                run["status"] = json!({"retriesStatus": earlier, "startTime": world.clock.stamp(),
                    "conditions": [{"type": "Succeeded", "status": "Unknown", "reason": "ToBeRetried",
                        "message": "", "lastTransitionTime": world.clock.stamp()}]});
                world.put(kind, &child.namespace, &child.name, run);
            }
        });
    }
}

pub(super) fn params(child: &Child, spec: &Value) -> (Vec<Value>, BTreeMap<String, Value>) {
    let mut given = child.task["params"].as_array().cloned().unwrap_or_default();
    given.extend(child.extra.iter().cloned());
    let mut known = BTreeMap::from([("context.taskRun.name".to_owned(), json!(child.name))]);
    for param in spec["params"].as_array().into_iter().flatten() {
        graph::know(&mut known, &format!("params.{}", text(&param["name"])), &param["default"]);
    }
    for param in &given {
        graph::know(&mut known, &format!("params.{}", text(&param["name"])), &param["value"]);
    }
    (given, known)
}

fn spec_of(world: &World, child: &Child) -> Option<Value> {
    let inline = &child.task["taskSpec"];
    if inline.is_object() {
        return Some(inline.clone());
    }
    let (place, name) = graph::place(&child.namespace, &child.task["taskRef"]);
    Some(world.get(resource_of("tasks.tekton.dev")?, &place, &name)?["spec"].clone())
}

/// The labels of what carries out a task of a pipeline.
pub(super) fn labels(world: &World, child: &Child) -> serde_json::Map<String, Value> {
    let name = text(&child.run["metadata"]["name"]);
    let stored = resource_of("pipelineruns.tekton.dev").and_then(|kind| world.get(kind, &child.namespace, &name));
    let mut labels = stored.and_then(|run| run["metadata"]["labels"].as_object().cloned()).unwrap_or_default();
    for (label, value) in [
        ("app.kubernetes.io/managed-by", "tekton-pipelines"),
        ("tekton.dev/memberOf", "tasks"),
        ("tekton.dev/pipelineRun", name.as_str()),
        ("tekton.dev/pipelineTask", child.task["name"].as_str().unwrap_or_default()),
    ] {
        labels.insert(label.to_owned(), json!(value));
    }
    labels
}

fn create(world: &mut World, child: &Child) {
    let Some(kind) = resource_of(TASK_RUNS) else { return };
    let run = &child.run;
    let name = text(&run["metadata"]["name"]);
    let mut labels = labels(world, child);
    let mut spec =
        json!({"serviceAccountName": run["spec"]["taskRunTemplate"]["serviceAccountName"], "timeout": "1h0m0s"});
    if child.task["taskRef"].is_object() {
        labels.insert("tekton.dev/task".to_owned(), json!(graph::place(&child.namespace, &child.task["taskRef"]).1));
        spec["taskRef"] = child.task["taskRef"].clone();
    } else {
        spec["taskSpec"] = child.task["taskSpec"].clone();
    }
    let (given, _) = params(child, &Value::Null);
    if !given.is_empty() {
        spec["params"] = Value::Array(given);
    }
    let bound = mount::bound(child);
    if !bound.is_empty() {
        spec["workspaces"] = Value::Array(bound);
    }
    if let Some(retries) = child.task["retries"].as_u64() {
        spec["retries"] = json!(retries);
    }
    let object = json!({
        "metadata": {
            "generation": 1, "labels": labels,
            "annotations": {"pipeline.tekton.dev/release": "048bf9a-dirty", "tekton.dev/v1beta1Resources": "{}"},
            "ownerReferences": [{"apiVersion": "tekton.dev/v1beta1", "blockOwnerDeletion": true, "controller": true,
                "kind": "PipelineRun", "name": name, "uid": run["metadata"]["uid"]}],
        },
        "spec": spec, "status": {},
    });
    world.put(kind, &child.namespace, &child.name, object);
}

async fn once(shared: &Arc<Shared>, child: &Child, spec: &Value, attempt: u64) -> (End, BTreeMap<String, Value>) {
    let pod = if attempt == 0 { format!("{}-pod", child.name) } else { format!("{}-pod-retry{attempt}", child.name) };
    let (_, known) = params(child, spec);
    let spec = graph::substitute(spec, &known);
    let mut steps: Vec<Step> = spec["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(at, step)| {
            let name = step["name"].as_str().map_or_else(|| format!("unnamed-{at}"), str::to_owned);
            Step { container: format!("step-{name}"), name, spec: step.clone(), ended: None, began: None }
        })
        .collect();
    let teller = Teller {
        shared: shared.clone(),
        namespace: child.namespace.clone(),
        name: child.name.clone(),
        pod: pod.clone(),
    };
    teller.begin(child, &spec, &steps);
    if !shared.read(|world| mount::can_pull(world, child)) {
        let why = format!("the step \"work\" in TaskRun \"{}\" failed to pull the image \"{IMAGE}\"", child.name);
        teller.end(&steps, &Standing::new("False", "TaskRunImagePullFailed", why), &BTreeMap::new());
        return (End::Failed, BTreeMap::new());
    }
    let cancelled = {
        let (namespace, name) = (child.namespace.clone(), child.name.clone());
        move |world: &World| {
            let kind = resource_of(TASK_RUNS);
            kind.and_then(|kind| world.get(kind, &namespace, &name))
                .is_none_or(|run| run["spec"]["status"] == "TaskRunCancelled")
        }
    };
    let mounted = shared.until(|world| {
        let is_over = cancelled(world) || !world.pod_is_there(&child.namespace, &pod);
        mount::files(world, child).or_else(|| is_over.then(BTreeMap::new))
    });
    let Some(files) = mounted.await else { return (End::Cancelled, BTreeMap::new()) };
    teller.go(&steps);
    let mut results = BTreeMap::new();
    for at in 0..steps.len() {
        steps[at].began = Some(shared.clock.stamp());
        let step = steps[at].clone();
        let place = Place {
            namespace: child.namespace.clone(),
            pod: pod.clone(),
            container: step.container.clone(),
            files: files.clone(),
            claims: mount::claims(child),
        };
        let env = step.spec["env"].as_array().into_iter().flatten();
        let values = env.map(|pair| (text(&pair["name"]), text(&pair["value"]))).collect();
        let own = shared.read(|world| {
            let told = world.scripts.get(&(child.namespace.clone(), step.container.clone())).cloned();
            told.unwrap_or_else(|| text(&step.spec["script"]))
        });
        let acts = script::parse(&own);
        let running = run_script(shared, &place, acts, &values, &cancelled);
        // *Documented, unrecorded* (Tekton's documentation, "Configuring the failure timeout").
        let limit = child.task["timeout"].as_str().map_or(LONGEST, duration);
        let Ok((outcome, given)) = tokio::time::timeout(shared.clock.wait(limit), running).await else {
            let limit = text(&child.task["timeout"]);
            let why = format!("TaskRun \"{}\" failed to finish within \"{limit}\"", child.name);
            for at in 0..steps.len() {
                teller.end_step(&mut steps, at, 1);
            }
            teller.end(&steps, &Standing::new("False", "TaskRunTimeout", why), &results);
            return (End::Failed, BTreeMap::new());
        };
        // In the order in which Tekton writes them.
        let written: Vec<String> = given
            .iter()
            .map(|(name, value)| format!("{{\"key\":{},\"value\":{},\"type\":1}}", json!(name), json!(value)))
            .collect();
        results.extend(given.into_iter().map(|(name, value)| (name, json!(value))));
        match outcome {
            Outcome::Exit(code) if code == 0 || step.spec["onError"] == "continue" => {
                teller.end_step(&mut steps, at, code);
                if let Some(ended) = steps[at].ended.as_mut().filter(|_| !written.is_empty()) {
                    ended["message"] = json!(format!("[{}]", written.join(",")));
                }
                if at + 1 < steps.len() {
                    teller.running(&steps);
                }
            }
            Outcome::Cancelled => {
                let now = shared.clock.stamp();
                for step in steps.iter_mut().filter(|step| step.ended.is_none()) {
                    step.ended = Some(
                        json!({"exitCode": 1, "finishedAt": now, "startedAt": step.began.clone().unwrap_or_else(|| now.clone()), "reason": "TaskRunCancelled"}),
                    );
                }
                teller.cancelled(&steps);
                return (End::Cancelled, BTreeMap::new());
            }
            Outcome::Lost => {
                let why = format!("pods \"{pod}\" not found");
                teller.end(&steps, &Standing::new("False", "PodCreationFailed", why), &results);
                return (End::Failed, BTreeMap::new());
            }
            Outcome::Exit(_) | Outcome::Failed(..) => {
                let code = if let Outcome::Exit(code) = outcome { code } else { 1 };
                teller.end_step(&mut steps, at, code);
                for later in at + 1..steps.len() {
                    teller.end_step(&mut steps, later, 1);
                }
                let why = format!(
                    "\"{}\" exited with code {code} (image: \"{IMAGE}\"); for logs run: kubectl -n {} logs {pod} -c {}\n",
                    step.container, child.namespace, step.container
                );
                // *Documented, unrecorded* (Tekton's documentation, "Using the `onError` field").
                let is_ignored = child.task["onError"] == "continue";
                let reason = if is_ignored { "FailureIgnored" } else { "Failed" };
                teller.end(&steps, &Standing::new("False", reason, why), &results);
                return (if is_ignored { End::Succeeded } else { End::Failed }, BTreeMap::new());
            }
        }
    }
    teller.end(&steps, &Standing::new("True", "Succeeded", "All Steps have completed executing"), &results);
    (End::Succeeded, results)
}

#[derive(Debug, Clone)]
struct Step {
    name: String,
    container: String,
    spec: Value,
    began: Option<String>,
    ended: Option<Value>,
}

struct Teller {
    shared: Arc<Shared>,
    namespace: String,
    name: String,
    pod: String,
}

impl Teller {
    fn begin(&self, child: &Child, spec: &Value, steps: &[Step]) {
        let names: Vec<String> = steps.iter().map(|step| step.container.clone()).collect();
        let proxies: &[&str] = if self.shared.options.proxies { &PROXIES } else { &[] };
        let mut all: Vec<String> = proxies.iter().map(|&name| name.to_owned()).collect();
        all.extend(names.iter().cloned());
        let mut containers: Vec<Value> = all.iter().map(|name| json!({"name": name, "image": IMAGE})).collect();
        let mut init: Vec<Value> = containers.drain(..proxies.len().min(1)).collect();
        for proxy in &mut init {
            proxy["restartPolicy"] = json!("Always");
        }
        let object = json!({
            "metadata": {"labels": {"tekton.dev/taskRun": child.name, "tekton.dev/pipelineRun": child.run["metadata"]["name"]}},
            "spec": {"initContainers": init, "containers": containers, "restartPolicy": "Never"}, "status": {"phase": "Pending"},
        });
        self.shared.change(|world| {
            let now = world.clock.stamp();
            world.make_pod(&self.namespace, &self.pod, object, &all);
            for proxy in proxies {
                world.start_container(&self.namespace, &self.pod, proxy);
                world.write_line(&self.namespace, &self.pod, proxy, &format!("{proxy} listens"));
            }
            let pending = Standing::new(
                "Unknown",
                "Pending",
                format!(
                    "pod status \"Initialized\":\"False\"; message: \"containers with incomplete status: [{}]\"",
                    names.join(" ")
                ),
            );
            let fields = json!({"podName": self.pod, "startTime": now, "taskSpec": spec});
            tell(world, TASK_RUNS, &self.namespace, &self.name, &pending, &fields);
        });
    }

    fn go(&self, steps: &[Step]) {
        self.shared.change(|world| {
            for step in steps {
                world.start_container(&self.namespace, &self.pod, &step.container);
            }
            world.set_pod_phase(&self.namespace, &self.pod, "Running");
        });
        self.running(steps);
    }

    fn told(&self, steps: &[Step]) -> Value {
        let now = self.shared.clock.stamp();
        let told = steps.iter().map(|step| {
            let mut told = json!({"name": step.name, "container": step.container, "imageID": IMAGE});
            match &step.ended {
                Some(ended) => told["terminated"] = ended.clone(),
                None => told["running"] = json!({"startedAt": step.began.clone().unwrap_or_else(|| now.clone())}),
            }
            told
        });
        json!({"steps": told.collect::<Vec<_>>()})
    }

    fn running(&self, steps: &[Step]) {
        let running = Standing::new("Unknown", "Running", "Not all Steps in the Task have finished executing");
        let fields = self.told(steps);
        self.shared.change(|world| tell(world, TASK_RUNS, &self.namespace, &self.name, &running, &fields));
    }

    fn end_step(&self, steps: &mut [Step], at: usize, code: i32) {
        let Some(step) = steps.get_mut(at) else { return };
        let now = self.shared.clock.stamp();
        let began = step.began.clone().unwrap_or_else(|| now.clone());
        let reason = if code == 0 { "Completed" } else { "Error" };
        step.ended = Some(
            json!({"containerID": "cri-o://x", "exitCode": code, "finishedAt": now, "startedAt": began, "reason": reason}),
        );
        self.shared.change(|world| world.end_container(&self.namespace, &self.pod, &step.container, code));
    }

    fn end(&self, steps: &[Step], standing: &Standing, results: &BTreeMap<String, Value>) {
        let mut fields = self.told(steps);
        if !results.is_empty() {
            let told = results.iter().map(|(name, value)| json!({"name": name, "type": "string", "value": value}));
            fields["results"] = told.collect();
        }
        self.shared.change(|world| {
            // Kubernetes ends the one when the others have ended; the other one goes on.
            world.end_container(&self.namespace, &self.pod, PROXIES[0], 0);
            world.set_pod_phase(
                &self.namespace,
                &self.pod,
                if standing.status == "True" { "Succeeded" } else { "Failed" },
            );
            tell(world, TASK_RUNS, &self.namespace, &self.name, standing, &fields);
        });
    }

    fn cancelled(&self, steps: &[Step]) {
        let fields = self.told(steps);
        self.shared.change(|world| {
            let asked = resource_of(TASK_RUNS).and_then(|kind| world.get(kind, &self.namespace, &self.name));
            let asked = asked.map(|run| text(&run["spec"]["statusMessage"])).unwrap_or_default();
            let why = format!("TaskRun \"{}\" was cancelled. {asked}", self.name);
            let standing = Standing::new("False", "TaskRunCancelled", why);
            tell(world, TASK_RUNS, &self.namespace, &self.name, &standing, &fields);
            world.lose_pod(&self.namespace, &self.pod);
        });
    }
}
