//! Everything that the fake engine knows.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use alm_domain::{BuildId, ServiceId, Settings, check_settings};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use super::{
    descriptor::{SCRIPT, descriptor},
    run::Run,
    script::Script,
};
use crate::{Access, BuildConfigSpec, ConfigRef, Finding, ProviderError, RunRef};

/// What the engine can be told to refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// To start builds that it does not know yet.
    Start,
    /// To stop them.
    Cancel,
    /// To take decisions.
    Decide,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) configs: BTreeMap<String, BuildConfigSpec>,
    pub(crate) configs_made: usize,
    /// In the order in which they were started.
    pub(crate) runs: Vec<Run>,
    pub(crate) scripts_by_build: HashMap<BuildId, Script>,
    pub(crate) scripts_by_service: HashMap<ServiceId, Script>,
    pub(crate) scripts_by_name: BTreeMap<String, Script>,
    pub(crate) script_default: Script,
    pub(crate) signals: HashMap<(BuildId, String), u32>,
    pub(crate) tokens: Option<Vec<SecretString>>,
    pub(crate) deciders: Option<Vec<String>>,
    pub(crate) refusals: HashMap<Deed, fn() -> ProviderError>,
    pub(crate) settings: Settings,
    pub(crate) outage: bool,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) skew: TimeDelta,
    pub(crate) lost_answers: u32,
    pub(crate) held_releases: u32,
    pub(crate) start_calls: HashMap<BuildId, u32>,
    pub(crate) page_size: usize,
    pub(crate) batch_size: usize,
}

impl State {
    /// Whether the engine can be reached, and takes the token.
    pub(crate) fn admit(&self, access: &Access) -> Result<(), ProviderError> {
        if self.outage {
            let retry_after = self.retry_after;
            return Err(ProviderError::Unavailable {
                message: "the fake engine is switched off".to_owned(),
                retry_after,
                cause: None,
            });
        }
        let Some(tokens) = &self.tokens else { return Ok(()) };
        let Some(given) = &access.token else {
            return Err(ProviderError::Unauthorized("no token was given".to_owned()));
        };
        if tokens.iter().any(|token| token.expose_secret() == given.expose_secret()) {
            Ok(())
        } else {
            Err(ProviderError::Unauthorized("the token is not, or no longer, known".to_owned()))
        }
    }

    /// Where the engine's answer is lost on its way back.
    pub(crate) fn answer<T>(&mut self, value: T) -> Result<T, ProviderError> {
        if self.lost_answers == 0 {
            return Ok(value);
        }
        self.lost_answers -= 1;
        Err(ProviderError::unavailable("the connection broke before the answer", "connection reset"))
    }

    pub(crate) fn config(&self, config: &ConfigRef) -> Result<&BuildConfigSpec, ProviderError> {
        self.configs.get(&config.0).ok_or_else(|| ProviderError::NotFound("no such build configuration".to_owned()))
    }

    /// A run that is known, and not purged.
    pub(crate) fn run_index(&self, run: &RunRef) -> Option<usize> {
        self.runs.iter().position(|known| known.name == *run && !known.purged && !known.forgotten)
    }

    /// A run that can be followed.
    pub(crate) fn live(&self, run: &RunRef) -> Result<usize, ProviderError> {
        self.run_index(run)
            .filter(|index| !self.runs[*index].released)
            .ok_or_else(|| ProviderError::NotFound("no such run, or no longer".to_owned()))
    }

    pub(crate) fn run_of(&self, build: BuildId) -> Option<&Run> {
        self.runs.iter().find(|run| run.build == Some(build))
    }

    /// The refusal of a deed, if it is refused.
    pub(crate) fn allow(&self, deed: Deed) -> Result<(), ProviderError> {
        self.refusals.get(&deed).map_or(Ok(()), |refusal| Err(refusal()))
    }

    /// What a build of this configuration does: by build, else by service, else by the name in its settings, else the default.
    pub(crate) fn script(&self, build: Option<BuildId>, spec: &BuildConfigSpec) -> Script {
        let named = spec.setting(SCRIPT).and_then(|name| name.as_str());
        build
            .and_then(|build| self.scripts_by_build.get(&build))
            .or_else(|| self.scripts_by_service.get(&spec.service))
            .or_else(|| named.and_then(|name| self.scripts_by_name.get(name)))
            .unwrap_or(&self.script_default)
            .clone()
    }

    pub(crate) fn check(&self, spec: &BuildConfigSpec) -> Result<(), ProviderError> {
        let mut findings = Vec::new();
        if spec.repository.url.is_empty() {
            findings.push(Finding::new(["repository", "url"], "is empty: give the address to clone from"));
        }
        let settings = descriptor(std::collections::BTreeSet::new()).settings;
        if let Err(problems) = check_settings(&settings, &service_part(spec), true) {
            findings.extend(problems.into_iter().map(|p| Finding::new(["settings".to_owned(), p.key], p.problem)));
        }
        let named = spec.setting(SCRIPT).and_then(|name| name.as_str());
        if let Some(name) = named.filter(|name| !self.scripts_by_name.contains_key(*name)) {
            let known = self.scripts_by_name.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let message = format!("there is no script {:?}: the scripts are {known}", alm_domain::shorten(name));
            findings.push(Finding::new(["settings", SCRIPT], message));
        }
        if findings.is_empty() { Ok(()) } else { Err(ProviderError::Invalid(findings)) }
    }
}

/// What of the effective settings a build service may have given.
fn service_part(spec: &BuildConfigSpec) -> alm_domain::Settings {
    let given = spec.settings.iter().filter(|entry| entry.overridable);
    given.filter_map(|entry| Some((entry.key.clone(), entry.value.clone()?))).collect()
}
