//! Use cases that begin a build.

use std::time::Duration;

use alm_build_spi::Verb;
use alm_domain::{
    Build, BuildId, BuildService, Capability, Commit, Deploys, ParameterValue, Principal, ProjectRole, RerunFrom,
    RerunOf, ServiceId, Trigger, TriggerKind, Warning, check_parameters, shorten,
};
use alm_store::{Idempotency, NewBuild, StartOutcome};
use sha2::{Digest, Sha256};

use super::{App, AppError, FieldProblem, StartCheck, services::spec_of};

/// How long a start waits for the definition, in order to check the inputs against it. When it takes longer the build judges them.
const DESCRIBE_WITHIN: Duration = Duration::from_secs(5);
/// Why a deployment is not run again as a build is: the environment may have moved on.
pub(super) const NO_RERUN: &str = "this build only brought a version somewhere: promote the build that made it again";
const LONGEST_KEY: usize = 200;
const LONGEST_REFERENCE: usize = 1_000;

/// A build to start.
#[derive(Debug, Clone)]
pub struct StartBuild {
    /// The build service.
    pub service: ServiceId,
    /// Branch, tag or commit; the service's own when absent.
    pub reference: Option<String>,
    /// Inputs of the build.
    pub parameters: Vec<ParameterValue>,
    /// The same key of the same principal: the first result again, nothing is done twice.
    pub idempotency_key: Option<String>,
}

/// A build to repeat.
#[derive(Debug, Clone)]
pub struct RerunBuild {
    /// The build.
    pub build: BuildId,
    /// Where to begin.
    pub from: RerunFrom,
    /// Inputs to change; the others stay.
    pub parameters: Vec<ParameterValue>,
    /// The same key of the same principal: the first result again, nothing is done twice.
    pub idempotency_key: Option<String>,
}

impl App {
    /// Starts a build: stored with its number at once, at work as soon as its provider has taken it in.
    ///
    /// # Errors
    /// [`AppError::Invalid`], [`AppError::NotFound`], [`AppError::WrongState`], [`AppError::KeyReused`].
    pub async fn start_build(&self, principal: &Principal, request: StartBuild) -> Result<Build, AppError> {
        let service = self.service(principal, request.service).await?;
        self.require(principal, service.project, ProjectRole::Developer).await?;
        if let Some(reference) = &request.reference
            && (reference.is_empty()
                || reference.len() > LONGEST_REFERENCE
                || reference.starts_with('-')
                || reference.chars().any(|c| c.is_control() || c.is_whitespace()))
        {
            return Err(AppError::invalid(["ref"], "is not a branch, tag or commit: remove spaces and a leading `-`"));
        }
        let hash = request_hash(&(request.service, &request.reference, &request.parameters));
        self.check_inputs(principal, &service, request.reference.as_deref(), &request.parameters).await?;
        let begin = Begin {
            kind: TriggerKind::Manual,
            reference: request.reference,
            parameters: request.parameters,
            rerun_of: None,
            deploys: None,
            commit: None,
            warnings: Vec::new(),
        };
        let key = keyed(request.idempotency_key, hash)?;
        self.begin(principal, &service, begin, key).await
    }

    /// Runs a build again as a new build of the same commit and definition.
    ///
    /// # Errors
    /// As for starting, and [`AppError::NotSupported`].
    pub async fn rerun_build(&self, principal: &Principal, request: RerunBuild) -> Result<Build, AppError> {
        let hash = request_hash(&(request.build, &request.from, &request.parameters));
        let old = self.build(principal, request.build).await?;
        self.require(principal, old.project, ProjectRole::Developer).await?;
        let service = self.service(principal, old.service).await?;
        let needed = match request.from {
            RerunFrom::Beginning => Capability::Rerun,
            RerunFrom::Stage(_) | RerunFrom::Failed => Capability::RerunFromStage,
        };
        self.offers(principal, &old, needed).await?;
        if old.deploys.is_some() {
            return Err(AppError::WrongState(NO_RERUN.to_owned()));
        }
        if !old.status.is_terminal() {
            return Err(AppError::WrongState("the build is not over: wait for its end, or cancel it".to_owned()));
        }
        match &request.from {
            RerunFrom::Beginning => {}
            RerunFrom::Failed if !old.status.is_bad() => {
                return Err(AppError::WrongState(
                    "nothing failed in this build: run it again from the beginning".to_owned(),
                ));
            }
            RerunFrom::Stage(_) | RerunFrom::Failed if old.commit.is_none() => {
                return Err(AppError::WrongState(
                    "it is not known which commit was built: run it again from the beginning".to_owned(),
                ));
            }
            RerunFrom::Stage(_) | RerunFrom::Failed => {}
        }
        let mut parameters = old.parameters.clone();
        for change in request.parameters {
            parameters.retain(|kept| kept.name != change.name);
            parameters.push(change);
        }
        let warnings = of_another_commit(&old, &service).into_iter().collect();
        let at = old.commit.as_ref().map(|commit| commit.sha.clone()).or_else(|| old.reference.clone());
        self.check_inputs(principal, &service, at.as_deref(), &parameters).await?;
        let begin = Begin {
            kind: TriggerKind::Rerun,
            reference: old.reference.clone(),
            parameters,
            rerun_of: Some(RerunOf { build: old.id, from: request.from }),
            deploys: None,
            commit: old.commit.clone(),
            warnings,
        };
        let key = keyed(request.idempotency_key, hash)?;
        self.begin(principal, &service, begin, key).await
    }

