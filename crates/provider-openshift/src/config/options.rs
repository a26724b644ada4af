//! The settings of a build service, read.

use alm_build_spi::{BuildConfigSpec, Finding};
use alm_domain::{ConfigurationOrigin, shorten};
use alm_kubernetes::{is_name, is_namespace};
use serde_json::Value;

use super::{SecretKinds, image, mount::is_folder};
use crate::{
    deploy::DeployOptions,
    descriptor::ADOPTS,
    settings::{OwnSettings, texts},
};

/// Longest text that is put into a BuildConfig whole: a cluster keeps objects of 1 MiB or so.
const LONGEST_FILE: usize = 256 << 10;
/// Variables whose names begin so are ours.
pub(crate) const OURS: &str = "ALM_";

/// What kind of build it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    Pipeline,
    Docker,
    Source,
}

impl Strategy {
    pub(crate) const ALL: [Self; 3] = [Self::Pipeline, Self::Docker, Self::Source];

    /// The cluster's word for it, and the setting's.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pipeline => "JenkinsPipeline",
            Self::Docker => "Docker",
            Self::Source => "Source",
        }
    }

    /// The field of `spec.strategy` that holds it.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::Pipeline => "jenkinsPipelineStrategy",
            Self::Docker => "dockerStrategy",
            Self::Source => "sourceStrategy",
        }
    }

    /// The strategy that an object's `spec` has, by its field: `type` is only told.
    pub(crate) fn of_spec(spec: &Value) -> Option<Self> {
        let strategy = spec.get("strategy")?;
        Self::ALL.into_iter().find(|kind| strategy.get(kind.field()).is_some_and(Value::is_object))
    }
}

/// The settings of a build service, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    pub(crate) namespace: String,
    /// The BuildConfig that is used as it is.
    pub(crate) adopt: Option<String>,
    pub(crate) strategy: Strategy,
    pub(crate) jenkinsfile: Option<String>,
    pub(crate) jenkinsfile_path: String,
    pub(crate) dockerfile: Option<String>,
    pub(crate) dockerfile_path: String,
    pub(crate) builder: Option<Value>,
    pub(crate) output: Option<Value>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) source_secret: Option<String>,
    pub(crate) service_account: Option<String>,
    pub(crate) run_policy: String,
    pub(crate) cpu: Option<String>,
    pub(crate) memory: Option<String>,
    pub(crate) triggers: Vec<String>,
    /// The folder in which Docker and Source builds find their secrets.
    pub(crate) secrets_at: Option<String>,
    /// What Jenkins makes of secrets.
    pub(crate) secret_kinds: SecretKinds,
}

/// Collects findings at settings.
struct Reader<'a> {
    spec: &'a BuildConfigSpec,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let text = self.spec.setting(key).and_then(Value::as_str)?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn find(&mut self, key: &str, message: impl Into<String>) {
        self.findings.push(Finding::new(["settings", key], message));
    }

    fn name(&mut self, key: &str) -> Option<String> {
        let name = self.text(key)?;
        if !is_name(&name) {
            self.find(
                key,
                format!("{:?} is no name on a cluster: use lower-case letters, digits, `-` and `.`", shorten(&name)),
            );
        }
        Some(name)
    }

    fn file(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        if text.len() > LONGEST_FILE {
            self.find(key, format!("is longer than {} KiB: keep it in the repository", LONGEST_FILE >> 10));
        }
        Some(text)
    }

    fn path(&mut self, key: &str, default: &str) -> String {
        let path = self.text(key).unwrap_or_else(|| default.to_owned());
        if !is_inside(&path) {
            self.find(
                key,
                format!("{:?} does not lead to a file inside the repository: write it as folder/file", shorten(&path)),
            );
        }
        path
    }

    fn image(&mut self, key: &str) -> Option<Value> {
        let text = self.text(key)?;
        let reference = image::reference(&text);
        if reference.is_none() {
            let shown = shorten(&text);
            self.find(key, format!("{shown:?} is no image: write NAME:TAG, NAMESPACE/NAME:TAG or docker://REGISTRY/…"));
        }
        reference
    }

    fn folder(&mut self, key: &str) -> Option<String> {
        let path = self.text(key)?;
        if !is_folder(&path) {
            let shown = shorten(&path);
            self.find(
                key,
                format!("{shown:?} is no folder of a build: write it as /run/alm, with neither `..` nor `:`"),
            );
        }
        Some(path)
    }

    fn quantity(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        if !is_quantity(&text) {
            self.find(key, format!("{:?} is no quantity: write it as 500m, 2, 512Mi or 2Gi", shorten(&text)));
        }
        Some(text)
    }
}

