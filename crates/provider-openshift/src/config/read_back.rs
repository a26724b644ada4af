//! A BuildConfig, as the build service that it is.

use alm_build_spi::BuildConfigSpec;
use alm_domain::{ServiceId, Settings};
use serde_json::Value;

use super::{
    ADOPTED, Strategy, annotation,
    drift::{Drift, Written},
    place::value_at,
};
use crate::settings::OwnSettings;

/// The configuration as the cluster has it. Where it was changed there, the cluster's values count; of one that was adopted, all that is
/// kept there is the cluster's.
pub(crate) fn read_back(
    service: ServiceId,
    name: &str,
    object: &Value,
    provider: &Settings,
    own: &OwnSettings,
) -> BuildConfigSpec {
    let mut spec = Written::of(service, name, object, provider).spec;
    if annotation(object, ADOPTED).is_some() {
        let strategy = Strategy::of_spec(&object["spec"]);
        let kept: Vec<_> = crate::descriptor().settings.into_iter().filter(|definition| definition.at_engine).collect();
        for entry in spec.settings.iter_mut().filter(|entry| kept.iter().any(|kept| kept.key == entry.key)) {
            entry.value = value_at(&entry.key, object, strategy);
        }
        return spec;
    }
    let mut drift = Drift::of(service, name, object, provider, own);
    for entry in &mut spec.settings {
        if let Some(now) = drift.settings.remove(&entry.key) {
            entry.value = now;
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{Options, SETTINGS, apply, marks, options::tests::spec},
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
    fn one_that_was_adopted_reads_as_it_is_and_has_no_defaults_of_ours() {
        let spec = spec(&[("namespace", json!("demo")), ("build_config", json!("web")), ("secrets.kinds", json!([]))]);
        let mut object = json!({ "metadata": marks(&spec, true), "spec": {
            "strategy": { "dockerStrategy": { "from": { "kind": "ImageStreamImage", "name": "base@sha256:1" } } },
            "output": { "to": { "kind": "ImageStreamImage", "name": "app@sha256:2" } },
            "triggers": [{ "type": "ImageChange" }, { "type": "GitHub" }, { "type": "ImageChange" }],
        } });
        let settings = back(&spec, &object).values();
        let own = [
            ("build_config", json!("web")),
            ("jenkins.route", json!("jenkins")),
            ("namespace", json!("demo")),
            ("output.image", json!("ImageStreamImage app@sha256:2")),
            ("secrets.kinds", json!([])),
            ("strategy", json!("Docker")),
            ("triggers", json!(["ImageChange"])),
        ];
        assert_eq!(settings, own.map(|(key, value)| (key.to_owned(), value)).into());
        object["spec"] = json!({ "strategy": { "customStrategy": {} } });
        assert_eq!(back(&spec, &object).setting("strategy"), None);
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
