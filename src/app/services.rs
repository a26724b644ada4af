//! Use cases about build services.

use alm_build_spi::{BuildConfigSpec, BuildProvider, Chosen, ConfigRef, Description, ProviderError, Verb};
use alm_domain::{
    BuildService, ConfigurationEntry, EnvironmentId, Principal, Project, ProjectId, ProjectRole, Provider, ProviderId,
    RepositoryRef, ServiceId, Settings, Slug, effective_configuration,
};
use alm_store::{NewService, ServicePatch};

use super::{
    App, AppError,
    admin::{changed, check_name, settings_problems},
    engine::Engine,
};

/// A build service to create.
#[derive(Debug, Clone)]
pub struct CreateService {
    /// The project; `None` for one that is not there yet, which can only be checked.
    pub project: Option<ProjectId>,
    /// The provider.
    pub provider: ProviderId,
    /// Short name, unique within the project.
    pub slug: Slug,
    /// Name for display.
    pub display_name: String,
    /// Where the source is.
    pub repository: RepositoryRef,
    /// Settings on top of the provider's.
    pub settings: Settings,
    /// The environments that its builds use; `None` for all of the project.
    pub environments: Option<Vec<EnvironmentId>>,
    /// Check everything, change nothing.
    pub validate_only: bool,
}

/// What to change about a build service.
#[derive(Debug, Clone, Default)]
pub struct UpdateService {
    /// New name.
    pub display_name: Option<String>,
    /// New place of the source.
    pub repository: Option<RepositoryRef>,
    /// Settings to set, or (`None`) to take from the provider again; the others stay.
    pub settings: Vec<(String, Option<serde_json::Value>)>,
    /// The environments that its builds use; `Some(None)` for all of the project.
    pub environments: Option<Option<Vec<EnvironmentId>>>,
    /// Check everything, change nothing.
    pub validate_only: bool,
}

impl App {
    /// Creates a build service, here and at its provider. `None` when it was only validated.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with every finding, [`AppError::Taken`], [`AppError::NotFound`], [`AppError::WrongState`];
    /// [`AppError::Forbidden`] without a project to whoever may not create one.
    pub async fn create_service(
        &self,
        principal: &Principal,
        request: CreateService,
    ) -> Result<Option<BuildService>, AppError> {
        let display_name = check_name(&request.display_name, "displayName")?;
        let Some(project) = request.project else {
            return self.check_first_service(principal, &request).await.map(|()| None);
        };
        let project = self.project(principal, project).await?;
        self.require(principal, project.id, ProjectRole::Owner).await?;
        if project.is_archived {
            return Err(AppError::WrongState("the project is archived: restore it first".to_owned()));
        }
        let record = self.chosen_provider(principal, request.provider).await?;
        if self.store().service_by_address(principal, project.slug.as_str(), request.slug.as_str()).await?.is_some() {
            return Err(AppError::Taken(super::FieldProblem::new(["slug"], "is in use already: choose another one")));
        }
        self.check_environments(principal, project.id, &record, request.environments.as_deref()).await?;
        let id = ServiceId::generate(&*self.inner.ids);
        let name = format!("{}/{}", project.slug, request.slug);
        let engine = self.engine(principal, &record, project.id, request.environments.as_deref()).await?;
        let spec = self.checked(&engine, &record, id, name, &request.repository, &request.settings).await?;
        if request.validate_only {
            return Ok(None);
        }
        let config =
            engine.heard(engine.provider.create_config(&engine.access, &spec).await).await.map_err(in_the_way)?;
        let new = NewService {
            id,
            project: project.id,
            provider: request.provider,
            slug: request.slug,
            display_name,
            repository: request.repository,
            settings: request.settings,
            environments: request.environments,
            config_ref: Some(config.0.clone()),
        };
        match self.store().create_service(principal, new).await {
            Ok(service) => {
                self.inner.hub.ring_project(service.project);
                Ok(Some(service))
            }
            Err(error) => {
                // What was made at the engine belongs to nobody now.
                if let Err(error) = engine.provider.delete_config(&engine.access, &config).await {
                    tracing::warn!(service = %id, error = &error as &dyn std::error::Error, "a build configuration was left at the engine");
                }
                Err(error.into())
            }
        }
    }

    /// Whether the first build service of a project that is yet to be created could be made so. Nothing is told of the short name:
    /// a new project has none in use.
    async fn check_first_service(&self, principal: &Principal, request: &CreateService) -> Result<(), AppError> {
        if !request.validate_only {
            let problem = "is missing: name the project; only a check, with validateOnly, does without one";
            return Err(AppError::invalid(["projectId"], problem));
        }
        if !principal.may_create_projects() {
            return Err(AppError::Forbidden(
                "without a project, build services are checked for those who may create projects: this token does not \
                 allow it"
                    .to_owned(),
            ));
        }
        if request.environments.as_ref().is_some_and(|chosen| !chosen.is_empty()) {
            let problem = "cannot be used without a project, whose environments they are: leave them out";
            return Err(AppError::invalid(["environmentIds"], problem));
        }
        let record = self.chosen_provider(principal, request.provider).await?;
        let engine = self.engine_without_account(principal, &record)?;
        let (id, name) = (ServiceId::generate(&*self.inner.ids), request.slug.to_string());
        self.checked(&engine, &record, id, name, &request.repository, &request.settings).await.map(drop)
    }

    /// A provider for a new build service.
    async fn chosen_provider(&self, principal: &Principal, id: ProviderId) -> Result<Provider, AppError> {
        let record = self.provider(principal, id).await?;
        if record.enabled {
            Ok(record)
        } else {
            Err(AppError::WrongState("the provider is switched off: choose another one".to_owned()))
        }
    }

