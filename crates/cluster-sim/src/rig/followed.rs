//! A run that is followed.

use std::{fmt, sync::Arc};

use alm_build_spi::{
    Access, BuildProvider, CancellationToken, Observation, ObservedStream, ProviderError, ResumeToken, RunRef,
};
use alm_domain::{
    ApprovalObservation, ApprovalStatus, CapabilityNote, LogLine, Output, RunObservation, RunStatus, StageObservation,
    Step,
};
use futures::StreamExt;
use tokio::time::{sleep, timeout};

use super::{PATIENCE, PAUSE, name_in};

/// A run that is followed, and what was told of it. Where the stream ends before the run does, it is followed on from there.
pub struct Followed {
    /// The run.
    pub run: RunRef,
    /// The name of the object that it is.
    pub name: String,
    /// What was told.
    pub told: Vec<Observation>,
    /// What went wrong.
    pub errors: Vec<ProviderError>,
    provider: Arc<dyn BuildProvider>,
    access: Access,
    resume: Option<ResumeToken>,
    stream: Option<ObservedStream>,
}

impl Followed {
    pub(super) fn new(provider: Arc<dyn BuildProvider>, access: Access, run: RunRef) -> Self {
        let name = name_in(&run.0);
        Self { run, name, told: Vec::new(), errors: Vec::new(), provider, access, resume: None, stream: None }
    }

    /// Follows on until this is so.
    ///
    /// # Panics
    /// Where it does not come to be.
    #[expect(clippy::panic, reason = "a test that waits in vain has failed")]
    pub async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let reading = async {
            while !so(self) {
                if self.is_complete() {
                    return false;
                }
                self.step().await;
            }
            true
        };
        match timeout(PATIENCE, reading).await {
            Ok(true) => {}
            Ok(false) => panic!("the run ended before {what}: {self:?}"),
            Err(_) => panic!("{what} did not come: {self:?}"),
        }
    }

    /// Follows to the end.
    ///
    /// # Panics
    /// Where it does not come.
    pub async fn finish(&mut self) {
        self.until("the end", Self::is_complete).await;
    }

    async fn step(&mut self) {
        let stream = self.stream.get_or_insert_with(|| {
            self.provider.follow(&self.access, &self.run, self.resume.clone(), CancellationToken::new())
        });
        match stream.next().await {
            Some(Ok(observed)) => {
                self.resume = Some(observed.resume);
                self.told.extend(observed.observations);
            }
            Some(Err(error)) => self.errors.push(error),
            None => {
                self.stream = None;
                sleep(PAUSE).await;
            }
        }
    }

    /// Stops following, and goes on with a provider and a token that may be others.
    pub fn hand_over(&mut self, provider: Arc<dyn BuildProvider>, access: Access) {
        (self.provider, self.access, self.stream) = (provider, access, None);
    }

    /// Whether all was told.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.told.last() == Some(&Observation::Complete)
    }

    /// The lines that were told, in order.
    #[must_use]
    pub fn lines(&self) -> Vec<&LogLine> {
        let told = self.told.iter();
        told.filter_map(|told| if let Observation::Lines(lines) = told { Some(lines) } else { None })
            .flatten()
            .collect()
    }

    /// Their texts.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.lines().into_iter().map(|line| line.text.as_str()).collect()
    }

    /// Whether a line was told.
    #[must_use]
    pub fn has_line(&self, text: &str) -> bool {
        self.texts().contains(&text)
    }

    /// How the run stood, from the beginning on.
    #[must_use]
    pub fn run_states(&self) -> Vec<&RunObservation> {
        self.told.iter().filter_map(|told| if let Observation::Run(run) = told { Some(run) } else { None }).collect()
    }

    /// How the run stands.
    #[must_use]
    pub fn status(&self) -> Option<RunStatus> {
        self.run_states().last().map(|run| run.status)
    }

    /// How the stage of this key stands, or of this name where no key is so.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageObservation> {
        let newest = |is: &dyn Fn(&StageObservation) -> bool| {
            self.told.iter().rev().find_map(|told| match told {
                Observation::Stages(stages) => stages.iter().rev().find(|stage| is(stage)),
                _ => None,
            })
        };
        newest(&|stage| stage.key.as_str() == name).or_else(|| newest(&|stage| stage.name == name))
    }

    /// All stages, each as it is now, in reading order.
    #[must_use]
    pub fn stages(&self) -> Vec<&StageObservation> {
        let mut newest: Vec<&StageObservation> = Vec::new();
        for told in &self.told {
            let Observation::Stages(stages) = told else { continue };
            for stage in stages {
                newest.retain(|known| known.key != stage.key);
                newest.push(stage);
            }
        }
        newest.sort_by_key(|stage| stage.position);
        newest
    }

    /// How the question of this key stands.
    #[must_use]
    pub fn approval(&self, key: &str) -> Option<ApprovalStatus> {
        self.told.iter().rev().find_map(|told| match told {
            Observation::Approval(approval) if approval.key.as_str() == key => Some(approval.status),
            _ => None,
        })
    }

    /// The questions that were asked, each as it is now.
    #[must_use]
    pub fn questions(&self) -> Vec<&ApprovalObservation> {
        let mut newest: Vec<&ApprovalObservation> = Vec::new();
        for told in &self.told {
            let Observation::Approval(approval) = told else { continue };
            match newest.iter_mut().find(|known| known.key == approval.key) {
                Some(known) => *known = approval,
                None => newest.push(approval),
            }
        }
        newest
    }

    /// What the run says that it made.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        let newest = self.told.iter().rev().find_map(|told| match told {
            Observation::Outputs(outputs) => Some(outputs.as_slice()),
            _ => None,
        });
        newest.unwrap_or_default()
    }

    /// What the run is made of.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        let newest = self.told.iter().rev().find_map(|told| match told {
            Observation::Steps(steps) => Some(steps.as_slice()),
            _ => None,
        });
        newest.unwrap_or_default()
    }

    /// What the run cannot do although the provider can.
    #[must_use]
    pub fn without(&self) -> &[CapabilityNote] {
        let newest = self.told.iter().rev().find_map(|told| match told {
            Observation::Without(notes) => Some(notes.as_slice()),
            _ => None,
        });
        newest.unwrap_or_default()
    }

    /// The codes of the warnings.
    #[must_use]
    pub fn warnings(&self) -> Vec<&str> {
        let told = self.told.iter();
        told.filter_map(|told| if let Observation::Warning(it) = told { Some(it.code.as_str()) } else { None })
            .collect()
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").field("told", &self.told).field("errors", &self.errors).finish_non_exhaustive()
    }
}
