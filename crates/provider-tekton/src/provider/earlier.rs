//! A run that another one builds upon: its pipeline, what its tasks told, and where their files are.

use std::collections::{BTreeMap, BTreeSet};

use alm_build_spi::{ProviderError, RunRef};
use alm_domain::{Timestamp, shorten};
use alm_kubernetes::{Place, Session, is_name};
use kube::{api::ListParams, core::DynamicObject};
use serde_json::Value;

use super::objects::{Version, claims, each, parts_of, run_at};
use crate::{
    child::{Child, pipeline_of},
    note::Note,
    part::Results,
    sharing::Claims,
    standing::time,
};

/// How often a build can be repeated in part, each time the one before.
const MOST_REPEATS: usize = 20;

/// A run, and those that it repeats in part itself: of each task, what the run told in which it ran last.
pub(super) struct Earlier {
    /// The run that had the whole pipeline.
    whole: DynamicObject,
    /// The parameters that the run itself had.
    pub(super) params: Vec<Value>,
    pub(super) results: Results,
    pub(super) claims: Claims,
    uids: BTreeSet<String>,
    ended_at: Option<Timestamp>,
}

/// What stands against using a volume again.
pub(super) enum Lost {
    /// It is gone.
    Gone,
    /// Another run has used it since, or uses it.
    UsedBy(String),
    /// The token's owner may not look at it.
    Hidden(String),
}

impl Lost {
    /// As a sentence about the workspace.
    pub(super) fn why(&self, workspace: &str) -> String {
        let workspace = shorten(workspace);
        match self {
            Self::Gone => format!("the volume with what that build left in the workspace {workspace} is gone"),
            Self::UsedBy(run) => format!(
                "the volume of the workspace {workspace} was used by the run {run} since: it does not hold what that build left any more"
            ),
            Self::Hidden(why) => {
                format!("whether the volume of the workspace {workspace} is still there cannot be known: {why}")
            }
        }
    }
}

impl Earlier {
    /// Looks at a run.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] where it, or one that it repeats, is gone.
    pub(super) async fn of(session: &Session, version: Version, run: &RunRef) -> Result<Self, ProviderError> {
        let mut place = Place::of_run(run)?;
        let (mut results, mut claims) = (Results::new(), Claims::new());
        let (mut uids, mut ended_at, mut params) = (BTreeSet::new(), None, Vec::new());
        loop {
            let run = run_at(session, version, &place).await?;
            if uids.is_empty() {
                ended_at = time(&run.data["status"]["completionTime"]);
                params = params_of(&run).to_vec();
            }
            let is_new = uids.insert(place.uid.clone());
            let parts = parts_of(session, version, &place, &run).await?;
            let children: Vec<Child<'_>> =
                parts.iter().filter_map(|((family, _), object)| Child::of(*family, object, true)).collect();
            let known: BTreeSet<String> = claims.keys().cloned().collect();
            for child in children.iter().filter(|child| !known.contains(child.task)) {
                claims.entry(child.task.to_owned()).or_insert_with(BTreeMap::new).extend(claims_of(child.object));
                for result in child.results() {
                    if let Some(name) = result["name"].as_str() {
                        results.insert((child.task.to_owned(), name.to_owned()), result["value"].clone());
                    }
                }
            }
            let Some(repeats) = Note::of(&run).repeats else {
                return Ok(Self { whole: run, params, results, claims, uids, ended_at });
            };
            let before = Place::of_run(&RunRef(repeats.of))?;
            if !is_new || uids.len() > MOST_REPEATS || before.namespace != place.namespace {
                let message = "that build is a repetition of too many others: run it from its beginning".to_owned();
                return Err(ProviderError::Conflict(message));
            }
            place = before;
        }
    }

    /// The whole pipeline; nothing where there never was one. What the build service holds itself is there as it was written; what was
    /// named is there as it ran, with the values of its parameters in it.
    pub(super) fn pipeline(&self) -> Option<&Value> {
        Some(&self.whole.data["spec"]["pipelineSpec"])
            .filter(|_| self.is_written())
            .or_else(|| pipeline_of(&self.whole))
    }

    /// Whether the pipeline is there as it was written.
    pub(super) fn is_written(&self) -> bool {
        self.whole.data["spec"]["pipelineSpec"].is_object()
    }

    /// The value that a parameter has in the pipeline.
    pub(super) fn param(&self, name: &str) -> Option<&Value> {
        params_of(&self.whole).iter().find(|param| param["name"] == name).map(|param| &param["value"])
    }

    /// What stands against using these volumes again, by workspace. Only runs that are still on the cluster are known.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(super) async fn lost(
        &self,
        session: &Session,
        version: Version,
        namespace: &str,
        volumes: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Lost>, ProviderError> {
        let mut lost = BTreeMap::new();
        for (workspace, claim) in volumes {
            let found = session.find(session.api(namespace, &claims()).get(claim)).await;
            let why = match found {
                Ok(Some(claim)) if claim.metadata.deletion_timestamp.is_none() => continue,
                Ok(_) => Lost::Gone,
                Err(ProviderError::Forbidden(why)) => Lost::Hidden(why),
                Err(error) => return Err(error),
            };
            lost.insert(workspace.clone(), why);
        }
        if lost.len() == volumes.len() {
            return Ok(lost);
        }
        each(session, namespace, &version.runs(), ListParams::default(), |run| {
            let is_ours = run.metadata.uid.as_ref().is_none_or(|uid| self.uids.contains(uid));
            let ended_at = time(&run.data["status"]["completionTime"]);
            // The cluster tells seconds: of two in the same one, either may have been the last.
            let is_before = ended_at.zip(self.ended_at).is_some_and(|(theirs, ours)| theirs < ours);
            if is_ours || is_before {
                return;
            }
            let bound = run.data["spec"]["workspaces"].as_array().into_iter().flatten();
            for claim in bound.filter_map(|bound| bound["persistentVolumeClaim"]["claimName"].as_str()) {
                for (workspace, _) in volumes.iter().filter(|(_, ours)| *ours == claim) {
                    let name = run.metadata.name.as_deref().map(shorten).unwrap_or_default();
                    lost.entry(workspace.clone()).or_insert(Lost::UsedBy(name));
                }
            }
        })
        .await?;
        Ok(lost)
    }
}

fn params_of(run: &DynamicObject) -> &[Value] {
    run.data["spec"]["params"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The claims that a task run mounts, by the names of its workspaces.
fn claims_of(task_run: &DynamicObject) -> BTreeMap<String, String> {
    let bound = task_run.data["spec"]["workspaces"].as_array().into_iter().flatten();
    let claim = |bound: &Value| {
        let claim = bound["persistentVolumeClaim"]["claimName"].as_str().filter(|claim| is_name(claim))?;
        Some((bound["name"].as_str()?.to_owned(), claim.to_owned()))
    };
    bound.filter_map(claim).collect()
}
