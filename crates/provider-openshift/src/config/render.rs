//! A build service, as a BuildConfig.

use alm_build_spi::BuildConfigSpec;
use alm_domain::{SettingScope, Settings};
use serde_json::{Value, json};

use super::{Mount, Options, Strategy, place::is_borrowed};
use crate::name::config_name;

/// The label that says which build service a BuildConfig belongs to.
pub(crate) const SERVICE_LABEL: &str = "alm.build/service";
/// The annotation that keeps the settings that a BuildConfig was made of.
pub(crate) const SETTINGS: &str = "alm.build/settings";
/// The annotation that keeps the repository that a BuildConfig was made for.
pub(crate) const REPOSITORY: &str = "alm.build/repository";
/// The annotation of a BuildConfig that was there before us.
pub(crate) const ADOPTED: &str = "alm.build/adopted";

/// An annotation of an object.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    object.get("metadata")?.get("annotations")?.get(key)
}

/// The settings of the service, as they are noted on the BuildConfig. Those of the provider are left out: they are known here.
fn settings_note(spec: &BuildConfigSpec) -> Settings {
    let own = |key: &String| {
        let definitions = crate::descriptor().settings;
        definitions.iter().any(|definition| definition.key == *key && definition.scope != SettingScope::Provider)
    };
    spec.values().into_iter().filter(|(key, _)| own(key)).collect()
}

/// What marks a BuildConfig as this service's: for its metadata.
pub(crate) fn marks(spec: &BuildConfigSpec, adopted: bool) -> Value {
    let mut annotations = json!({ SETTINGS: json!(settings_note(spec)).to_string() });
    if adopted {
        annotations[ADOPTED] = json!("true");
    } else {
        annotations[REPOSITORY] = json!(json!(spec.repository).to_string());
    }
    json!({ "labels": { SERVICE_LABEL: spec.service.to_string() }, "annotations": annotations })
}

/// Brings the `spec` of a BuildConfig to what the service wants. What the service has no setting for stays as it is.
pub(crate) fn apply(options: &Options, spec: &BuildConfigSpec, object: &mut Value) {
    let variables = object.pointer(&format!("/spec/strategy/{}/env", options.strategy.field()));
    let borrowed = variables.and_then(Value::as_array).into_iter().flatten().filter(|one| is_borrowed(one));
    let borrowed: Vec<_> = borrowed.filter(|one| !options.has_variable(&one["name"])).cloned().collect();
    for (path, value) in fields(options, spec, borrowed) {
        set(object, &path, value);
    }
    // A strategy is there by its field, were it empty; and there is one only.
    if !object["spec"]["strategy"][options.strategy.field()].is_object() {
        set(object, &["spec", "strategy", options.strategy.field()], Some(json!({})));
    }
    for other in Strategy::ALL.into_iter().filter(|other| *other != options.strategy) {
        set(object, &["spec", "strategy", other.field()], None);
    }
    if options.strategy != Strategy::Pipeline {
        let config = object.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
        let config = config.unwrap_or_else(|| config_name(&spec.name));
        let mount = options.secrets_at.as_ref().map(|path| Mount::of_config(&config, path));
        let field = options.strategy.field();
        let volumes = Mount::among(mount.as_ref(), object.pointer(&format!("/spec/strategy/{field}/volumes")));
        set(object, &["spec", "strategy", field, "volumes"], volumes);
    }
    // Webhooks and the like are not ours to remove, nor those of the same kind that look at other images.
    let triggers = object["spec"]["triggers"].as_array().cloned().unwrap_or_default();
    let ours = |trigger: &Value| matches!(trigger["type"].as_str(), Some("ConfigChange" | "ImageChange"));
    let (known, kept): (Vec<_>, Vec<_>) = triggers.into_iter().partition(ours);
    let wanted = options.triggers.iter().flat_map(|kind| {
        let same: Vec<_> = known.iter().filter(|trigger| trigger["type"] == *kind).cloned().collect();
        match kind.as_str() {
            _ if !same.is_empty() => same,
            "ImageChange" => vec![json!({ "type": kind, "imageChange": {} })],
            kind => vec![json!({ "type": kind })],
        }
    });
    object["spec"]["triggers"] = wanted.chain(kept).collect();
}

