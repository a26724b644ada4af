//! Which stages of an earlier build need not run again.

use std::path::Path;

use alm_domain::{Artifact, ReasonCode, RerunFrom, StageKind, StatusReason};

use super::plan::{Ended, Plan};
use crate::{keep, spool::RerunRequest};

/// The stages whose results and files can be taken over, by place. A stage that did not succeed runs again, and so do one
/// whose files are gone, one that runs last, and all that build on one that runs again.
pub(crate) fn reusable(plan: &Plan, rerun: &RerunRequest, kept: &Path) -> Vec<(usize, Ended)> {
    if rerun.from == RerunFrom::Beginning {
        return Vec::new();
    }
    let mut again: Vec<usize> = plan
        .leaves()
        .filter(|at| {
            let stage = &plan.stages[*at];
            let before = rerun.stages.iter().find(|seen| seen.key == stage.key);
            stage.kind == StageKind::Finally
                || is_chosen(plan, *at, &rerun.from)
                || !before.is_some_and(|seen| seen.status.lets_others_go_on(seen.reason.as_ref()))
                || files_of(rerun, stage.key.as_str()).any(|file| !keep::file(kept, &file.path).is_file())
        })
        .collect();
    let chosen = again.clone();
    again.extend(plan.leaves().filter(|at| plan.before(*at).iter().any(|need| chosen.contains(need))));
    plan.leaves()
        .filter(|at| !again.contains(at))
        .filter_map(|at| {
            let before = rerun.stages.iter().find(|seen| seen.key == plan.stages[at].key)?;
            let reason =
                StatusReason::new(ReasonCode::Reused, format!("the result of build {} was reused", rerun.of_build));
            Some((at, Ended::new(before.status, Some(reason))))
        })
        .collect()
}

/// The files that a stage left behind in the earlier build.
pub(crate) fn files_of<'a>(rerun: &'a RerunRequest, stage: &'a str) -> impl Iterator<Item = &'a Artifact> {
    rerun.artifacts.iter().filter(move |file| file.stage.as_ref().is_some_and(|key| key.as_str() == stage))
}

fn is_chosen(plan: &Plan, at: usize, from: &RerunFrom) -> bool {
    let RerunFrom::Stage(key) = from else { return false };
    let mut stage = Some(&plan.stages[at]);
    while let Some(here) = stage {
        if here.key == *key {
            return true;
        }
        stage = here.parent.as_ref().and_then(|parent| plan.stages.iter().find(|other| other.key == *parent));
    }
    false
}
