//! The settings of a build service, read.

use std::collections::BTreeMap;

use alm_build_spi::{BuildConfigSpec, Finding};
use alm_domain::{Capability, CapabilityNote, shorten};
use alm_kubernetes::{is_name, is_namespace};
use serde_json::{Value, json};

use crate::{
    duration,
    handing::Handing,
    inline::{self, Defined},
};

/// How a run is made.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) namespace: String,
    pub(crate) source: Source,
    /// What the pipeline is called, if it has a name.
    pub(crate) name: Option<String>,
    pub(crate) params: Vec<(String, Value)>,
    pub(crate) param_url: Option<String>,
    pub(crate) param_revision: Option<String>,
    pub(crate) workspaces: Vec<Value>,
    pub(crate) handing: Handing,
    /// The environments that tasks deploy to, by task.
    pub(crate) environments: BTreeMap<String, String>,
    pub(crate) service_account: Option<String>,
    pub(crate) timeouts: Vec<(&'static str, String)>,
    pub(crate) cancel: String,
}

/// Where the pipeline is from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Named: `pipelineRef`.
    Named(Value),
    /// Here: `pipelineSpec`.
    Inline(Value),
    /// A single task: the field of a pipeline's task (`taskRef` or `taskSpec`), and its value.
    Task((&'static str, Value)),
}

impl Source {
    /// The name under which it is looked up in the namespace, and whether it is a task; nothing for what a resolver finds or is here.
    pub(crate) fn in_namespace(&self) -> Option<(&str, bool)> {
        match self {
            Self::Named(reference) => Some((reference["name"].as_str()?, false)),
            Self::Task(("taskRef", reference)) => Some((reference["name"].as_str()?, true)),
            Self::Inline(_) | Self::Task(_) => None,
        }
    }

    /// Whether a resolver of the cluster finds it, when it runs.
    pub(crate) fn is_resolved(&self) -> bool {
        match self {
            Self::Named(reference) | Self::Task((_, reference)) => reference["resolver"].is_string(),
            Self::Inline(_) => false,
        }
    }
}

impl Options {
    /// Reads them.
    ///
    /// # Errors
    /// Every finding, at its key.
    pub(crate) fn of(spec: &BuildConfigSpec) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut wrong = |key: &str, message: String| findings.push(Finding::new(["settings", key], message));
        let text = |key: &str| text(spec, key);
        let namespace = text("namespace").unwrap_or_default();
        if !is_namespace(&namespace) {
            let message = match namespace.is_empty() {
                true => "is missing: name the namespace in which the pipeline is to run".to_owned(),
                false => format!("{:?} is no namespace: use lower-case letters, digits and `-`", shorten(&namespace)),
            };
            wrong("namespace", message);
        }
        let source = source(spec, &mut wrong);
        let params = params(spec, &mut wrong);
        let mut workspaces = Vec::new();
        for (name, kind) in pairs(spec, "workspaces", &mut wrong) {
            match workspace(&name, &kind) {
                Some(workspace) => workspaces.push(workspace),
                None => wrong(
                    "workspaces",
                    format!(
                        "{:?} is none: use emptyDir, claim:NAME, volume:SIZE, secret:NAME or config:NAME",
                        shorten(&kind)
                    ),
                ),
            }
        }
        let files = pairs(spec, "secrets.files", &mut wrong);
        let tokens = pairs(spec, "tokens.workspaces", &mut wrong);
        let pull = spec.setting("secrets.pull").and_then(Value::as_array).into_iter().flatten();
        let pull = pull.filter_map(Value::as_str).map(str::to_owned).collect();
        let handing = Handing::of(text("secrets.workspace"), files, tokens, pull, &workspaces, &mut wrong);
        let environments = pairs(spec, "environments", &mut wrong).into_iter().collect();
        let service_account = text("service_account");
        if let Some(name) = service_account.as_deref().filter(|name| !is_name(name)) {
            wrong("service_account", format!("{:?} is no name of a service account", shorten(name)));
        }
        let mut timeouts = Vec::new();
        for (key, field) in [("timeout", "pipeline"), ("timeout.tasks", "tasks"), ("timeout.finally", "finally")] {
            if let Some(limit) = text(key) {
                if duration::read(&limit).is_none() {
                    wrong(key, format!("{:?} is no duration: write it as 1h30m or 90s", shorten(&limit)));
                }
                timeouts.push((field, limit));
            }
        }
        let cancel = text("cancel.mode").unwrap_or_else(|| "Cancelled".to_owned());
        let (param_url, param_revision) = (text("param.url"), text("param.revision"));
        match source {
            Some(source) if findings.is_empty() => Ok(Self {
                namespace,
                source,
                name: text("pipeline"),
                params,
                param_url,
                param_revision,
                workspaces,
                handing,
                environments,
                service_account,
                timeouts,
                cancel,
            }),
            _ => Err(findings),
        }
    }

    /// What builds of these settings cannot do although the provider can.
    pub(crate) fn without(&self) -> Vec<CapabilityNote> {
        let mut notes = Vec::new();
        if self.source.is_resolved() {
            let reason = "the pipeline is fetched by a resolver of the cluster when it runs".to_owned();
            notes.push(CapabilityNote { capability: Capability::PlannedGraph, reason });
        }
        if self.environments.is_empty() {
            let reason = "the settings name no task that deploys: set `environments`".to_owned();
            notes.push(CapabilityNote { capability: Capability::Deploy, reason });
        }
        notes
    }
}

