//! What Jenkins says of a run, in the annotation that its plugin writes: by whichever version of it.

use alm_domain::{Timestamp, shorten};
use alm_kubernetes::millis;
use serde::Deserialize;

/// The annotation.
pub(crate) const STATUS: &str = "openshift.io/jenkins-status-json";
/// Longest annotation that is read.
const LONGEST: usize = 512 << 10;
/// How many stages of a run are told.
const MOST_STAGES: usize = 500;

/// Jenkins' words for where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JenkinsStatus {
    NotExecuted,
    InProgress,
    Paused,
    Success,
    Unstable,
    Failed,
    Aborted,
}

impl JenkinsStatus {
    fn of(word: &str) -> Result<Self, String> {
        Ok(match word {
            "NOT_EXECUTED" => Self::NotExecuted,
            "IN_PROGRESS" => Self::InProgress,
            "PAUSED_PENDING_INPUT" => Self::Paused,
            "SUCCESS" => Self::Success,
            "UNSTABLE" => Self::Unstable,
            "FAILED" => Self::Failed,
            "ABORTED" => Self::Aborted,
            other => return Err(format!("{:?} is no status", shorten(other))),
        })
    }
}

/// A run, as Jenkins tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JenkinsRun {
    pub(crate) status: JenkinsStatus,
    pub(crate) stages: Vec<JenkinsStage>,
}

/// A stage, as Jenkins tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JenkinsStage {
    pub(crate) name: String,
    pub(crate) status: JenkinsStatus,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) duration_ms: i64,
    /// For how much of that it waited for people, the pause that it is in included; `None` where that is not told.
    pub(crate) paused_ms: Option<u64>,
    pub(crate) node: Option<String>,
    pub(crate) error: Option<String>,
}

/// Only what is used: versions differ in all the rest.
#[derive(Deserialize)]
struct Raw {
    status: String,
    #[serde(default)]
    stages: Option<Vec<RawStage>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawStage {
    name: String,
    status: String,
    #[serde(default)]
    start_time_millis: Option<i64>,
    #[serde(default)]
    duration_millis: Option<i64>,
    #[serde(default)]
    pause_duration_millis: Option<i64>,
    #[serde(default)]
    exec_node: Option<String>,
    #[serde(default)]
    error: Option<RawError>,
}

#[derive(Deserialize)]
struct RawError {
    #[serde(default)]
    message: Option<String>,
}

impl JenkinsRun {
    /// Reads the annotation.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it is longer than {} KiB", LONGEST >> 10));
        }
        let raw: Raw = serde_json::from_str(text).map_err(|error| shorten(&error.to_string()))?;
        let stages = raw.stages.unwrap_or_default();
        if stages.len() > MOST_STAGES {
            return Err(format!("it has {} stages, more than {MOST_STAGES}", stages.len()));
        }
        let stage = |raw: RawStage| {
            let message = raw.error.and_then(|error| error.message).filter(|message| !message.is_empty());
            Ok(JenkinsStage {
                status: JenkinsStatus::of(&raw.status)?,
                name: name(&raw.name),
                started_at: raw.start_time_millis.and_then(millis),
                duration_ms: raw.duration_millis.unwrap_or(0).clamp(0, i64::from(i32::MAX) * 1_000),
                paused_ms: raw.pause_duration_millis.and_then(|ms| u64::try_from(ms).ok()),
                node: raw.exec_node.filter(|node| !node.is_empty()).map(|node| shorten(&node)),
                error: message.map(|message| crate::text::shown(&message)),
            })
        };
        let stages = stages.into_iter().map(stage).collect::<Result<_, String>>()?;
        Ok(Self { status: JenkinsStatus::of(&raw.status)?, stages })
    }
}

/// A name that can be shown.
fn name(raw: &str) -> String {
    let name: String = raw.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    let name = name.trim();
    if name.is_empty() { "(no name)".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the plugin of 2026 writes it: no nodes, no error.
    const NEWER: &str = r##"{"_links":{"self":{"href":"https://jenkins-demo.apps.example.test/x"}},"id":"1","name":"#1",
        "status":"PAUSED_PENDING_INPUT","startTimeMillis":1795336823875,"endTimeMillis":1795336832875,"durationMillis":9000,
        "queueDurationMillis":12,"pauseDurationMillis":0,"stages":[
        {"id":"5","name":"Build","execNode":"","status":"SUCCESS","startTimeMillis":1795336823875,"durationMillis":4000,"pauseDurationMillis":0},
        {"id":"11","name":"Test","execNode":"","status":"PAUSED_PENDING_INPUT","startTimeMillis":1795336827875,"durationMillis":7}]}"##;
    /// As the one of 2018 did: nulls, nodes, stages that were not run.
    const OLDER: &str = r##"{"_links":{"self":{"href":"x"},"changesets":null},"id":"3","name":"#3","status":"FAILED",
        "stages":[{"_links":{"log":null},"id":"20","name":"Build Release","execNode":"agent-1","status":"FAILED",
        "error":{"message":"script returned exit code 1","type":"hudson.AbortException"},"parameterDescription":null,
        "startTimeMillis":1524087895667,"durationMillis":313263,"stageFlowNodes":[{"id":"21","parentNodes":["20"]}]},
        {"id":"30","name":"Rollout to Stage","status":"NOT_EXECUTED","error":null,"startTimeMillis":0,"durationMillis":0}]}"##;

    #[test]
    fn either_version_of_the_plugin_is_understood() {
        let newer = JenkinsRun::parse(NEWER).unwrap();
        assert_eq!(newer.status, JenkinsStatus::Paused);
        assert_eq!(newer.stages[1].name, "Test");
        assert_eq!(newer.stages[0].started_at.unwrap().timestamp_millis(), 1_795_336_823_875);
        let older = JenkinsRun::parse(OLDER).unwrap();
        assert_eq!(older.stages[0].error.as_deref(), Some("script returned exit code 1"));
        assert_eq!(older.stages[0].node.as_deref(), Some("agent-1"));
        assert_eq!((older.stages[1].status, older.stages[1].started_at), (JenkinsStatus::NotExecuted, None));
    }

    #[test]
    fn what_is_broken_says_how() {
        for broken in ["", "{", "null", "[]", r#"{"status":"WHAT"}"#, r#"{"status":"SUCCESS","stages":[{"name":1}]}"#] {
            assert!(!JenkinsRun::parse(broken).unwrap_err().is_empty(), "{broken:?}");
        }
        assert!(JenkinsRun::parse(&" ".repeat(LONGEST + 1)).unwrap_err().contains("KiB"));
    }

    proptest! {
        #[test]
        fn no_annotation_does_harm(text in "\\PC{0,200}", at in 0usize..600, bite in "\\PC{0,3}") {
            let _ = JenkinsRun::parse(&text);
            let mut bitten = NEWER.to_owned();
            let at = (0..=at.min(bitten.len())).rev().find(|at| bitten.is_char_boundary(*at)).unwrap_or(0);
            bitten.insert_str(at, &bite);
            let _ = JenkinsRun::parse(&bitten);
        }
    }
}