/// Each field of a BuildConfig that has a setting, and its value. `None`: it is left out. Variables that get their values from somewhere
/// else on the cluster stay.
fn fields(options: &Options, spec: &BuildConfigSpec, borrowed: Vec<Value>) -> Vec<(Vec<&'static str>, Option<Value>)> {
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    let strategy = options.strategy.field();
    let at = |name: &'static str| vec!["spec", "strategy", strategy, name];
    let variable = |(name, value): &(String, String)| json!({ "name": name, "value": value });
    let environment: Vec<_> = options.environment.iter().map(variable).chain(borrowed).collect();
    let repository = &spec.repository;
    let mut fields = vec![
        (vec!["spec", "runPolicy"], Some(json!(options.run_policy))),
        (vec!["spec", "serviceAccount"], text(&options.service_account)),
        (vec!["spec", "source", "type"], Some(json!("Git"))),
        (vec!["spec", "source", "git", "uri"], Some(json!(repository.url))),
        (vec!["spec", "source", "git", "ref"], Some(json!(repository.reference))),
        (vec!["spec", "source", "contextDir"], text(&repository.directory)),
        (vec!["spec", "source", "sourceSecret"], options.source_secret.as_ref().map(|name| json!({ "name": name }))),
        (vec!["spec", "strategy", "type"], Some(json!(options.strategy.word()))),
        (at("env"), (!environment.is_empty()).then(|| json!(environment))),
        (vec!["spec", "output", "to"], options.output.clone()),
        (vec!["spec", "resources", "limits", "cpu"], text(&options.cpu)),
        (vec!["spec", "resources", "limits", "memory"], text(&options.memory)),
    ];
    let dockerfile = options.dockerfile.as_ref().filter(|_| options.strategy == Strategy::Docker);
    fields.push((vec!["spec", "source", "dockerfile"], dockerfile.map(|text| json!(text))));
    match options.strategy {
        Strategy::Pipeline => {
            let path = options.jenkinsfile.is_none().then(|| json!(options.jenkinsfile_path));
            fields.extend([(at("jenkinsfile"), text(&options.jenkinsfile)), (at("jenkinsfilePath"), path)]);
        }
        Strategy::Docker => {
            let path = options.dockerfile.is_none().then(|| json!(options.dockerfile_path));
            fields.push((at("dockerfilePath"), path));
        }
        Strategy::Source => fields.push((at("from"), options.builder.clone())),
    }
    fields
}

/// Sets or removes a field, making the objects on the way to it where they are needed.
pub(super) fn set(object: &mut Value, path: &[&str], value: Option<Value>) {
    let Some((last, way)) = path.split_last() else { return };
    let mut at = object;
    for step in way {
        if !at.is_object() {
            if value.is_none() {
                return;
            }
            *at = json!({});
        }
        if value.is_none() && at.get(step).is_none() {
            return;
        }
        at = &mut at[*step];
    }
    match value {
        Some(value) => {
            if !at.is_object() {
                *at = json!({});
            }
            at[*last] = value;
        }
        None => {
            if let Some(fields) = at.as_object_mut() {
                fields.remove(*last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::options::tests::spec, *};
    use crate::settings::OwnSettings;

    fn rendered(own: &[(&str, Value)], mut object: Value) -> Value {
        let spec = spec(own);
        let options = Options::of(&spec, &OwnSettings::default()).unwrap();
        apply(&options, &spec, &mut object);
        object
    }

    #[test]
    fn a_pipeline_is_what_a_cluster_was_seen_to_take() {
        let object = rendered(&[("namespace", json!("demo")), ("jenkinsfile", json!("pipeline {}"))], json!({}));
        assert_eq!(
            object,
            json!({ "spec": {
                "runPolicy": "Serial",
                "source": { "type": "Git", "git": { "uri": "https://git.example.test/shop/web.git", "ref": "main" } },
                "strategy": { "type": "JenkinsPipeline", "jenkinsPipelineStrategy": { "jenkinsfile": "pipeline {}" } },
                "triggers": [],
            }})
        );
    }

    #[test]
    fn what_has_no_setting_stays_and_the_old_strategy_goes() {
        let before = json!({ "spec": {
            "strategy": {
                "type": "JenkinsPipeline", "jenkinsPipelineStrategy": { "jenkinsfile": "x" },
                "dockerStrategy": { "env": [{ "name": "A", "valueFrom": {} }, { "name": "B", "valueFrom": {} }, { "name": "C" }] },
            },
            "source": { "contextDir": "old", "secrets": [{ "secret": { "name": "kept" } }] },
            "triggers": [
                { "type": "Generic", "generic": { "secret": "hook" } }, { "type": "ConfigChange" },
                { "type": "ImageChange", "imageChange": {} }, { "type": "ImageChange", "imageChange": { "from": "x" } },
            ],
            "nodeSelector": { "kept": "yes" },
        }});
        let own = [
            ("namespace", json!("demo")),
            ("strategy", json!("Docker")),
            ("output.image", json!("app:latest")),
            ("environment", json!(["A=1"])),
            ("triggers", json!(["ImageChange"])),
            ("resources.memory", json!("1Gi")),
        ];
        let after = rendered(&own, before);
        assert_eq!(after["spec"]["nodeSelector"]["kept"], "yes");
        assert_eq!(after["spec"]["source"]["secrets"][0]["secret"]["name"], "kept");
        assert_eq!(after["spec"]["source"].get("contextDir"), None);
        assert_eq!(
            after["spec"]["strategy"],
            json!({ "type": "Docker", "dockerStrategy": {
                "dockerfilePath": "Dockerfile", "env": [{ "name": "A", "value": "1" }, { "name": "B", "valueFrom": {} }],
            } })
        );
        let triggers = json!([
            { "type": "ImageChange", "imageChange": {} }, { "type": "ImageChange", "imageChange": { "from": "x" } },
            { "type": "Generic", "generic": { "secret": "hook" } },
        ]);
        assert_eq!(after["spec"]["triggers"], triggers);
        assert_eq!(after["spec"]["resources"]["limits"], json!({ "memory": "1Gi" }));
    }
}
