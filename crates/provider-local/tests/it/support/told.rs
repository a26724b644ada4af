//! What a follower has heard.

use std::collections::BTreeMap;

use alm_build_spi::ResumeToken;
use alm_domain::{
    ApprovalKey, ApprovalObservation, Artifact, LogLine, LogStream, Observation, ReasonCode, RunObservation, RunStatus,
    StageKey, StageObservation, Warning,
};

/// What a follower has heard.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) from_the_beginning: bool,
    pub(crate) tokens: Vec<ResumeToken>,
    pub(crate) observations: Vec<Observation>,
    pub(crate) runs: Vec<RunObservation>,
    pub(crate) stages: BTreeMap<StageKey, StageObservation>,
    /// Every status of every stage, in order.
    pub(crate) history: Vec<(String, RunStatus)>,
    pub(crate) approvals: BTreeMap<ApprovalKey, ApprovalObservation>,
    pub(crate) lines: Vec<LogLine>,
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) cancel_delivered: bool,
    pub(crate) is_complete: bool,
}

impl Told {
    pub(crate) fn take(&mut self, token: ResumeToken, observations: Vec<Observation>) {
        self.tokens.push(token);
        for observation in observations {
            assert!(!self.is_complete, "told after the end: {observation:?}");
            self.observations.push(observation.clone());
            match observation {
                Observation::Run(run) => {
                    if let Some(before) = self.runs.last() {
                        assert!(before.status.advance(run.status).is_ok(), "{before:?} → {run:?}");
                    }
                    self.runs.push(run);
                }
                Observation::Stages(stages) => stages.into_iter().for_each(|stage| self.take_stage(stage)),
                Observation::StagesRemoved(keys) => keys.iter().for_each(|key| drop(self.stages.remove(key))),
                Observation::Approval(approval) => drop(self.approvals.insert(approval.key.clone(), approval)),
                Observation::CancelDelivered => self.cancel_delivered = true,
                Observation::Without(_) | Observation::Outputs(_) | Observation::Steps(_) => {}
                Observation::Lines(lines) => self.lines.extend(lines),
                Observation::Artifact(artifact) => self.artifacts.push(artifact),
                Observation::Warning(warning) => self.warnings.push(warning),
                Observation::Complete => self.is_complete = true,
            }
        }
    }

    fn take_stage(&mut self, stage: StageObservation) {
        if let Some(before) = self.stages.get(&stage.key) {
            assert!(before.status.advance(stage.status).is_ok(), "{before:?} → {stage:?}");
        } else if self.from_the_beginning {
            assert_eq!(stage.status, RunStatus::Planned, "{stage:?}");
        }
        if self.history.last() != Some(&(stage.key.to_string(), stage.status)) {
            self.history.push((stage.key.to_string(), stage.status));
        }
        self.stages.insert(stage.key.clone(), stage);
    }

    pub(crate) fn status(&self) -> RunStatus {
        self.runs.last().map_or(RunStatus::Queued, |run| run.status)
    }

    /// Why the run is in its state.
    pub(crate) fn why(&self) -> (Option<ReasonCode>, String) {
        let reason = self.runs.last().and_then(|run| run.reason.clone());
        (reason.as_ref().map(|reason| reason.code), reason.map(|reason| reason.message).unwrap_or_default())
    }

    pub(crate) fn stage(&self, key: &str) -> &StageObservation {
        self.stages.get(&StageKey::from(key)).unwrap_or_else(|| panic!("no stage {key}: {self:#?}"))
    }

    /// The status of every stage, in display order.
    pub(crate) fn statuses(&self) -> Vec<(&str, RunStatus)> {
        let mut stages: Vec<_> = self.stages.values().collect();
        stages.sort_by_key(|stage| stage.position);
        stages.into_iter().map(|stage| (stage.key.as_str(), stage.status)).collect()
    }

    pub(crate) fn code(&self, key: &str) -> Option<ReasonCode> {
        self.stage(key).reason.as_ref().map(|reason| reason.code)
    }

    /// What the steps wrote.
    pub(crate) fn output(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| line.stream != LogStream::System).map(|line| line.text.as_str()).collect()
    }

    /// What the service wrote.
    pub(crate) fn system(&self) -> String {
        let lines = self.lines.iter().filter(|line| line.stream == LogStream::System);
        lines.map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}
