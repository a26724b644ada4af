//! Starting builds, at most once per idempotency key.

use alm_domain::{
    Build, BuildId, BuildShape, BuildState, Change, Commit, Deploys, EventSeq, Hold, JournalEntry, ParameterValue,
    Principal, ProjectEventKind, ProjectId, ProjectRole, ProviderId, RerunOf, RunStatus, ServiceId, Trigger,
    TriggerKind, Warning,
};
use sea_orm::{EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use super::{ExternalRun, MOST_RETRIES, external::note_run, round::round, update::write_approvals};
use crate::{
    Store, StoreError,
    audit::Act,
    deployments::{begin, write},
    entity::{build, build_run, idempotency_key, journal, provider, service},
    error::is_collision,
    projects::{add_event, open_project},
    value::{counter, storable, write_json},
    visibility::visible,
};

/// A build to start.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBuild {
    /// Its id; new.
    pub id: BuildId,
    /// The build service.
    pub service: ServiceId,
    /// Branch, tag or commit that was asked for.
    pub reference: Option<String>,
    /// Inputs as given.
    pub parameters: Vec<ParameterValue>,
    /// What set it off.
    pub trigger: Trigger,
    /// The build that it repeats.
    pub rerun_of: Option<RerunOf>,
    /// That it brings the version of another build somewhere.
    pub deploys: Option<Deploys>,
    /// What is to be built, where it is known already.
    pub commit: Option<Commit>,
    /// The effective configuration that the build keeps.
    pub spec: serde_json::Value,
    /// The provider's own name for the build configuration.
    pub config_ref: String,
    /// Why it does not go to its engine yet; its service's revision must be the one that this names.
    pub hold: Option<Hold>,
    /// Oddities that are known already.
    pub warnings: Vec<Warning>,
}

/// What makes starting idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, unique per principal.
    pub key: String,
    /// Hash of all that was asked for.
    pub request_hash: [u8; 32],
}

/// What starting a build came to.
#[derive(Debug, Clone, PartialEq)]
pub enum StartOutcome {
    /// There is a new build.
    Started(Build),
    /// This key has started this build before, with the same request.
    Repeated(Build),
    /// This key has started this build before, with another request.
    KeyReused(BuildId),
}

impl Store {
    /// Starts a build: gives it the next number of its build service and notes it in its journal and in its project's. The
    /// same key of the same principal never starts a second one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such build service; [`StoreError::WrongState`] when it was removed, its
    /// project is archived or its provider is disabled.
    pub async fn start_build(
        &self,
        principal: &Principal,
        new: NewBuild,
        idempotency: Option<Idempotency>,
    ) -> Result<StartOutcome, StoreError> {
        checked(&new)?;
        idempotency.as_ref().map_or(Ok(()), |i| storable("idempotencyKey", &i.key))?;
        let mut retries = 0;
        loop {
            match self.try_start(principal, &new, idempotency.as_ref(), None).await {
                // Another call with this key was faster: find what it started.
                Err(Refused::KeyTaken) if retries < MOST_RETRIES => retries += 1,
                Err(Refused::KeyTaken) => return Err(StoreError::Unavailable("the key is contended".into())),
                Err(Refused::RunKnown) => return Err(StoreError::Unavailable("no run was named".into())),
                Err(Refused::Error(e)) if is_collision(&e) && retries < MOST_RETRIES => retries += 1,
                Err(Refused::Error(e)) => return Err(e),
                Ok(outcome) => return Ok(outcome),
            }
        }
    }

    /// What an earlier call with this key came to; `None` when there was none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the build is not visible any more.
    pub async fn started_before(
        &self,
        principal: &Principal,
        idempotency: &Idempotency,
    ) -> Result<Option<StartOutcome>, StoreError> {
        storable("idempotencyKey", &idempotency.key)?;
        let key = (principal.key(), idempotency.key.clone());
        let Some(known) = idempotency_key::Entity::find_by_id(key).one(self.reader()).await? else { return Ok(None) };
        let id = BuildId::from_uuid(known.build_id);
        if known.request_hash != idempotency.request_hash {
            return Ok(Some(StartOutcome::KeyReused(id)));
        }
        let build = self.builds(principal, &[id]).await?.pop().ok_or(StoreError::NotFound)?;
        Ok(Some(StartOutcome::Repeated(build)))
    }