impl Options {
    /// Reads them.
    ///
    /// # Errors
    /// Every finding, at its setting.
    pub(crate) fn of(spec: &BuildConfigSpec, own: &OwnSettings) -> Result<Self, Vec<Finding>> {
        let mut read = Reader { spec, findings: Vec::new() };
        let namespace = read.text("namespace").unwrap_or_default();
        if namespace.is_empty() {
            read.find("namespace", "is missing: give the namespace (project) of the cluster in which builds are made");
        } else if !is_namespace(&namespace) {
            read.find(
                "namespace",
                format!("{:?} is no namespace: use lower-case letters, digits and `-`", shorten(&namespace)),
            );
        } else if !own.admits(&namespace) {
            read.find("namespace", format!("{namespace:?} is not among the namespaces that the administrator allows"));
        }
        let word = read.text("strategy").unwrap_or_default();
        let strategy = Strategy::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or(Strategy::Pipeline);
        let options = Self {
            namespace,
            adopt: read.name(ADOPTS),
            strategy,
            jenkinsfile: read.file("jenkinsfile"),
            jenkinsfile_path: read.path("jenkinsfile.path", "Jenkinsfile"),
            dockerfile: read.file("dockerfile"),
            dockerfile_path: read.path("dockerfile.path", "Dockerfile"),
            builder: read.image("builder.image"),
            output: read.image("output.image"),
            environment: environment(&mut read),
            source_secret: read.name("source.secret"),
            service_account: read.name("service_account"),
            run_policy: read.text("run.policy").unwrap_or_else(|| "Serial".to_owned()),
            cpu: read.quantity("resources.cpu"),
            memory: read.quantity("resources.memory"),
            triggers: triggers(&mut read),
            secrets_at: read.folder("secrets.mount"),
            secret_kinds: secret_kinds(&mut read),
        };
        options.check(&mut read);
        read.findings.extend(DeployOptions::of(spec).err().unwrap_or_default());
        if read.findings.is_empty() { Ok(options) } else { Err(read.findings) }
    }

    /// Whether there is a variable of this name.
    pub(super) fn has_variable(&self, name: &Value) -> bool {
        self.environment.iter().any(|(known, _)| name == known.as_str())
    }

    /// What does not fit together.
    fn check(&self, read: &mut Reader<'_>) {
        if self.adopt.is_some() {
            let entries = &read.spec.settings;
            let is_given = |key: &String| {
                entries.iter().any(|entry| entry.key == *key && entry.origin == ConfigurationOrigin::Service)
            };
            let kept = crate::descriptor().settings.into_iter().filter(|definition| definition.at_engine);
            for key in kept.map(|definition| definition.key).filter(is_given).collect::<Vec<_>>() {
                read.find(
                    &key,
                    "belongs to the BuildConfig that is adopted: change it on the cluster, and leave it out here",
                );
            }
            return;
        }
        read.findings.extend(self.secret_kinds.misplaced(Some(self.strategy)));
        if self.strategy == Strategy::Source && self.builder.is_none() {
            read.find(
                "builder.image",
                "is missing: a Source build needs the image that builds, such as openshift/nodejs:14",
            );
        }
        if let Some(directory) = &read.spec.repository.directory
            && !is_inside(directory)
        {
            let shown = shorten(directory);
            let message =
                format!("{shown:?} does not lead to a folder inside the repository: write it as folder/folder");
            read.findings.push(Finding::new(["repository", "directory"], message));
        }
    }
}

fn environment(read: &mut Reader<'_>) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for text in texts(read.spec.setting("environment")) {
        let Some((name, value)) = text.split_once('=') else {
            read.find("environment", format!("{:?} is no variable: write it as NAME=VALUE", shorten(&text)));
            continue;
        };
        match variable_problem(name) {
            Some(problem) => read.find("environment", problem),
            None if pairs.iter().any(|(known, _)| known == name) => {
                read.find("environment", format!("{name} is given twice: give it once"));
            }
            None => pairs.push((name.to_owned(), value.to_owned())),
        }
    }
    pairs
}

