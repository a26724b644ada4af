//! Pods and what their containers have written.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{World, resource_of};

/// A container of a pod.
#[derive(Debug, Clone, Default)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) started: bool,
    pub(crate) ended: bool,
    pub(crate) exit: i32,
    /// Lines that a rotation has taken.
    pub(crate) dropped: usize,
    pub(crate) lines: Vec<(DateTime<Utc>, String)>,
}

impl World {
    /// A pod with these containers, none of which has started.
    pub(crate) fn make_pod(&mut self, namespace: &str, name: &str, object: Value, containers: &[String]) {
        let Some(pods) = resource_of("pods") else { return };
        self.put(pods, namespace, name, object);
        let made = containers.iter().map(|name| Container { name: name.clone(), ..Container::default() }).collect();
        self.logs.insert((namespace.to_owned(), name.to_owned()), made);
        self.tell_containers(namespace, name);
    }

    fn container(&mut self, namespace: &str, pod: &str, name: &str) -> Option<&mut Container> {
        let all = self.logs.get_mut(&(namespace.to_owned(), pod.to_owned()))?;
        all.iter_mut().find(|container| container.name == name)
    }

    pub(crate) fn start_container(&mut self, namespace: &str, pod: &str, name: &str) {
        if let Some(container) = self.container(namespace, pod, name) {
            container.started = true;
        }
        self.tell_containers(namespace, pod);
    }

    /// Writes on the pod how its containers stand.
    fn tell_containers(&mut self, namespace: &str, pod: &str) {
        let Some(pods) = resource_of("pods") else { return };
        let now = self.clock.stamp();
        let all = self.logs.get(&(namespace.to_owned(), pod.to_owned())).cloned().unwrap_or_default();
        let Some(mut object) = self.get(pods, namespace, pod).cloned() else { return };
        for (listed, told) in [("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")] {
            let names = object["spec"][listed].as_array().cloned().unwrap_or_default();
            let before = object["status"][told].as_array().cloned().unwrap_or_default();
            let statuses: Vec<Value> = names
                .iter()
                .filter_map(|spec| all.iter().find(|container| spec["name"] == container.name.as_str()))
                .map(|container| {
                    let was = before.iter().find(|was| was["name"] == container.name.as_str());
                    let state = |kind: &str, field: &str| was.map_or(&Value::Null, |was| &was["state"][kind][field]).clone();
                    let began = match (state("running", "startedAt"), state("terminated", "startedAt")) {
                        (Value::Null, Value::Null) => json!(now),
                        (Value::Null, at) | (at, _) => at,
                    };
                    let state = match (container.started, container.ended) {
                        (_, true) => json!({"terminated": {
                            "exitCode": container.exit, "reason": if container.exit == 0 { "Completed" } else { "Error" },
                            "startedAt": began, "finishedAt": match state("terminated", "finishedAt") { Value::Null => json!(now), at => at },
                            "containerID": "cri-o://x",
                        }}),
                        (true, false) => json!({"running": {"startedAt": began}}),
                        (false, false) => json!({"waiting": {"reason": "PodInitializing"}}),
                    };
                    json!({"name": container.name, "state": state, "ready": container.started && !container.ended, "restartCount": 0,
                        "image": "registry.example.test/img", "imageID": "registry.example.test/img@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
                })
                .collect();
            if !statuses.is_empty() {
                object["status"][told] = Value::Array(statuses);
            }
        }
        self.put(pods, namespace, pod, object);
    }

    pub(crate) fn write_line(&mut self, namespace: &str, pod: &str, container: &str, line: &str) {
        let now = self.clock.now();
        if let Some(container) = self.container(namespace, pod, container) {
            container.started = true;
            container.lines.push((now, line.to_owned()));
        }
    }

    pub(crate) fn end_container(&mut self, namespace: &str, pod: &str, name: &str, exit: i32) {
        if let Some(container) = self.container(namespace, pod, name).filter(|container| !container.ended) {
            container.started = true;
            container.ended = true;
            container.exit = exit;
        }
        self.tell_containers(namespace, pod);
    }

    pub(crate) fn rotate_log(&mut self, namespace: &str, pod: &str, container: &str, lines: usize) {
        if let Some(container) = self.container(namespace, pod, container) {
            let lines = lines.min(container.lines.len());
            container.lines.drain(..lines);
            container.dropped += lines;
        }
    }

    pub(crate) fn set_pod_phase(&mut self, namespace: &str, pod: &str, phase: &str) {
        if let Some(pods) = resource_of("pods") {
            self.merge(pods, namespace, pod, &json!({"status": {"phase": phase}}));
        }
    }

    pub(crate) fn pod_is_there(&self, namespace: &str, pod: &str) -> bool {
        resource_of("pods").is_some_and(|pods| self.get(pods, namespace, pod).is_some())
    }

    pub(crate) fn lose_pod(&mut self, namespace: &str, pod: &str) {
        if let Some(pods) = resource_of("pods") {
            self.remove(pods, namespace, pod);
        }
    }
}
