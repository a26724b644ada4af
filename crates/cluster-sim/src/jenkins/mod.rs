//! A Jenkins beside the cluster, with the sync plugin. All of its HTTP is *documented, unrecorded* (Jenkins' remote access API, and
//! the REST API of the pipeline stage view plugin); what the plugin writes on builds is as recorded.

mod credential;
mod handler;
mod run;
mod sync;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub(crate) use handler::handle;

use serde_json::Value;

use crate::{
    build::{builds, is_over},
    shared::Shared,
    world::{World, text},
};

/// What Jenkins keeps.
#[derive(Debug, Default)]
pub(crate) struct Jenkins {
    pub(crate) url: String,
    pub(crate) idle: bool,
    /// Whether it has woken and resumed none of its runs yet: their questions are unknown to it.
    pub(crate) waking: bool,
    /// Whether whatever changes something needs a crumb, and the session that it was given in.
    pub(crate) crumbs: bool,
    /// By path, without slashes around it: `job/demo/job/demo-app/1`.
    pub(crate) runs: BTreeMap<String, Run>,
}

/// A run of a job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    pub(crate) namespace: String,
    pub(crate) build: String,
    pub(crate) number: String,
    pub(crate) log: String,
    pub(crate) over: bool,
    pub(crate) stopped: bool,
    pub(crate) status: &'static str,
    pub(crate) began_ms: i64,
    pub(crate) ended_ms: i64,
    pub(crate) paused_ms: i64,
    pub(crate) stages: Vec<Stage>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) environments: BTreeMap<String, String>,
    /// What is written in the place of the status.
    pub(crate) garbage: Option<String>,
    pub(crate) silent: bool,
}

/// A stage of a run.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) status: &'static str,
    pub(crate) began_ms: i64,
    pub(crate) ended_ms: Option<i64>,
    pub(crate) paused_ms: i64,
    /// When the pause began that it is in.
    pub(crate) paused_since: Option<i64>,
    pub(crate) error: Option<String>,
}

/// A question to a person.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) id: String,
    pub(crate) question: String,
    pub(crate) parameters: Vec<(String, String)>,
    /// Who alone may say yes.
    pub(crate) submitter: Option<String>,
    /// Whether to go on, with the values that were given.
    pub(crate) settled: Option<(bool, BTreeMap<String, String>)>,
}

/// Runs every pipeline build that comes to be, until the cluster is stopped.
pub(crate) async fn controller(shared: Arc<Shared>) {
    let Some(kind) = builds() else { return };
    let mut taken: BTreeSet<String> = BTreeSet::new();
    loop {
        let found = shared.until(|world: &World| {
            if world.jenkins.idle {
                return None;
            }
            let new = |build: &&Value| {
                build["spec"]["strategy"]["type"] == "JenkinsPipeline"
                    && !is_over(build)
                    && !taken.contains(build["metadata"]["uid"].as_str().unwrap_or_default())
            };
            let found: Vec<Value> = world.all(kind, None).map(|(_, build)| build).filter(new).cloned().collect();
            (!found.is_empty()).then_some(found)
        });
        let Some(found) = found.await else { return };
        for build in found {
            taken.insert(text(&build["metadata"]["uid"]));
            tokio::spawn(run::carry_out(shared.clone(), build));
        }
    }
}