fn text(spec: &BuildConfigSpec, key: &str) -> Option<String> {
    let text = spec.setting(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

fn source(spec: &BuildConfigSpec, wrong: &mut impl FnMut(&str, String)) -> Option<Source> {
    let keys = ["pipeline", "task", "pipeline.definition"];
    let given: Vec<&str> = keys.into_iter().filter(|key| text(spec, key).is_some()).collect();
    let resolver_params = pairs(spec, "pipeline.resolver.params", wrong);
    let key = match given[..] {
        [key] => key,
        [] => {
            wrong("pipeline", "is missing: name a pipeline, or a task, or give one by pipeline.definition".to_owned());
            return None;
        }
        [first, second, ..] => {
            wrong(second, format!("is given along with {first}: leave one of both out"));
            return None;
        }
    };
    let value = text(spec, key)?;
    if key == "pipeline.definition" {
        return match inline::read(&value) {
            Ok(Defined::Pipeline(spec)) => Some(Source::Inline(spec)),
            Ok(Defined::Task(spec)) => Some(Source::Task(("taskSpec", spec))),
            Err(why) => {
                wrong(key, why);
                None
            }
        };
    }
    let reference = match text(spec, "pipeline.resolver") {
        None if is_name(&value) => json!({ "name": value }),
        None => {
            let kind = if key == "task" { "Task" } else { "Pipeline" };
            wrong(key, format!("{:?} is no name of a {kind}", shorten(&value)));
            return None;
        }
        Some(resolver) => {
            // Resolvers of Tekton's own that look a name up are told the kind as well; git and http look for a file.
            let mut params: Vec<(String, String)> = match resolver.as_str() {
                "git" | "http" => Vec::new(),
                "cluster" | "bundles" | "hub" => vec![("kind".to_owned(), key.to_owned()), ("name".to_owned(), value)],
                _ => vec![("name".to_owned(), value)],
            };
            for (name, value) in resolver_params {
                params.retain(|(known, _)| *known != name);
                params.push((name, value));
            }
            let params: Vec<Value> =
                params.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
            json!({ "resolver": resolver, "params": params })
        }
    };
    Some(if key == "task" { Source::Task(("taskRef", reference)) } else { Source::Named(reference) })
}

/// The texts of a list, each as NAME=VALUE.
fn pairs(spec: &BuildConfigSpec, key: &str, wrong: &mut impl FnMut(&str, String)) -> Vec<(String, String)> {
    let listed = spec.setting(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut found: Vec<(String, String)> = Vec::new();
    for text in listed {
        match text.split_once('=').filter(|(name, value)| !name.is_empty() && (key == "params" || !value.is_empty())) {
            Some((name, _)) if found.iter().any(|(known, _)| known == name) => {
                wrong(key, format!("{:?} is given twice: give it once", shorten(name)));
            }
            Some((name, value)) => found.push((name.to_owned(), value.to_owned())),
            None => wrong(key, format!("{:?} names nothing: write NAME=VALUE", shorten(text))),
        }
    }
    found
}

/// What the pipeline is given: a text (NAME=VALUE), or an array or object of texts (NAME:=JSON), since Tekton takes neither for the
/// other.
fn params(spec: &BuildConfigSpec, wrong: &mut impl FnMut(&str, String)) -> Vec<(String, Value)> {
    let mut params: Vec<(String, Value)> = Vec::new();
    for (name, value) in pairs(spec, "params", wrong) {
        let (name, value) = match name.strip_suffix(':') {
            None => (name, Value::String(value)),
            Some(name) => match serde_json::from_str(&value).ok().filter(is_compound) {
                Some(value) => (name.to_owned(), value),
                None => {
                    let example = r#"["a", "b"] or {"key": "value"}"#;
                    wrong(
                        "params",
                        format!(
                            "{:?} is no array or object of texts: write it as JSON, such as {example}",
                            shorten(&value)
                        ),
                    );
                    continue;
                }
            },
        };
        if params.iter().any(|(known, _)| *known == name) {
            wrong("params", format!("{:?} is given twice: give it once", shorten(&name)));
        } else {
            params.push((name, value));
        }
    }
    params
}

fn is_compound(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(Value::is_string),
        Value::Object(fields) => fields.values().all(Value::is_string),
        _ => false,
    }
}

fn workspace(name: &str, kind: &str) -> Option<Value> {
    let (kind, value) = kind.split_once(':').unwrap_or((kind, ""));
    let mut workspace = json!({ "name": name });
    match kind {
        "emptyDir" if value.is_empty() => workspace["emptyDir"] = json!({}),
        "claim" if is_name(value) => workspace["persistentVolumeClaim"] = json!({ "claimName": value }),
        "secret" if is_name(value) => workspace["secret"] = json!({ "secretName": value }),
        "config" if is_name(value) => workspace["configMap"] = json!({ "name": value }),
        "volume" if !value.is_empty() => {
            workspace["volumeClaimTemplate"] = json!({ "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": value } },
            }});
        }
        _ => return None,
    }
    Some(workspace)
}
