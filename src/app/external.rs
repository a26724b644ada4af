//! Builds that engines began by themselves: found from time to time, and followed like all others.
//!
//! **Architecture Invariant:** a run that nobody here has started becomes a build once. It is read with the account of a member who may
//! start builds there, it is given no secrets, and nothing is done to it but what somebody asks for with an account of his own.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use alm_build_spi::{BuildProvider, ConfigRef, ProviderError, RunSummary};
use alm_domain::{BuildId, BuildService, Principal, Project, Provider, ProviderId, ServiceId, Trigger, TriggerKind};
use alm_store::{ExternalRun, NewBuild, PageRequest, StoreError};
use chrono::TimeDelta;
use futures::future::join_all;

use super::{App, AppError, gate::Reader, monitor::backoff::Backoff, services::spec_of};

/// As who such builds are begun.
const CLUSTER: &str = "cluster";
const PAGE: u32 = 200;
/// How many build services of a provider are looked at at a time.
const AT_A_TIME: usize = 4;
/// What is over already becomes a build only if it began within this time, and after its build service was made.
const REACH: TimeDelta = TimeDelta::days(7);
/// By so much an engine's clock may be behind; what a new configuration sets off may be a little older than its build service.
const MARGIN: TimeDelta = TimeDelta::minutes(1);
/// How many pages of a list are looked at.
const MOST_PAGES: usize = 4;
/// The longest pause before what cannot be looked at is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// A provider as a whole, or one of its build services.
type Place = (ProviderId, Option<ServiceId>);

/// What cannot be looked at now, and until when it is left alone.
#[derive(Debug, Default)]
struct Pauses(HashMap<Place, (Backoff, Instant)>);

impl Pauses {
    fn holds(&self, place: Place) -> bool {
        self.0.get(&place).is_some_and(|(_, until)| *until > Instant::now())
    }

    /// Takes in how it went. Of what does not work only the first time is news.
    fn note(&mut self, place: Place, went: Result<(), AppError>, every: Duration) {
        let Err(error) = went else {
            self.0.remove(&place);
            return;
        };
        let asked = match &error {
            AppError::Provider(ProviderError::Unavailable { retry_after, .. }) => *retry_after,
            _ => None,
        };
        let (provider, service) = (place.0, place.1.map(|id| id.to_string()));
        let error: &dyn std::error::Error = match &error {
            AppError::Provider(error) => error,
            error => error,
        };
        if self.0.contains_key(&place) {
            tracing::debug!(%provider, service, error, "runs that began at an engine still cannot be looked for");
        } else {
            tracing::info!(%provider, service, error, "runs that began at an engine cannot be looked for; trying again later");
        }
        let (backoff, until) =
            self.0.entry(place).or_insert_with(|| (Backoff::new(every, LONGEST_PAUSE), Instant::now()));
        *until = Instant::now() + backoff.next(asked);
    }

    /// Forgets what has not been looked at for long: it is not there any more.
    fn tidy(&mut self) {
        let now = Instant::now();
        self.0.retain(|_, (_, until)| *until + LONGEST_PAUSE > now);
    }
}