/// Why a variable cannot be called this, with the remedy.
pub(crate) fn variable_problem(name: &str) -> Option<String> {
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let is_plain = begins && name.len() <= 200 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let shown = shorten(name);
    if !is_plain {
        Some(format!("{shown:?} is no name of a variable: use letters, digits and `_`, and no digit at the beginning"))
    } else if name.starts_with(OURS) {
        Some(format!("{shown:?} begins with {OURS}, which is kept for this service: choose another name"))
    } else {
        None
    }
}

fn triggers(read: &mut Reader<'_>) -> Vec<String> {
    let triggers = texts(read.spec.setting("triggers"));
    for trigger in &triggers {
        if !["ConfigChange", "ImageChange"].contains(&trigger.as_str()) {
            read.find("triggers", format!("{:?} is no trigger: use ConfigChange or ImageChange", shorten(trigger)));
        }
    }
    triggers
}

fn secret_kinds(read: &mut Reader<'_>) -> SecretKinds {
    SecretKinds::of(read.spec).unwrap_or_else(|wrong| {
        read.findings.extend(wrong);
        SecretKinds::default()
    })
}

/// Whether a path stays inside the folder that it begins in.
fn is_inside(path: &str) -> bool {
    path.len() <= 4096
        && !path.contains(['\0', '\\', '\n'])
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn is_quantity(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let is_number = !digits.is_empty()
        && digits.len() <= 18
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.parse::<f64>().is_ok();
    is_number && ["", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"].contains(&unit)
}

#[cfg(test)]
pub(crate) mod tests {
    use alm_domain::{RepositoryRef, ServiceId, Settings, SystemIds, effective_configuration};
    use serde_json::json;

    use super::*;

    /// A build service with these settings of its own.
    pub(crate) fn spec(own: &[(&str, Value)]) -> BuildConfigSpec {
        let own: Settings = own.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        BuildConfigSpec {
            service: ServiceId::generate(&SystemIds),
            name: "shop/web".to_owned(),
            repository: RepositoryRef {
                url: "https://git.example.test/shop/web.git".to_owned(),
                reference: "main".to_owned(),
                directory: None,
            },
            settings: effective_configuration(&crate::descriptor().settings, &Settings::new(), Some(&own)),
        }
    }

    fn found(own: &[(&str, Value)]) -> Vec<String> {
        let findings = Options::of(&spec(own), &OwnSettings::default()).unwrap_err();
        findings.into_iter().map(|finding| finding.path.join("/")).collect()
    }

    #[test]
    fn what_is_wrong_is_found_at_its_setting() {
        assert_eq!(found(&[]), ["settings/namespace"]);
        let demo = ("namespace", json!("demo"));
        assert_eq!(found(&[demo.clone(), ("strategy", json!("Source"))]), ["settings/builder.image"]);
        assert_eq!(
            found(&[
                demo.clone(),
                ("jenkinsfile.path", json!("../outside")),
                ("environment", json!(["A", "1B=x", "ALM_BUILD_ID=x", "C=1", "C=2"])),
                ("resources.cpu", json!("lots")),
                ("triggers", json!(["Always"])),
                ("output.image", json!("app")),
                ("secrets.mount", json!("run/alm")),
                ("secrets.kinds", json!(["GIT=certificate"])),
                ("deploy.workload", json!("pod/web")),
                ("deploy.pull_secret", json!("../x")),
            ]),
            [
                "settings/jenkinsfile.path",
                "settings/output.image",
                "settings/environment",
                "settings/environment",
                "settings/environment",
                "settings/environment",
                "settings/resources.cpu",
                "settings/triggers",
                "settings/secrets.mount",
                "settings/secrets.kinds",
                "settings/deploy.workload",
                "settings/deploy.pull_secret",
            ]
        );
        let kinds = ("secrets.kinds", json!(["GIT=file"]));
        assert_eq!(
            found(&[demo.clone(), kinds.clone(), ("strategy", json!("Docker"))]),
            ["settings/secrets.kinds"],
            "nothing is made of the secrets of such builds"
        );
        assert_eq!(
            found(&[demo, kinds, ("build_config", json!("web")), ("run.policy", json!("Parallel"))]),
            ["settings/run.policy"]
        );
    }

    #[test]
    fn quantities_are_the_clusters() {
        for good in ["1", "500m", "1.5", "512Mi", "2Gi", "64k"] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "Mi", "1 Gi", "-1", "1e3x", "1.2.3", "0x10", "ü"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }
}