    /// Whether a build of this service could begin now, with the caller's own accounts. What can be renewed without the caller
    /// is renewed.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Provider`] when the provider cannot be set up.
    pub async fn can_start(&self, principal: &Principal, id: ServiceId) -> Result<StartCheck, AppError> {
        let service = self.service(principal, id).await?;
        let provider = self.inner.registry.get(service.provider).await?;
        self.inner.gate.check_start(&principal.actor, &*provider, &service, None).await
    }

    pub(super) async fn begin(
        &self,
        principal: &Principal,
        service: &BuildService,
        begin: Begin,
        idempotency: Option<Idempotency>,
    ) -> Result<Build, AppError> {
        let record = self.provider(principal, service.provider).await?;
        if !record.enabled {
            return Err(AppError::WrongState("the provider is switched off: ask an administrator".to_owned()));
        }
        let provider = self.inner.registry.get_for(&record)?;
        let project = self.project(principal, service.project).await?;
        let spec = spec_of(&*provider, &record, &project, service);
        let Some(config_ref) = service.config_ref.clone() else {
            return Err(AppError::WrongState(
                "the build service is not set up at its provider: save it again".to_owned(),
            ));
        };
        let verb = if begin.deploys.is_some() { Verb::Deploy } else { Verb::Start };
        self.not_denied(principal, service, &record, verb).await?;
        let check = self.inner.gate.check_start(&principal.actor, &*provider, service, begin.deploys.as_ref()).await?;
        let new = NewBuild {
            id: BuildId::generate(&*self.inner.ids),
            service: service.id,
            reference: Some(begin.reference.unwrap_or_else(|| service.repository.reference.clone())),
            parameters: begin.parameters,
            trigger: Trigger { kind: begin.kind, actor: principal.actor.clone() },
            rerun_of: begin.rerun_of,
            deploys: begin.deploys,
            commit: begin.commit,
            spec: serde_json::to_value(&spec).map_err(|e| {
                AppError::Provider(alm_build_spi::ProviderError::internal("the configuration cannot be stored", e))
            })?,
            config_ref,
            hold: check.hold(service.revision, self.inner.longest_hold),
            warnings: begin.warnings.into_iter().chain(check.warnings()).collect(),
        };
        match self.store().start_build(principal, new, idempotency).await? {
            StartOutcome::Started(build) => {
                self.inner.hub.ring_project(build.project);
                self.inner.monitors.follow(build.id);
                Ok(build)
            }
            StartOutcome::Repeated(build) => Ok(build),
            StartOutcome::KeyReused(first) => Err(key_reused(first)),
        }
    }

    /// Checks inputs against the definition, where it can be read soon. Where it cannot, or is itself wrong, the build says so.
    async fn check_inputs(
        &self,
        principal: &Principal,
        service: &BuildService,
        reference: Option<&str>,
        parameters: &[ParameterValue],
    ) -> Result<(), AppError> {
        let described = tokio::time::timeout(DESCRIBE_WITHIN, self.describe(principal, service, reference)).await;
        let Ok(Ok(description)) = described else { return Ok(()) };
        check_parameters(&description.parameters, parameters)
            .map(drop)
            .map_err(|problems| AppError::Invalid(problems.into_iter().map(FieldProblem::from).collect()))
    }
}

/// A build to begin, checked.
pub(super) struct Begin {
    pub(super) kind: TriggerKind,
    pub(super) reference: Option<String>,
    pub(super) parameters: Vec<ParameterValue>,
    pub(super) rerun_of: Option<RerunOf>,
    pub(super) deploys: Option<Deploys>,
    pub(super) commit: Option<Commit>,
    /// What is odd about it, for people.
    pub(super) warnings: Vec<Warning>,
}

/// What a repetition is told of which nobody knows what its build was of.
fn of_another_commit(old: &Build, service: &BuildService) -> Option<Warning> {
    if old.commit.is_some() || old.started_at.is_none() {
        return None;
    }
    let (number, reference) = (old.number, old.reference.as_ref().unwrap_or(&service.repository.reference));
    let message = format!(
        "which commit #{number} was built of is not known, so that this one is built of what {} is now",
        shorten(reference)
    );
    Some(Warning { code: "COMMIT_UNKNOWN".to_owned(), message })
}

/// The key under which a request counts once.
pub(super) fn keyed(key: Option<String>, request_hash: [u8; 32]) -> Result<Option<Idempotency>, AppError> {
    if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > LONGEST_KEY) {
        return Err(AppError::invalid(["idempotencyKey"], format!("must have 1 to {LONGEST_KEY} bytes")));
    }
    Ok(key.map(|key| Idempotency { key, request_hash }))
}

pub(super) fn key_reused(first: BuildId) -> AppError {
    AppError::KeyReused(FieldProblem::new(
        ["idempotencyKey"],
        format!("was used for another request already, which made {first}: use a new key"),
    ))
}

/// What makes two requests the same.
pub(super) fn request_hash(request: &impl serde::Serialize) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(request).unwrap_or_default());
    hash.finalize().into()
}
