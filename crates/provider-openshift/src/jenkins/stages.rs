//! The stages of a pipeline.

use std::collections::HashMap;

use alm_domain::{
    Paused, ReasonCode, RunStatus, StageAttempt, StageKey, StageKind, StageObservation, StatusReason, Timestamp,
};
use chrono::TimeDelta;

use super::{Deployed, JenkinsRun, JenkinsStage, JenkinsStatus};

/// The stages as Jenkins tells them, one after another. `end` is how the run has ended, if it has: nothing goes on behind that.
/// A stage deploys where its name ends with the name of an environment that the run deployed to, by its own words, or by a tag of that
/// name that was set while the stage ran.
pub(crate) fn stages(run: &JenkinsRun, end: Option<RunStatus>, deployed: &Deployed) -> Vec<StageObservation> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let mut told: Vec<StageObservation> = Vec::with_capacity(run.stages.len());
    for (position, stage) in (0..).zip(&run.stages) {
        let count = seen.entry(&stage.name).or_default();
        *count += 1;
        // The name, and not Jenkins' number of its node, which is another one as soon as the pipeline is changed.
        let key = if *count == 1 { stage.name.clone() } else { format!("{} ({count})", stage.name) };
        let status = status(stage.status, end);
        let has_begun = !matches!(status, RunStatus::Planned | RunStatus::Skipped);
        let started_at = stage.started_at.filter(|_| has_begun);
        let lasted = started_at.and_then(|at| at.checked_add_signed(TimeDelta::milliseconds(stage.duration_ms)));
        let finished_at = lasted.filter(|_| status.is_terminal());
        let reason = reason(status, stage.error.as_deref());
        let place = deployed.by(&stage.name, started_at, finished_at);
        let attempt = StageAttempt { number: 1, status, reason: reason.clone(), started_at, finished_at };
        told.push(StageObservation {
            depends_on: told.last().map(|before| before.key.clone()).into_iter().collect(),
            key: StageKey::from(key),
            name: stage.name.clone(),
            kind: StageKind::Work,
            status,
            reason,
            parent: None,
            position,
            queued_at: None,
            started_at,
            finished_at,
            paused: started_at.and_then(|at| paused(stage, at)),
            attempts: if has_begun { vec![attempt] } else { Vec::new() },
            environment: place.map(|place| place.environment.to_owned()),
            namespace: place.and_then(|place| place.namespace).map(str::to_owned),
            url: place.and_then(|place| place.url).map(str::to_owned),
            agent: stage.node.clone(),
        });
    }
    told
}

/// For how long a stage has waited for people. While it does, its time at work stands still, however old the annotation is.
fn paused(stage: &JenkinsStage, started_at: Timestamp) -> Option<Paused> {
    let paused = stage.paused_ms.unwrap_or(0);
    if stage.status != JenkinsStatus::Paused {
        return stage.paused_ms.map(Paused::Millis);
    }
    let at_work = stage.duration_ms.saturating_sub_unsigned(paused).max(0);
    started_at.checked_add_signed(TimeDelta::milliseconds(at_work)).map(Paused::Since)
}

fn status(said: JenkinsStatus, end: Option<RunStatus>) -> RunStatus {
    match said {
        JenkinsStatus::Success => RunStatus::Succeeded,
        JenkinsStatus::Unstable => RunStatus::Unstable,
        JenkinsStatus::Failed => RunStatus::Failed,
        JenkinsStatus::Aborted => RunStatus::Cancelled,
        JenkinsStatus::NotExecuted if end.is_some() => RunStatus::Skipped,
        JenkinsStatus::NotExecuted => RunStatus::Planned,
        // What was written last may have been written before the end.
        JenkinsStatus::InProgress | JenkinsStatus::Paused if end.is_some() => end.unwrap_or(RunStatus::Errored),
        JenkinsStatus::InProgress => RunStatus::Running,
        JenkinsStatus::Paused => RunStatus::WaitingForApproval,
    }
}

fn reason(status: RunStatus, error: Option<&str>) -> Option<StatusReason> {
    match status {
        RunStatus::Failed => {
            Some(StatusReason::new(ReasonCode::CommandFailed, error.unwrap_or("the stage failed: the log says why")))
        }
        RunStatus::WaitingForApproval => {
            Some(StatusReason::new(ReasonCode::WaitingForDecision, "Jenkins waits for a decision"))
        }
        _ => error.map(|error| StatusReason::new(ReasonCode::Other, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stages: &[(&str, &str)]) -> JenkinsRun {
        let stages: Vec<_> = stages
            .iter()
            .map(|(name, status)| serde_json::json!({ "name": name, "status": status, "startTimeMillis": 5, "durationMillis": 2 }))
            .collect();
        JenkinsRun::parse(&serde_json::json!({ "status": "IN_PROGRESS", "stages": stages }).to_string()).unwrap()
    }

    #[test]
    fn stages_follow_one_another_and_have_names_of_their_own() {
        let told = stages(
            &run(&[("Build", "SUCCESS"), ("Test", "IN_PROGRESS"), ("Test", "NOT_EXECUTED")]),
            None,
            &Deployed::default(),
        );
        assert_eq!(told.iter().map(|s| s.key.as_str()).collect::<Vec<_>>(), ["Build", "Test", "Test (2)"]);
        assert_eq!(told[1].depends_on, [StageKey::from("Build")]);
        assert_eq!((told[0].status, told[2].status), (RunStatus::Succeeded, RunStatus::Planned));
        assert!(told[0].finished_at.is_some() && told[1].finished_at.is_none() && told[2].attempts.is_empty());
    }

    #[test]
    fn nothing_goes_on_behind_the_end_of_the_run() {
        let said = [("a", "IN_PROGRESS"), ("b", "PAUSED_PENDING_INPUT"), ("c", "NOT_EXECUTED"), ("d", "ABORTED")];
        for end in [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled, RunStatus::Errored] {
            assert!(
                stages(&run(&said), Some(end), &Deployed::default()).iter().all(|stage| stage.status.is_terminal()),
                "{end}"
            );
        }
    }
}
