//! What checks stand on: builds that are started with one word, and the reasons to stop.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alm_domain::{BuildId, Capability, ParameterValue, RunObservation, ServiceId};
use chrono::TimeDelta;
use tokio::time::timeout;

use super::{Harness, Power, Scenario, follower::Follower};
use crate::{Access, BuildConfigSpec, BuildProvider, ConfigRef, ProviderError, RunRef, StartBuild};

/// How long an engine is asked about what is only good to know.
const A_MOMENT: Duration = Duration::from_secs(2);
/// Of so many builds of a failed check it is told how they stand.
const MOST_RUNS: usize = 4;

/// Why a check ends early.
pub(crate) enum Stop {
    Skip(String),
    Fail(String),
}

/// How a check ends.
pub(crate) type Verdict = Result<(), Stop>;

pub(crate) fn fail<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Fail(why.into()))
}

pub(crate) fn skip<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Skip(why.into()))
}

/// Fails with this message if it is not so.
pub(crate) fn ensure(so: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if so { Ok(()) } else { fail(otherwise()) }
}

pub(crate) fn has(power: Power, what: &str) -> Verdict {
    match power {
        Power::Done => Ok(()),
        Power::Missing => skip(format!("the harness cannot {what}")),
    }
}

/// A call that has to succeed. That something declared is not served is told by one check only.
pub(crate) trait Must<T> {
    fn must(self, what: &str) -> Result<T, Stop>;
}

impl<T> Must<T> for Result<T, ProviderError> {
    fn must(self, what: &str) -> Result<T, Stop> {
        self.map_err(|error| match error {
            ProviderError::Unsupported { .. } => {
                Stop::Skip(format!("{what} answers that it is not supported: see declared_capabilities_are_served"))
            }
            error => Stop::Fail(format!("{what} failed: {error}")),
        })
    }
}

/// A build configuration at the engine.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) id: ServiceId,
    pub(crate) spec: BuildConfigSpec,
    pub(crate) config: ConfigRef,
}

impl Service {
    pub(crate) fn request(&self, build: BuildId) -> StartBuild {
        StartBuild {
            build,
            number: 1,
            config: self.config.clone(),
            spec: self.spec.clone(),
            reference: self.spec.repository.reference.clone(),
            parameters: Vec::new(),
            secrets: Vec::new(),
            withheld: Vec::new(),
        }
    }
}

/// A build that was started.
#[derive(Clone)]
pub(crate) struct Started {
    pub(crate) service: Service,
    pub(crate) build: BuildId,
    pub(crate) run: RunRef,
}

pub(crate) struct Stand<'a> {
    pub(crate) harness: &'a dyn Harness,
    pub(crate) provider: Arc<dyn BuildProvider>,
    pub(crate) access: Access,
    started: Mutex<Vec<RunRef>>,
}

impl<'a> Stand<'a> {
    pub(crate) fn new(harness: &'a dyn Harness) -> Self {
        Self { harness, provider: harness.provider(), access: harness.access(), started: Mutex::default() }
    }

    /// Skips the check if the provider does not declare this.
    pub(crate) fn needs(&self, capability: Capability) -> Verdict {
        if self.provider.descriptor().capabilities.contains(&capability) {
            Ok(())
        } else {
            skip(format!("the provider does not declare {capability:?}"))
        }
    }

    pub(crate) fn new_build(&self) -> BuildId {
        BuildId::generate(self.harness.ids())
    }

    pub(crate) async fn spec(&self, scenario: Scenario) -> Result<BuildConfigSpec, Stop> {
        let service = ServiceId::generate(self.harness.ids());
        let name = format!("conformance/{}", &service.to_string()[4..]);
        match self.harness.config(scenario, service, &name).await {
            Some(spec) => Ok(spec),
            None => skip(format!("the harness has no scenario {scenario:?}")),
        }
    }

    pub(crate) async fn service(&self, scenario: Scenario) -> Result<Service, Stop> {
        let spec = self.spec(scenario).await?;
        let config = self.provider.create_config(&self.access, &spec).await.must("create_config")?;
        Ok(Service { id: spec.service, spec, config })
    }

    pub(crate) async fn start(&self, scenario: Scenario) -> Result<Started, Stop> {
        let service = self.service(scenario).await?;
        self.start_of(&service, Vec::new()).await
    }

    pub(crate) async fn start_of(&self, service: &Service, given: Vec<ParameterValue>) -> Result<Started, Stop> {
        let build = self.new_build();
        let request = StartBuild { parameters: given, ..service.request(build) };
        let run = self.provider.start(&self.access, request).await.must("start")?;
        self.remember(&run);
        Ok(Started { service: service.clone(), build, run })
    }

    /// Remembers a run, so that it does not go on after the check.
    pub(crate) fn remember(&self, run: &RunRef) {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).push(run.clone());
    }

    pub(crate) fn follow(&self, run: &RunRef) -> Follower {
        Follower::new(Arc::clone(&self.provider), self.access.clone(), run.clone(), None)
    }

    /// Starts a build and follows it to its end.
    pub(crate) async fn through(&self, scenario: Scenario) -> Result<(Started, Follower), Stop> {
        let started = self.start(scenario).await?;
        let mut follower = self.follow(&started.run);
        follower.finish().await?;
        Ok((started, follower))
    }

    /// What may be behind a failed check: how its builds stand, with the reasons, warnings and remarks that came with it.
    pub(crate) async fn ends(&self) -> String {
        let runs = self.started.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut told = String::new();
        for run in runs.iter().take(MOST_RUNS) {
            // An engine that cannot be asked is what the check is about, or is said by it.
            let Ok(Ok(now)) = timeout(A_MOMENT, self.provider.get(&self.access, run)).await else { continue };
            let RunObservation { status, reason, .. } = now.run;
            let why = reason.map_or(String::new(), |reason| format!(" ({:?}: {})", reason.code, reason.message));
            let mut follower = self.follow(run);
            // One that goes on is told as far as it came.
            let _ = timeout(A_MOMENT, follower.finish()).await;
            told += &format!("\n         its build {} is {}{why}{}", run.0, status.name(), follower.remarks());
        }
        told
    }

    /// Makes the engine well again, and stops what the check left running.
    pub(crate) async fn tidy_up(&self) {
        let _ = self.harness.outage(false).await;
        let _ = self.harness.withdraw_token(false).await;
        let _ = self.harness.skew_clock(TimeDelta::zero()).await;
        if self.needs(Capability::Cancel).is_ok() {
            let runs = std::mem::take(&mut *self.started.lock().unwrap_or_else(PoisonError::into_inner));
            for run in runs {
                // Most have ended or been released: whatever is answered is fine.
                let _ = self.provider.cancel(&self.access, &run).await;
            }
        }
    }
}