    /// One try at a build; with the run that it is already, where its engine began it by itself.
    pub(super) async fn try_start(
        &self,
        principal: &Principal,
        new: &NewBuild,
        idempotency: Option<&Idempotency>,
        run: Option<&ExternalRun>,
    ) -> Result<StartOutcome, Refused> {
        let owner = principal.key();
        let scope = visible(principal).at_least(ProjectRole::Developer);
        let tx = self.begin().await?;
        if let Some(i) = idempotency
            && let Some(known) =
                idempotency_key::Entity::find_by_id((owner.clone(), i.key.clone())).one(tx.db()).await?
        {
            let id = BuildId::from_uuid(known.build_id);
            if known.request_hash != i.request_hash {
                return Ok(StartOutcome::KeyReused(id));
            }
            let row = build::Entity::find_by_id(known.build_id).one(tx.db()).await?.ok_or(StoreError::NotFound)?;
            scope.permit(tx.db(), row.project_id).await?;
            return Ok(StartOutcome::Repeated(row.try_into()?));
        }
        // Builds of one service queue up here, so that its numbers have no holes.
        let mut service = service::Entity::find_by_id(new.service.as_uuid())
            .filter(scope.projects(service::Column::ProjectId))
            .lock_exclusive()
            .one(tx.db())
            .await?
            .ok_or(StoreError::NotFound)?;
        if service.removed_at.is_some() {
            let why = format!("the build service {} was removed: nothing can be started in it", service.slug);
            return Err(StoreError::WrongState(why).into());
        }
        open_project(tx.db(), scope, service.project_id).await?;
        let provider =
            provider::Entity::find_by_id(service.provider_id).one(tx.db()).await?.ok_or(StoreError::NotFound)?;
        if !provider.enabled {
            let why = format!("the provider {} is disabled: an administrator can enable it", provider.slug);
            return Err(StoreError::WrongState(why).into());
        }
        let now = self.now();
        if let Some(run) = run
            && !note_run(tx.db(), service.id, run, new.id, now).await?
        {
            return Err(Refused::RunKnown);
        }
        service.last_number += 1;
        let mut state = BuildState::new(Build {
            id: new.id,
            project: ProjectId::from_uuid(service.project_id),
            service: new.service,
            provider: ProviderId::from_uuid(service.provider_id),
            number: counter(service.last_number)?,
            revision: EventSeq(1),
            status: RunStatus::Queued,
            reason: None,
            shape: BuildShape::Unknown,
            reference: new.reference.clone(),
            commit: new.commit.clone(),
            trigger: new.trigger.clone(),
            parameters: new.parameters.clone(),
            rerun_of: new.rerun_of.clone(),
            deploys: new.deploys.clone(),
            targets: Vec::new(),
            queued_at: run.map_or(now, |run| run.began_at.min(now)),
            started_at: None,
            finished_at: None,
            external_url: None,
            degraded_since: None,
            degraded_reason: None,
            degraded_code: None,
            hold: None,
            cancel: None,
            artifacts: Vec::new(),
            outputs: Vec::new(),
            steps: Vec::new(),
            warnings: new.warnings.clone(),
            without: Vec::new(),
            is_complete: false,
        });
        if let Some(hold) = &new.hold {
            state.hold(hold.clone());
        }
        let deployment = begin(tx.db(), &mut state, now).await?;
        round(&mut state);
        let BuildState { build: started, approvals, .. } = state;
        let approvals: Vec<_> = approvals.into_values().collect();
        let row = build::Model::of(&started)?.into_active_model();
        build::Entity::insert(row).exec_without_returning(tx.db()).await?;
        if let Some(i) = idempotency {
            let row = idempotency_key::Model {
                principal: owner,
                key: i.key.clone(),
                request_hash: i.request_hash.to_vec(),
                build_id: new.id.as_uuid(),
            };
            idempotency_key::Entity::insert(row.into_active_model()).exec_without_returning(tx.db()).await.map_err(
                |e| if crate::error::is_unique_violation(&e) { Refused::KeyTaken } else { Refused::Error(e.into()) },
            )?;
        }
        let row = build_run::Model {
            build_id: new.id.as_uuid(),
            event_head: 1,
            line_head: 0,
            log_bytes: 0,
            open_bytes: 0,
            open_segments: 0,
            epoch: 0,
            is_released: false,
            config_ref: new.config_ref.clone(),
            run_ref: run.map(|run| run.name.clone()),
            resume: None,
            spec: write_json(&new.spec)?,
        };
        build_run::Entity::insert(row.into_active_model()).exec_without_returning(tx.db()).await?;
        let entry = JournalEntry {
            build: new.id,
            seq: EventSeq(1),
            at: now,
            change: Change { build: Some(started.clone()), approvals: approvals.clone(), ..Change::default() },
        };
        let entry = journal::Model::of(&entry)?.into_active_model();
        journal::Entity::insert(entry).exec_without_returning(tx.db()).await?;
        let service_slug = service.slug.clone();
        write_approvals(tx.db(), &approvals).await?;
        write(tx.db(), deployment.as_slice()).await?;
        let service = service::ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(service.id),
            last_number: sea_orm::ActiveValue::Set(service.last_number),
            ..Default::default()
        };
        service::Entity::update(service).exec_without_returning(tx.db()).await?;
        add_event(tx.db(), started.project, ProjectEventKind::BuildAdded(new.id), now).await?;
        if let Some(one) = deployment {
            add_event(tx.db(), one.project, ProjectEventKind::DeploymentChanged(one.id), now).await?;
        }
        let verb = match started.trigger.kind {
            TriggerKind::Rerun => "build.rerun",
            TriggerKind::Promotion => "deployment.promote",
            TriggerKind::Rollback => "deployment.roll_back",
            TriggerKind::Manual => "build.start",
            TriggerKind::External => "build.import",
        };
        let summary = format!("build {} of {}", started.number, service_slug);
        self.note(&tx, principal, Act::within(started.project, verb, new.id, summary)).await?;
        tx.commit().await?;
        Ok(StartOutcome::Started(started))
    }
}

/// Refuses what no database can hold.
pub(super) fn checked(new: &NewBuild) -> Result<(), StoreError> {
    new.reference.as_deref().map_or(Ok(()), |text| storable("reference", text))?;
    new.commit.as_ref().map_or(Ok(()), |commit| storable("commit", &commit.sha))?;
    storable("configRef", &new.config_ref)
}

/// Why a try at starting came to nothing.
pub(super) enum Refused {
    KeyTaken,
    /// The run that it was to be has become a build before.
    RunKnown,
    Error(StoreError),
}

impl<E: Into<StoreError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}