    /// Changes a build service, here and at its provider. Running builds keep what they started with. What somebody else changed at the
    /// engine, and the request does not name, stays as it is there. `None` when it was only validated.
    ///
    /// # Errors
    /// As for creating, and [`AppError::Stale`].
    pub async fn update_service(
        &self,
        principal: &Principal,
        id: ServiceId,
        changes: UpdateService,
        expected: Option<u64>,
    ) -> Result<Option<BuildService>, AppError> {
        let service = self.service(principal, id).await?;
        self.require(principal, service.project, ProjectRole::Owner).await?;
        let display_name = changes.display_name.map(|name| check_name(&name, "displayName")).transpose()?;
        let project = self.project(principal, service.project).await?;
        let record = self.provider(principal, service.provider).await?;
        self.not_denied(principal, &service, &record, Verb::Edit).await?;
        if let Some(environments) = &changes.environments {
            self.check_environments(principal, service.project, &record, environments.as_deref()).await?;
        }
        let chosen_of_it = Chosen {
            repository: changes.repository.is_some(),
            settings: changes.settings.iter().map(|(key, _)| key.clone()).collect(),
        };
        let repository = changes.repository.unwrap_or_else(|| service.repository.clone());
        let settings = changed(service.settings.clone(), changes.settings);
        let name = format!("{}/{}", project.slug, service.slug);
        let chosen = changes.environments.as_ref().unwrap_or(&service.environments);
        let engine = self.engine(principal, &record, service.project, chosen.as_deref()).await?;
        let spec = self.checked(&engine, &record, id, name, &repository, &settings).await?;
        if changes.validate_only {
            return Ok(None);
        }
        if expected.is_some_and(|revision| revision != service.revision) {
            return Err(AppError::Stale);
        }
        let Engine { provider, access, .. } = &engine;
        let config = match &service.config_ref {
            Some(config) => {
                match provider.update_config(access, &ConfigRef(config.clone()), &spec, &chosen_of_it).await {
                    Err(ProviderError::NotFound(_)) => provider.create_config(access, &spec).await,
                    updated => updated,
                }
            }
            None => provider.create_config(access, &spec).await,
        };
        let config = engine.heard(config).await.map_err(in_the_way)?;
        let patch = ServicePatch {
            display_name,
            repository: Some(repository),
            settings: Some(settings),
            environments: changes.environments,
            config_ref: Some(config.0),
        };
        let service = self.store().update_service(principal, id, patch, expected).await?;
        self.inner.hub.ring_project(service.project);
        Ok(Some(service))
    }

    /// What a build of this service would do, read from its definition now.
    ///
    /// # Errors
    /// [`AppError::NotSupported`], [`AppError::Invalid`] with every finding in the definition, [`AppError::Provider`].
    pub async fn describe(
        &self,
        principal: &Principal,
        service: &BuildService,
        reference: Option<&str>,
    ) -> Result<Description, AppError> {
        let record = self.provider(principal, service.provider).await?;
        let engine = self.engine(principal, &record, service.project, service.environments.as_deref()).await?;
        let project = self.project(principal, service.project).await?;
        let spec = spec_of(&*engine.provider, &record, &project, service);
        let reference = reference.unwrap_or(&service.repository.reference);
        engine.heard(engine.provider.describe(&engine.access, &spec, reference).await).await
    }

    /// The effective settings of a build service: a superset of its provider's, each with its origin. Empty where this server
    /// does not have the provider's kind.
    #[must_use]
    pub fn effective(&self, provider: &Provider, service: Option<&BuildService>) -> Vec<ConfigurationEntry> {
        effective_configuration(&self.settings(provider.kind), &provider.settings, service.map(|s| &s.settings))
    }

    /// A build service, or the error that names the field. Removed ones are not found.
    pub(super) async fn service(&self, principal: &Principal, id: ServiceId) -> Result<BuildService, AppError> {
        self.store()
            .services(principal, &[id])
            .await?
            .pop()
            .filter(|service| service.removed_at.is_none())
            .ok_or_else(|| AppError::not_found("serviceId", "build service"))
    }

    pub(super) async fn project(&self, principal: &Principal, id: ProjectId) -> Result<Project, AppError> {
        self.store().projects(principal, &[id]).await?.pop().ok_or_else(|| AppError::not_found("projectId", "project"))
    }

    async fn checked(
        &self,
        engine: &Engine,
        record: &Provider,
        service: ServiceId,
        name: String,
        repository: &RepositoryRef,
        settings: &Settings,
    ) -> Result<BuildConfigSpec, AppError> {
        let provider = &engine.provider;
        settings_problems(&self.inner.registry.settings(record.kind)?, settings, true)?;
        let spec = BuildConfigSpec {
            service,
            name,
            repository: repository.clone(),
            settings: effective_configuration(&provider.descriptor().settings, &record.settings, Some(settings)),
        };
        engine.heard(provider.validate(&engine.access, &spec).await).await?;
        Ok(spec)
    }
}

/// What is in the way at the engine is for people to clear: it is told to them.
fn in_the_way(error: AppError) -> AppError {
    match error {
        AppError::Provider(ProviderError::Conflict(why)) => AppError::WrongState(why),
        error => error,
    }
}

/// What the provider needs in order to make builds of a build service.
pub(super) fn spec_of(
    provider: &dyn BuildProvider,
    record: &Provider,
    project: &Project,
    service: &BuildService,
) -> BuildConfigSpec {
    BuildConfigSpec {
        service: service.id,
        name: format!("{}/{}", project.slug, service.slug),
        repository: service.repository.clone(),
        settings: effective_configuration(&provider.descriptor().settings, &record.settings, Some(&service.settings)),
    }
}
