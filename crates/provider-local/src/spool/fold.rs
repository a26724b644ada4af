//! A run as it stands: the fold of its spool.

use std::{collections::BTreeMap, io, path::Path};

use alm_build_spi::RunSnapshot;
use alm_domain::{
    ApprovalKey, ApprovalObservation, Observation, RunObservation, RunStatus, StageKey, StageObservation,
};

use super::{
    frame::Flags,
    reader::{Reader, Step},
};

/// A run as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Folded {
    pub(crate) run: RunObservation,
    pub(crate) stages: BTreeMap<StageKey, StageObservation>,
    pub(crate) approvals: BTreeMap<ApprovalKey, ApprovalObservation>,
    /// Whether a supervisor has begun.
    pub(crate) started: bool,
    /// Whether everything has been told.
    pub(crate) complete: bool,
}

impl Folded {
    /// Before anything was told.
    pub(crate) fn new() -> Self {
        Self {
            run: RunObservation::status(RunStatus::Queued),
            stages: BTreeMap::new(),
            approvals: BTreeMap::new(),
            started: false,
            complete: false,
        }
    }

    /// Everything that this spool tells; a spool that is not there yet tells nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let mut folded = Self::new();
        let mut reader = match Reader::open(path) {
            Ok(reader) => reader,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(folded),
            Err(e) => return Err(e),
        };
        loop {
            let step = match reader.peek()? {
                Some(header) if header.flags.has(Flags::ONLY_LINES) => match reader.skip()? {
                    Step::Record(..) => continue,
                    _ => return Ok(folded),
                },
                _ => reader.read()?,
            };
            let Step::Record(header, payload) = step else { return Ok(folded) };
            folded.started |= header.flags.has(Flags::STARTED);
            payload.observations.into_iter().for_each(|observation| folded.observe(observation));
        }
    }

    pub(crate) fn observe(&mut self, observation: Observation) {
        match observation {
            Observation::Run(seen) => self.observe_run(seen),
            Observation::Stages(stages) => {
                self.stages.extend(stages.into_iter().map(|stage| (stage.key.clone(), stage)));
            }
            Observation::StagesRemoved(keys) => keys.iter().for_each(|key| drop(self.stages.remove(key))),
            Observation::Approval(approval) => drop(self.approvals.insert(approval.key.clone(), approval)),
            Observation::Complete => self.complete = true,
            Observation::CancelDelivered
            | Observation::Lines(_)
            | Observation::Artifact(_)
            | Observation::Outputs(_)
            | Observation::Steps(_)
            | Observation::Warning(_)
            | Observation::Without(_) => {}
        }
    }

    /// The same, in the words of the SPI.
    pub(crate) fn snapshot(self) -> RunSnapshot {
        let mut stages: Vec<_> = self.stages.into_values().collect();
        stages.sort_by_key(|stage| stage.position);
        RunSnapshot { run: self.run, stages, approvals: self.approvals.into_values().collect(), without: Vec::new() }
    }

    fn observe_run(&mut self, seen: RunObservation) {
        let known = std::mem::replace(&mut self.run, seen);
        let run = &mut self.run;
        run.shape = run.shape.or(known.shape);
        run.commit = run.commit.take().or(known.commit);
        run.started_at = run.started_at.or(known.started_at);
        run.finished_at = run.finished_at.or(known.finished_at);
        run.external_url = run.external_url.take().or(known.external_url);
    }
}
