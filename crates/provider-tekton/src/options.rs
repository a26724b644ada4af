//! The settings of a build service, read.

use alm_build_spi::{BuildConfigSpec, Finding};
use alm_domain::shorten;
use alm_kubernetes::{is_name, is_namespace};
use serde_json::{Value, json};

/// How a run is made.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) namespace: String,
    /// `pipelineRef` or `pipelineSpec`, and its value.
    pub(crate) pipeline: (&'static str, Value),
    pub(crate) params: Vec<(String, String)>,
    pub(crate) param_url: Option<String>,
    pub(crate) param_revision: Option<String>,
    pub(crate) workspaces: Vec<Value>,
    pub(crate) service_account: Option<String>,
    pub(crate) timeouts: Vec<(&'static str, String)>,
    pub(crate) cancel: String,
}

impl Options {
    /// Reads them.
    ///
    /// # Errors
    /// Every finding, at its key.
    pub(crate) fn of(spec: &BuildConfigSpec) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut wrong = |key: &str, message: String| findings.push(Finding::new(["settings", key], message));
        let text = |key: &str| {
            let text = spec.setting(key).and_then(Value::as_str).filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let namespace = text("namespace").unwrap_or_default();
        if !is_namespace(&namespace) {
            let message = match namespace.is_empty() {
                true => "is missing: name the namespace in which the pipeline is to run".to_owned(),
                false => format!("{:?} is no namespace: use lower-case letters, digits and `-`", shorten(&namespace)),
            };
            wrong("namespace", message);
        }
        let resolver_params = pairs(spec, "pipeline.resolver.params", &mut wrong);
        let pipeline = match (text("pipeline"), text("pipeline.definition")) {
            (Some(_), Some(_)) => {
                wrong("pipeline.definition", "is given along with a name: leave one of both out".to_owned());
                None
            }
            (None, None) => {
                let message = "is missing: name a pipeline, or give one by pipeline.definition";
                wrong("pipeline", message.to_owned());
                None
            }
            (None, Some(definition)) => {
                let read = serde_json::from_str::<Value>(&definition).map_err(|error| error.to_string());
                match read.and_then(|read| {
                    if read["tasks"].is_array() { Ok(read) } else { Err("it has no `tasks`".to_owned()) }
                }) {
                    Ok(read) => Some(("pipelineSpec", read)),
                    Err(why) => {
                        let message = format!("is no pipeline: {why}; give the specification of one as JSON");
                        wrong("pipeline.definition", message);
                        None
                    }
                }
            }
            (Some(name), None) => match text("pipeline.resolver") {
                None if is_name(&name) => Some(("pipelineRef", json!({ "name": name }))),
                None => {
                    wrong("pipeline", format!("{:?} is no name of a Pipeline", shorten(&name)));
                    None
                }
                Some(resolver) => {
                    let mut params = vec![json!({ "name": "name", "value": name })];
                    params.extend(resolver_params.iter().map(|(name, value)| json!({ "name": name, "value": value })));
                    Some(("pipelineRef", json!({ "resolver": resolver, "params": params })))
                }
            },
        };
        let params = pairs(spec, "params", &mut wrong);
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
        let service_account = text("service_account");
        if let Some(name) = service_account.as_deref().filter(|name| !is_name(name)) {
            wrong("service_account", format!("{:?} is no name of a service account", shorten(name)));
        }
        let mut timeouts = Vec::new();
        for (key, field) in [("timeout", "pipeline"), ("timeout.tasks", "tasks"), ("timeout.finally", "finally")] {
            if let Some(limit) = text(key) {
                if !is_duration(&limit) {
                    wrong(key, format!("{:?} is no duration: write it as 1h30m or 90s", shorten(&limit)));
                }
                timeouts.push((field, limit));
            }
        }
        let cancel = text("cancel.mode").unwrap_or_else(|| "Cancelled".to_owned());
        let (param_url, param_revision) = (text("param.url"), text("param.revision"));
        match pipeline {
            Some(pipeline) if findings.is_empty() => Ok(Self {
                namespace,
                pipeline,
                params,
                param_url,
                param_revision,
                workspaces,
                service_account,
                timeouts,
                cancel,
            }),
            _ => Err(findings),
        }
    }
}

/// The texts of a list, each as NAME=VALUE.
fn pairs(spec: &BuildConfigSpec, key: &str, wrong: &mut impl FnMut(&str, String)) -> Vec<(String, String)> {
    let listed = spec.setting(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut found = Vec::new();
    for text in listed {
        match text.split_once('=').filter(|(name, _)| !name.is_empty()) {
            Some((name, value)) => found.push((name.to_owned(), value.to_owned())),
            None => wrong(key, format!("{:?} names nothing: write NAME=VALUE", shorten(text))),
        }
    }
    found
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

/// Whether Go reads this as a duration: numbers, each with its unit.
fn is_duration(text: &str) -> bool {
    let mut digits = 0;
    let mut units = 0;
    for c in text.chars() {
        match c {
            '0'..='9' => digits += 1,
            'h' | 'm' | 's' if digits > 0 => (digits, units) = (0, units + 1),
            _ => return false,
        }
    }
    digits == 0 && units > 0
}