impl App {
    /// Looks from time to time for runs that engines began by themselves, until the service stops; the first time at once.
    pub(super) async fn find_external_runs(self, every: Duration) {
        let stop = self.inner.hub.stopping();
        let mut pauses = Pauses::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                looked = self.look_everywhere(&mut pauses, every) => {
                    if let Err(error) = looked {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "runs that began at engines were not looked for; trying again later");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    /// The providers side by side, so that an engine that does not answer holds up no other one for longer than this round.
    async fn look_everywhere(&self, pauses: &mut Pauses, every: Duration) -> Result<(), AppError> {
        let system = Principal::system(CLUSTER);
        let mut providers = PageRequest::first(PAGE);
        pauses.tidy();
        loop {
            let page = self.store().list_providers(&system, false, &providers).await?;
            let has_any = |record: &&Provider| {
                let descriptor = self.descriptor(record.kind);
                descriptor.is_some_and(|it| it.has_external_runs) && !pauses.holds((record.id, None))
            };
            let due = page.items.iter().map(|(_, record)| record).filter(has_any);
            let went = join_all(due.map(|record| self.look_at_provider(&system, record, pauses))).await;
            for (place, went) in went.into_iter().flatten() {
                pauses.note(place, went, every);
            }
            let Some((last, _)) = page.items.last().filter(|_| page.has_next) else { return Ok(()) };
            providers.from = Some(last.clone());
        }
    }

    /// How it went with a provider and its build services. One that cannot be reached is not asked about all of them.
    async fn look_at_provider(
        &self,
        system: &Principal,
        record: &Provider,
        pauses: &Pauses,
    ) -> Vec<(Place, Result<(), AppError>)> {
        let mut went = Vec::new();
        let as_a_whole = self.look_at_services(system, record, pauses, &mut went).await;
        went.push(((record.id, None), as_a_whole));
        went
    }

    async fn look_at_services(
        &self,
        system: &Principal,
        record: &Provider,
        pauses: &Pauses,
        went: &mut Vec<(Place, Result<(), AppError>)>,
    ) -> Result<(), AppError> {
        let provider = self.inner.registry.get_for(record)?;
        let mut services = PageRequest::first(PAGE);
        loop {
            let page = self.store().services_of_provider(system, record.id, &services).await?;
            let projects: Vec<_> = page.items.iter().map(|(_, service)| service.project).collect();
            let projects = self.store().projects(system, &projects).await?;
            let open: HashMap<_, _> =
                projects.iter().filter(|project| !project.is_archived).map(|project| (project.id, project)).collect();
            let is_due = |service: &&BuildService| !pauses.holds((record.id, Some(service.id)));
            let due = page.items.iter().map(|(_, service)| service).filter(is_due);
            let due: Vec<_> = due.filter_map(|service| Some((service, *open.get(&service.project)?))).collect();
            for some in due.chunks(AT_A_TIME) {
                let looks = some.iter().map(|(service, project)| {
                    let look = Look { app: self, system, provider: &*provider, record, project, service };
                    look.at_all()
                });
                for ((service, _), outcome) in some.iter().zip(join_all(looks).await) {
                    if let Err(AppError::Provider(ProviderError::Unavailable { .. })) = &outcome {
                        return outcome;
                    }
                    went.push(((record.id, Some(service.id)), outcome));
                }
            }
            let Some((last, _)) = page.items.last().filter(|_| page.has_next) else { return Ok(()) };
            services.from = Some(last.clone());
        }
    }
}

/// A look at the runs of one build service.
#[derive(Clone, Copy)]
struct Look<'a> {
    app: &'a App,
    system: &'a Principal,
    provider: &'a dyn BuildProvider,
    record: &'a Provider,
    project: &'a Project,
    service: &'a BuildService,
}

impl Look<'_> {
    async fn at_all(self) -> Result<(), AppError> {
        let Some(config) = self.service.config_ref.clone().map(ConfigRef) else { return Ok(()) };
        let gate = &self.app.inner.gate;
        let Some(reader) = gate.reader_of(self.service, self.provider).await? else { return Ok(()) };
        let found = self.unknown(&reader, &config).await;
        match (&found, &reader.environment) {
            (Err(AppError::Provider(ProviderError::Unauthorized(_))), Some(environment)) => {
                gate.refused(&reader.actor, environment).await;
            }
            (Err(AppError::Provider(ProviderError::Forbidden(_))), _) => gate.pass_over(&reader),
            _ => {}
        }
        // Those that began first are numbered first.
        for run in found?.into_iter().rev() {
            self.import(&config, run).await?;
        }
        Ok(())
    }

    /// The runs that are to become builds, newest first.
    async fn unknown(&self, reader: &Reader, config: &ConfigRef) -> Result<Vec<ExternalRun>, AppError> {
        let since = (self.service.created_at - MARGIN).max(self.app.clock().now() - REACH);
        let (mut unknown, mut next): (Vec<ExternalRun>, Option<String>) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self.provider.list(&reader.access, config, next.as_deref()).await?;
            let is_wanted =
                |run: &RunSummary| run.build.is_none() && (!run.state.status.is_terminal() || run.created_at >= since);
            let reaches = page.runs.last().is_some_and(|run| run.created_at >= since);
            let wanted = page.runs.into_iter().filter(is_wanted);
            let wanted = wanted.map(|run| ExternalRun { name: run.run.0, began_at: run.created_at }).collect();
            unknown.extend(self.app.store().unknown_runs(self.system, self.service.id, wanted).await?);
            next = page.next.filter(|_| reaches);
            if next.is_none() {
                break;
            }
        }
        Ok(unknown)
    }

    async fn import(&self, config: &ConfigRef, run: ExternalRun) -> Result<(), AppError> {
        let Self { app, system, provider, record, project, service } = *self;
        let spec = spec_of(provider, record, project, service);
        let new = NewBuild {
            id: BuildId::generate(&*app.inner.ids),
            service: service.id,
            reference: None,
            parameters: Vec::new(),
            trigger: Trigger { kind: TriggerKind::External, actor: system.actor.clone() },
            rerun_of: None,
            deploys: None,
            commit: None,
            spec: serde_json::to_value(&spec)
                .map_err(|e| AppError::Provider(ProviderError::internal("the configuration cannot be stored", e)))?,
            config_ref: config.0.clone(),
            hold: None,
            warnings: Vec::new(),
        };
        match app.store().import_build(system, new, &run).await {
            // Nothing is waited for in between: what is stored is followed.
            Ok(Some(build)) => {
                app.inner.hub.ring_project(build.project);
                app.inner.monitors.follow(build.id);
                Ok(())
            }
            // Removed, archived or switched off meanwhile.
            Ok(None) | Err(StoreError::NotFound | StoreError::WrongState(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
