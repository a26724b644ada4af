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
    }

    fn container(&mut self, namespace: &str, pod: &str, name: &str) -> Option<&mut Container> {
        let all = self.logs.get_mut(&(namespace.to_owned(), pod.to_owned()))?;
        all.iter_mut().find(|container| container.name == name)
    }

    pub(crate) fn start_container(&mut self, namespace: &str, pod: &str, name: &str) {
        if let Some(container) = self.container(namespace, pod, name) {
            container.started = true;
        }
    }

    pub(crate) fn write_line(&mut self, namespace: &str, pod: &str, container: &str, line: &str) {
        let now = self.clock.now();
        if let Some(container) = self.container(namespace, pod, container) {
            container.started = true;
            container.lines.push((now, line.to_owned()));
        }
    }

    pub(crate) fn end_container(&mut self, namespace: &str, pod: &str, name: &str) {
        if let Some(container) = self.container(namespace, pod, name) {
            container.started = true;
            container.ended = true;
        }
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
