//! What somebody changed of a BuildConfig on the cluster since this service wrote it.

use std::collections::BTreeMap;

use alm_build_spi::{BuildConfigSpec, Chosen};
use alm_domain::{RepositoryRef, ServiceId, Settings, effective_configuration};
use serde_json::{Value, json};

use super::{
    Options, REPOSITORY, SETTINGS, Strategy, annotation, apply,
    place::{field_of, is_of_strategy, is_same, other_way, value_at},
    render::set,
};
use crate::settings::OwnSettings;

/// Where a BuildConfig says what it builds.
const SOURCE: [&[&str]; 3] =
    [&["spec", "source", "git", "uri"], &["spec", "source", "git", "ref"], &["spec", "source", "contextDir"]];

/// What this service wrote last into a BuildConfig, by the notes that it left there.
#[derive(Debug)]
pub(super) struct Written {
    /// The settings, and the repository as it is there now.
    pub(super) spec: BuildConfigSpec,
    own: Settings,
    repository: Option<RepositoryRef>,
}

impl Written {
    pub(super) fn of(service: ServiceId, name: &str, object: &Value, provider: &Settings) -> Self {
        let noted = |key| annotation(object, key).and_then(Value::as_str);
        let own: Settings = noted(SETTINGS).and_then(|note| serde_json::from_str(note).ok()).unwrap_or_default();
        let settings = effective_configuration(&crate::descriptor().settings, provider, Some(&own));
        let repository = noted(REPOSITORY).and_then(|note| serde_json::from_str(note).ok());
        let spec = BuildConfigSpec { service, name: name.to_owned(), repository: source(object), settings };
        Self { spec, own, repository }
    }
}

/// What a BuildConfig builds.
fn source(object: &Value) -> RepositoryRef {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).map(str::to_owned);
    RepositoryRef {
        url: text("/spec/source/git/uri").unwrap_or_default(),
        reference: text("/spec/source/git/ref").unwrap_or_default(),
        directory: text("/spec/source/contextDir").filter(|directory| !directory.is_empty()),
    }
}

/// What somebody changed of a BuildConfig on the cluster since this service wrote it.
#[derive(Debug)]
pub(crate) struct Drift {
    written: Written,
    strategy: Option<Strategy>,
    /// The settings, with the values that they have there now.
    pub(super) settings: BTreeMap<String, Option<Value>>,
    is_elsewhere: bool,
}

impl Drift {
    /// Compares what is there with what was written.
    pub(crate) fn of(service: ServiceId, name: &str, object: &Value, provider: &Settings, own: &OwnSettings) -> Self {
        let written = Written::of(service, name, object, provider);
        let strategy = Strategy::of_spec(&object["spec"]);
        let mut expected = json!({});
        if let Ok(options) = Options::of(&written.spec, own) {
            apply(&options, &written.spec, &mut expected);
        }
        let before = Strategy::of_spec(&expected["spec"]);
        let mut settings = BTreeMap::new();
        for definition in crate::descriptor().settings {
            let key = definition.key;
            if field_of(&key, strategy).is_none() {
                continue;
            }
            let now = value_at(&key, object, strategy);
            if !is_same(&key, now.as_ref(), value_at(&key, &expected, before).as_ref()) {
                settings.insert(key, now);
            }
        }
        let is_elsewhere = written.repository.as_ref().is_some_and(|written| *written != source(object));
        Self { written, strategy, settings, is_elsewhere }
    }

    /// Leaves out what is changed on purpose.
    pub(crate) fn without(mut self, chosen: &Chosen) -> Self {
        self.is_elsewhere &= !chosen.repository;
        let is_chosen = |key: &str| chosen.settings.contains(key);
        let goes = |key: &str| {
            is_chosen(key)
                || other_way(key).is_some_and(is_chosen)
                // With another strategy there is no place for what belongs to the old one.
                || is_of_strategy(key) && is_chosen("strategy")
        };
        self.settings.retain(|key, _| !goes(key));
        self
    }

    /// The strategy that stays, where somebody changed it; `Some(None)` is one that there is no setting for.
    pub(crate) fn strategy(&self) -> Option<Option<Strategy>> {
        self.settings.contains_key("strategy").then_some(self.strategy)
    }

    /// What is noted to be written: of what stays it is what was written before, so that it is known for a change the next time too.
    pub(crate) fn noted(&self, spec: &BuildConfigSpec) -> BuildConfigSpec {
        let mut spec = spec.clone();
        for entry in spec.settings.iter_mut().filter(|entry| self.settings.contains_key(&entry.key)) {
            entry.value = self.written.own.get(&entry.key).cloned();
        }
        if let Some(before) = self.written.repository.clone().filter(|_| self.is_elsewhere) {
            spec.repository = before;
        }
        spec
    }

