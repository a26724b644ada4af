//! What is read of a Build.

use std::collections::BTreeMap;

use alm_domain::{BuildId, Commit, EnvironmentName, Step, Timestamp};
use alm_kubernetes::{Place, timestamp};
use kube::core::DynamicObject;
use serde_json::Value;

use super::{snippet, steps::steps};
use crate::{
    config::{Mount, Strategy},
    jenkins::{JenkinsRun, STATUS},
    text::shown,
};

/// The annotation with the name of a build's pod.
const POD: &str = "openshift.io/build.pod-name";
/// The variable that says which build of ours a Build is.
pub(crate) const BUILD_ID: &str = "ALM_BUILD_ID";
/// How the variables begin that name secrets.
pub(crate) const SECRET_PREFIX: &str = "ALM_SECRET_";
/// How the variables begin that name tokens of environments.
pub(crate) const TOKEN_PREFIX: &str = "ALM_TOKEN_";
/// The annotation with the environments whose token a build is not given.
pub(crate) const WITHHELD: &str = "alm.build/withheld";
/// How many of them are read.
const MOST_WITHHELD: usize = 50;

/// The variable of a name that begins so.
pub(crate) fn variable_named(prefix: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    prefix.chars().chain(name.chars().map(plain)).collect()
}

/// Where a Build stands, in the cluster's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    New,
    Pending,
    Running,
    Complete,
    Failed,
    Error,
    Cancelled,
    /// Its run at Jenkins has ended with a result for which the sync plugin has no phase, such as NOT_BUILT: the plugin says `Pending`
    /// then, beside the time of the end (`BuildSyncRunListener.runToBuildPhase`).
    NotBuilt,
    /// A word that is not known here.
    Other(String),
}

impl Phase {
    fn of(word: &str) -> Self {
        match word {
            "" | "New" => Self::New,
            "Pending" => Self::Pending,
            "Running" => Self::Running,
            "Complete" => Self::Complete,
            "Failed" => Self::Failed,
            "Error" => Self::Error,
            "Cancelled" => Self::Cancelled,
            other => Self::Other(shown(other)),
        }
    }

    /// Whether it is over.
    pub(crate) const fn is_terminal(&self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Error | Self::Cancelled | Self::NotBuilt)
    }
}

/// Where the image of a Build goes.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) kind: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
    /// What the image is known by, once it was made.
    pub(crate) digest: Option<String>,
}

/// A Build, as far as it is understood. Whatever is odd about it is as if it were not there.
#[derive(Debug, Clone)]
pub(crate) struct Build {
    pub(crate) place: Place,
    pub(crate) resource_version: Option<String>,
    /// The configuration that it was made of: its true name, which labels cut.
    pub(crate) config: Option<String>,
    /// Counts up within the configuration.
    pub(crate) number: u64,
    pub(crate) phase: Phase,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    /// The last lines of its log, where it has failed.
    pub(crate) log_snippet: Option<String>,
    /// Whether it was asked to stop.
    pub(crate) is_cancelled: bool,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) commit: Option<Commit>,
    pub(crate) output: Option<Output>,
    /// What its builder has done so far; nothing for a pipeline.
    pub(crate) steps: Vec<Step>,
    pub(crate) environment: Vec<(String, String)>,
    /// Where it finds its secrets, unless Jenkins gives them to it.
    pub(crate) mount: Option<Mount>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) run_policy: Option<String>,
    /// Whether it ever came as far as a pod. That it has times tells nothing: one that is cancelled before is given them too.
    pub(crate) had_pod: bool,
}

