//! A BuildConfig, as the build service that it is.

use alm_build_spi::BuildConfigSpec;
use alm_domain::{RepositoryRef, ServiceId, Settings, effective_configuration};
use serde_json::{Value, json};

use super::{ADOPTED, Mount, Options, SETTINGS, Strategy, apply, image};
use crate::settings::OwnSettings;

/// The configuration as the cluster has it. Where it was changed there, the cluster's values count.
pub(crate) fn read_back(
    service: ServiceId,
    name: &str,
    object: &Value,
    provider: &Settings,
    own: &OwnSettings,
) -> BuildConfigSpec {
    let definitions = crate::descriptor().settings;
    let note = object.pointer(&format!("/metadata/annotations/{}", SETTINGS.replace('/', "~1")));
    let noted: Settings =
        note.and_then(Value::as_str).and_then(|note| serde_json::from_str(note).ok()).unwrap_or_default();
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let repository = RepositoryRef {
        url: text("/spec/source/git/uri").unwrap_or_default(),
        reference: text("/spec/source/git/ref").unwrap_or_default(),
        directory: text("/spec/source/contextDir").filter(|directory| !directory.is_empty()),
    };
    let settings = effective_configuration(&definitions, provider, Some(&noted));
    let mut spec = BuildConfigSpec { service, name: name.to_owned(), repository, settings };
    // What the noted settings come to: only where the cluster has something else, its value is read.
    let is_adopted = object.pointer(&format!("/metadata/annotations/{}", ADOPTED.replace('/', "~1"))).is_some();
    let mut expected = json!({});
    if !is_adopted && let Ok(options) = Options::of(&spec, own) {
        apply(&options, &spec, &mut expected);
    }
    let strategy = Strategy::of_spec(&object["spec"]);
    let mounted = Mount::of_spec(&object["spec"]).map(|mount| mount.path);
    for entry in &mut spec.settings {
        if entry.key == "secrets.mount" && strategy != Some(Strategy::Pipeline) {
            entry.value = mounted.clone().map(Value::from);
        }
        let Some(field) = field_of(&entry.key, strategy) else { continue };
        let (now, then) = (object.pointer(&field), expected.pointer(&field));
        if now != then && !(is_empty(now) && is_empty(then)) {
            entry.value = now
                .and_then(|value| setting(&entry.key, value))
                .or_else(|| entry.value.take().filter(|_| now.is_some()));
        }
    }
    spec
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(_) => false,
    }
}

/// Where the value of a setting is in a BuildConfig, if it is there at all.
fn field_of(key: &str, strategy: Option<Strategy>) -> Option<String> {
    let field = match key {
        "strategy" => "/spec/strategy/type",
        "dockerfile" => "/spec/source/dockerfile",
        "output.image" => "/spec/output/to",
        "source.secret" => "/spec/source/sourceSecret",
        "service_account" => "/spec/serviceAccount",
        "run.policy" => "/spec/runPolicy",
        "resources.cpu" => "/spec/resources/limits/cpu",
        "resources.memory" => "/spec/resources/limits/memory",
        "environment" => return Some(format!("/spec/strategy/{}/env", strategy?.field())),
        "jenkinsfile" if strategy == Some(Strategy::Pipeline) => "/spec/strategy/jenkinsPipelineStrategy/jenkinsfile",
        "jenkinsfile.path" if strategy == Some(Strategy::Pipeline) => {
            "/spec/strategy/jenkinsPipelineStrategy/jenkinsfilePath"
        }
        "dockerfile.path" if strategy == Some(Strategy::Docker) => "/spec/strategy/dockerStrategy/dockerfilePath",
        "builder.image" if strategy == Some(Strategy::Source) => "/spec/strategy/sourceStrategy/from",
        _ => return None,
    };
    Some(field.to_owned())
}

/// The value of a setting that a field of a BuildConfig comes to.
fn setting(key: &str, value: &Value) -> Option<Value> {
    match key {
        "output.image" | "builder.image" => image::setting(value).map(Value::from),
        "source.secret" => value.get("name").filter(|name| name.is_string()).cloned(),
        "environment" => {
            let variable =
                |one: &Value| Some(format!("{}={}", one.get("name")?.as_str()?, one.get("value")?.as_str()?));
            Some(value.as_array()?.iter().filter_map(variable).collect())
        }
        _ => value.is_string().then(|| value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{marks, options::tests::spec},
        *,
    };

    fn made(own: &[(&str, Value)]) -> (BuildConfigSpec, Value) {
        let spec = spec(own);
        let mut object = json!({ "metadata": marks(&spec, false) });
        apply(&Options::of(&spec, &OwnSettings::default()).unwrap(), &spec, &mut object);
        (spec, object)
    }

    fn back(spec: &BuildConfigSpec, object: &Value) -> BuildConfigSpec {
        read_back(spec.service, &spec.name, object, &Settings::new(), &OwnSettings::default())
    }

    #[test]
    fn what_was_written_reads_back() {
        for own in [
            vec![("jenkinsfile", json!("pipeline {}")), ("secrets.kinds", json!(["GIT=basic-auth:bot"]))],
            vec![
                ("environment", json!(["A=1", "B=x=y"])),
                ("run.policy", json!("Parallel")),
                ("resources.cpu", json!("2")),
            ],
            vec![("strategy", json!("Docker")), ("dockerfile", json!("FROM x")), ("output.image", json!("app:1"))],
            vec![
                ("strategy", json!("Source")),
                ("builder.image", json!("openshift/nodejs:14")),
                ("triggers", json!(["ConfigChange"])),
                ("secrets.mount", json!("/run/alm")),
            ],
        ] {
            let own: Vec<_> = own.into_iter().chain([("namespace", json!("demo"))]).collect();
            let (mut spec, mut object) = made(&own);
            // What a cluster adds is no change.
            object["spec"]["output"] = json!({ "to": object["spec"]["output"]["to"].clone() });
            object["spec"]["nodeSelector"] = Value::Null;
            spec.repository.directory = None;
            assert_eq!(back(&spec, &object).values(), spec.values());
        }
    }

    #[test]
    fn what_somebody_changed_on_the_cluster_reads_as_it_is_there() {
        let (spec, mut object) = made(&[("namespace", json!("demo")), ("jenkinsfile", json!("pipeline {}"))]);
        object["spec"]["strategy"]["jenkinsPipelineStrategy"] =
            json!({ "jenkinsfilePath": "ci/Jenkinsfile", "env": [{ "name": "A", "value": "1" }] });
        object["spec"]["runPolicy"] = json!("Parallel");
        let values = back(&spec, &object).values();
        assert_eq!(values.get("jenkinsfile"), None);
        assert_eq!(values["jenkinsfile.path"], "ci/Jenkinsfile");
        assert_eq!(values["environment"], json!(["A=1"]));
        assert_eq!(values["run.policy"], "Parallel");
    }

    #[test]
    fn rubbish_in_the_note_is_no_setting() {
        let (spec, mut object) = made(&[("namespace", json!("demo"))]);
        for rubbish in ["", "{", "[1]", "{\"strategy\": 7}"] {
            object["metadata"]["annotations"][SETTINGS] = json!(rubbish);
            let _ = back(&spec, &object);
        }
    }
}