    /// Puts what stays back, as it is there, into what is to be written.
    pub(crate) fn put_back(&self, there: &Value, wanted: &mut Value) {
        let to = Strategy::of_spec(&wanted["spec"]);
        for key in self.settings.keys().filter(|key| *key != "strategy") {
            let (Some(from), Some(to)) = (field_of(key, self.strategy), field_of(key, to)) else { continue };
            let path: Vec<&str> = to.trim_start_matches('/').split('/').collect();
            set(wanted, &path, there.pointer(&from).cloned());
        }
        for path in SOURCE.into_iter().filter(|_| self.is_elsewhere) {
            set(wanted, path, there.pointer(&format!("/{}", path.join("/"))).cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{marks, options::tests::spec},
        *,
    };

    /// A BuildConfig that was made with these settings, and changed there; what an update writes that is about these settings, and has
    /// these of its own.
    fn updated(own: &[(&str, Value)], changed: impl Fn(&mut Value), now: &[(&str, Value)], chosen: &[&str]) -> Value {
        let (before, settings) = (spec(own), OwnSettings::default());
        let mut there = json!({ "metadata": marks(&before, false) });
        apply(&Options::of(&before, &settings).unwrap(), &before, &mut there);
        changed(&mut there);
        let now = BuildConfigSpec { service: before.service, ..spec(now) };
        let chosen = Chosen { repository: false, settings: chosen.iter().map(|key| (*key).to_owned()).collect() };
        let kept = Drift::of(now.service, &now.name, &there, &Settings::new(), &settings).without(&chosen);
        let mut options = Options::of(&now, &settings).unwrap();
        options.strategy = kept.strategy().flatten().unwrap_or(options.strategy);
        let mut wanted = there.clone();
        wanted["metadata"] = marks(&kept.noted(&now), false);
        apply(&options, &now, &mut wanted);
        kept.put_back(&there, &mut wanted);
        wanted
    }

    fn demo(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
        more.iter().cloned().chain([("namespace", json!("demo"))]).collect()
    }

    #[test]
    fn what_was_changed_on_the_cluster_stays_and_what_is_chosen_does_not() {
        let own = demo(&[("jenkinsfile", json!("pipeline {}"))]);
        let change = |object: &mut Value| {
            object["spec"]["runPolicy"] = json!("Parallel");
            object["spec"]["strategy"]["jenkinsPipelineStrategy"] = json!({ "jenkinsfilePath": "ci/Jenkinsfile" });
            object["spec"]["source"]["git"]["ref"] = json!("develop");
        };
        let cpu = demo(&[("jenkinsfile", json!("pipeline {}")), ("resources.cpu", json!("2"))]);
        let kept = updated(&own, change, &cpu, &["resources.cpu"]);
        assert_eq!(kept["spec"]["runPolicy"], "Parallel");
        assert_eq!(kept["spec"]["strategy"]["jenkinsPipelineStrategy"], json!({ "jenkinsfilePath": "ci/Jenkinsfile" }));
        assert_eq!(kept["spec"]["source"]["git"]["ref"], "develop");
        assert_eq!(kept["spec"]["resources"]["limits"]["cpu"], "2");
        let note: Value = serde_json::from_str(kept["metadata"]["annotations"][SETTINGS].as_str().unwrap()).unwrap();
        assert_eq!((&note["run.policy"], &note["jenkinsfile"]), (&json!("Serial"), &json!("pipeline {}")));

        // Of two ways to say the same one is chosen, and the other goes.
        let chosen = updated(&own, change, &own, &["jenkinsfile", "run.policy"]);
        assert_eq!(chosen["spec"]["runPolicy"], "Serial");
        assert_eq!(chosen["spec"]["strategy"]["jenkinsPipelineStrategy"], json!({ "jenkinsfile": "pipeline {}" }));
        assert_eq!(chosen["spec"]["source"]["git"]["ref"], "develop");
    }

    #[test]
    fn a_strategy_that_was_changed_on_the_cluster_stays_with_all_that_belongs_to_it() {
        let change = |object: &mut Value| {
            let docker = json!({ "dockerfilePath": "ci/Dockerfile", "env": [{ "name": "A", "value": "1" }] });
            object["spec"]["strategy"] = json!({ "type": "Docker", "dockerStrategy": docker });
        };
        let own = demo(&[("environment", json!(["B=2"]))]);
        let kept = updated(&own, change, &own, &["run.policy"]);
        let docker = json!({ "dockerfilePath": "ci/Dockerfile", "env": [{ "name": "A", "value": "1" }] });
        assert_eq!(kept["spec"]["strategy"], json!({ "type": "Docker", "dockerStrategy": docker }));

        // Chosen anew, there is one strategy, and its variables stay those of the cluster.
        let chosen = updated(&own, change, &own, &["strategy"]);
        let pipeline = json!({ "jenkinsfilePath": "Jenkinsfile", "env": [{ "name": "A", "value": "1" }] });
        assert_eq!(
            chosen["spec"]["strategy"],
            json!({ "type": "JenkinsPipeline", "jenkinsPipelineStrategy": pipeline })
        );
    }

    #[test]
    fn what_was_written_is_no_change_in_whichever_way_a_cluster_writes_it() {
        let own = demo(&[
            ("environment", json!(["A="])),
            ("resources.cpu", json!("0.5")),
            ("resources.memory", json!("1024Mi")),
            ("triggers", json!(["ImageChange", "ConfigChange"])),
        ]);
        let written = spec(&own);
        let mut there = json!({ "metadata": marks(&written, false) });
        apply(&Options::of(&written, &OwnSettings::default()).unwrap(), &written, &mut there);
        there["spec"]["strategy"]["jenkinsPipelineStrategy"]["env"] = json!([
            { "name": "A" }, { "name": "PW", "valueFrom": { "secretKeyRef": { "name": "db", "key": "password" } } }
        ]);
        there["spec"]["resources"]["limits"] = json!({ "cpu": "500m", "memory": "1Gi" });
        let drift = Drift::of(written.service, "web", &there, &Settings::new(), &OwnSettings::default());
        assert!(drift.settings.is_empty() && !drift.is_elsewhere, "{drift:?}");
        // A note that is none: nothing is known to be ours, so that all that differs from the defaults stays.
        there["metadata"]["annotations"] = json!({ SETTINGS: "{", REPOSITORY: "[1]" });
        let drift = Drift::of(written.service, "web", &there, &Settings::new(), &OwnSettings::default());
        assert!(drift.settings.contains_key("resources.cpu") && !drift.is_elsewhere, "{drift:?}");
    }
}