impl Build {
    /// What is understood of an object; `None` if it has no name.
    pub(crate) fn of(object: DynamicObject) -> Option<Self> {
        let DynamicObject { metadata, data, .. } = object;
        let name = metadata.name?;
        let text = |path: &str| data.pointer(path).and_then(Value::as_str);
        let time = |path: &str| text(path).and_then(time);
        let words = |path: &str| text(path).filter(|words| !words.is_empty()).map(shown);
        let strategy = Strategy::of_spec(data.get("spec").unwrap_or(&Value::Null));
        let environment = strategy
            .and_then(|kind| data.pointer(&format!("/spec/strategy/{}/env", kind.field())))
            .and_then(Value::as_array);
        let variable =
            |one: &Value| Some((one.get("name")?.as_str()?.to_owned(), one.get("value")?.as_str()?.to_owned()));
        let annotations = metadata.annotations.unwrap_or_default();
        let finished_at = time("/status/completionTimestamp");
        let phase = match Phase::of(text("/status/phase").unwrap_or_default()) {
            Phase::Pending if strategy == Some(Strategy::Pipeline) && finished_at.is_some() => Phase::NotBuilt,
            phase => phase,
        };
        let number = name.rsplit_once('-').and_then(|(_, number)| number.parse().ok());
        let noted = annotations.get("openshift.io/build.number").and_then(|number| number.parse().ok());
        Some(Self {
            place: Place { namespace: metadata.namespace?, name, uid: metadata.uid? },
            resource_version: metadata.resource_version,
            config: text("/status/config/name").map(str::to_owned),
            // The annotation may vanish; the name stays.
            number: number.or(noted).unwrap_or(0),
            phase,
            reason: words("/status/reason"),
            message: words("/status/message"),
            log_snippet: text("/status/logSnippet").filter(|text| text.len() <= snippet::LONGEST).map(str::to_owned),
            is_cancelled: data.pointer("/status/cancelled").and_then(Value::as_bool).unwrap_or(false),
            created_at: metadata.creation_timestamp.as_ref().and_then(timestamp),
            started_at: time("/status/startTimestamp"),
            finished_at,
            strategy,
            steps: data.get("status").filter(|_| strategy != Some(Strategy::Pipeline)).map(steps).unwrap_or_default(),
            commit: commit(&data),
            output: output(&data),
            environment: environment.into_iter().flatten().filter_map(variable).collect(),
            mount: Mount::of_spec(data.get("spec").unwrap_or(&Value::Null)),
            had_pod: annotations.contains_key(POD) || was_pending(&data),
            annotations,
            run_policy: metadata.labels.and_then(|mut labels| labels.remove("openshift.io/build.start-policy")),
        })
    }

    /// The build of ours that it is, if it is one: by what cannot be changed about it.
    pub(crate) fn build_id(&self) -> Option<BuildId> {
        self.variable(BUILD_ID)?.parse().ok()
    }

    /// The value of a variable.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// How many secrets it was given.
    pub(crate) fn secrets(&self) -> usize {
        let is_secret = |name: &str| name.starts_with(SECRET_PREFIX) || name.starts_with(TOKEN_PREFIX);
        self.environment.iter().filter(|(name, _)| is_secret(name)).count()
    }

    /// The environments whose token it was not given.
    pub(crate) fn withheld(&self) -> Vec<EnvironmentName> {
        let noted = self.annotations.get(WITHHELD).and_then(|text| serde_json::from_str::<Vec<String>>(text).ok());
        noted.unwrap_or_default().iter().filter_map(|name| name.parse().ok()).take(MOST_WITHHELD).collect()
    }

    /// Whether Jenkins runs it.
    pub(crate) fn is_pipeline(&self) -> bool {
        self.strategy == Some(Strategy::Pipeline)
    }

    /// Where Jenkins says that its run stands, if that can be understood.
    pub(crate) fn jenkins_run(&self) -> Option<JenkinsRun> {
        self.annotations.get(STATUS).filter(|_| self.is_pipeline()).and_then(|text| JenkinsRun::parse(text).ok())
    }

    /// The pod that runs it.
    pub(crate) fn pod(&self) -> String {
        let noted = self.annotations.get(POD).filter(|name| alm_kubernetes::is_name(name));
        noted.cloned().unwrap_or_else(|| format!("{}-build", self.place.name))
    }
}

/// Whether the conditions tell that the build once had a pod.
fn was_pending(data: &Value) -> bool {
    let conditions = data.pointer("/status/conditions").and_then(Value::as_array);
    let is_later = |one: &Value| matches!(one.get("type").and_then(Value::as_str), Some("Pending" | "Running"));
    conditions.into_iter().flatten().any(is_later)
}

fn output(data: &Value) -> Option<Output> {
    let text =
        |path: &str| data.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Output {
        kind: text("/spec/output/to/kind")?,
        namespace: text("/spec/output/to/namespace"),
        name: text("/spec/output/to/name")?,
        digest: text("/status/output/to/imageDigest"),
    })
}

fn commit(data: &Value) -> Option<Commit> {
    let git = data.pointer("/spec/revision/git")?;
    let text = |path: &str| git.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(shown);
    let sha = text("/commit")?.to_ascii_lowercase();
    if sha.len() < 40 || sha.len() > 64 || !sha.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let title = git.get("message").and_then(Value::as_str).and_then(|message| message.lines().next());
    let author = match (text("/author/name"), text("/author/email")) {
        (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
        (name, address) => name.or(address),
    };
    Some(Commit { sha, title: title.filter(|title| !title.is_empty()).map(shown), author })
}

pub(super) fn time(text: &str) -> Option<Timestamp> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}
