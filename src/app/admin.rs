//! Use cases about projects and providers.

use alm_domain::{
    Build, BuildId, HealthState, Principal, Project, ProjectId, ProjectRole, ProjectSeq, Provider, ProviderHealth,
    ProviderId, ProviderKind, Settings, Slug, Timestamp, check_settings,
};
use alm_store::{NewProject, NewProvider, ProjectPatch, ProviderPatch};

use super::{App, AppError, FieldProblem};

/// Longest name for display, in characters.
const LONGEST_NAME: usize = 200;
/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 10_000;

/// A provider to register.
#[derive(Debug, Clone)]
pub struct RegisterProvider {
    /// Unique short name.
    pub slug: Slug,
    /// Name for display.
    pub display_name: String,
    /// Family.
    pub kind: ProviderKind,
    /// Address of the engine; must be absent for the local one.
    pub endpoint: Option<String>,
    /// Settings that build services inherit.
    pub settings: Settings,
    /// Probe it, register nothing.
    pub validate_only: bool,
}

/// What to change about a provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderChanges {
    /// New name.
    pub display_name: Option<String>,
    /// On or off.
    pub enabled: Option<bool>,
    /// Settings to set, or (`None`) to take away; the others stay.
    pub settings: Vec<(String, Option<serde_json::Value>)>,
}

pub(super) fn check_name(name: &str, field: &str) -> Result<String, AppError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(AppError::invalid(
            [field],
            format!("must have 1 to {LONGEST_NAME} characters, and no control characters"),
        ));
    }
    Ok(name.to_owned())
}

fn check_description(text: &str) -> Result<(), AppError> {
    if text.chars().count() > LONGEST_DESCRIPTION || text.contains('\0') {
        return Err(AppError::invalid(["description"], format!("must have at most {LONGEST_DESCRIPTION} characters")));
    }
    Ok(())
}

/// Lays changes over settings.
pub(super) fn changed(mut settings: Settings, changes: Vec<(String, Option<serde_json::Value>)>) -> Settings {
    for (key, value) in changes {
        match value {
            Some(value) => settings.insert(key, value),
            None => settings.remove(&key),
        };
    }
    settings
}

pub(super) fn settings_problems(
    definitions: &[alm_domain::SettingDefinition],
    settings: &Settings,
    service: bool,
) -> Result<(), AppError> {
    check_settings(definitions, settings, service).map_err(|problems| {
        AppError::Invalid(
            problems
                .into_iter()
                .map(|p| {
                    FieldProblem::new(["configuration".to_owned(), p.key.clone()], format!("{}: {}", p.key, p.problem))
                })
                .collect(),
        )
    })
}

impl App {
    /// Creates a project.
    ///
    /// # Errors
    /// [`AppError::Invalid`], [`AppError::Taken`].
    pub async fn create_project(
        &self,
        principal: &Principal,
        slug: Slug,
        display_name: &str,
        description: Option<String>,
    ) -> Result<Project, AppError> {
        let display_name = check_name(display_name, "displayName")?;
        if let Some(text) = &description {
            check_description(text)?;
        }
        Ok(self.store().create_project(principal, NewProject { slug, display_name, description }).await?)
    }

    /// Changes a project. An empty description takes it away.
    ///
    /// # Errors
    /// [`AppError::Invalid`], [`AppError::NotFound`], [`AppError::Stale`].
    pub async fn update_project(
        &self,
        principal: &Principal,
        id: ProjectId,
        display_name: Option<String>,
        description: Option<String>,
        is_archived: Option<bool>,
        expected: Option<ProjectSeq>,
    ) -> Result<Project, AppError> {
        let display_name = display_name.map(|name| check_name(&name, "displayName")).transpose()?;
        if let Some(text) = &description {
            check_description(text)?;
        }
        let description = description.map(|text| Some(text).filter(|t| !t.is_empty()));
        let patch = ProjectPatch { display_name, description, is_archived };
        let project = self.store().update_project(principal, id, patch, expected).await?;
        self.inner.hub.ring_project(id);
        Ok(project)
    }

    /// Registers a provider, probed. With `validate_only` nothing is stored, and there is no provider in the answer.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Taken`].
    pub async fn register_provider(
        &self,
        principal: &Principal,
        request: RegisterProvider,
    ) -> Result<(Option<Provider>, ProviderHealth), AppError> {
        require_admin(principal)?;
        let display_name = check_name(&request.display_name, "displayName")?;
        let definitions = self.inner.registry.settings(request.kind)?;
        if !request.kind.has_endpoint() && request.endpoint.is_some() {
            return Err(AppError::invalid(["endpoint"], "a local provider has no address: leave it out"));
        }
        settings_problems(&definitions, &request.settings, false)?;
        let new = NewProvider {
            slug: request.slug,
            display_name,
            kind: request.kind,
            endpoint: request.endpoint,
            settings: request.settings,
        };
        let trial = Provider {
            id: ProviderId::generate(&*self.inner.ids),
            revision: 0,
            slug: new.slug.clone(),
            display_name: new.display_name.clone(),
            kind: new.kind,
            endpoint: new.endpoint.clone(),
            enabled: false,
            settings: new.settings.clone(),
            version: None,
            capabilities: vec![],
            health: None,
            registered_by: principal.actor.clone(),
            registered_at: self.clock().now(),
        };
        // An address or settings that do not fit are told before anything is asked or stored. The local provider has no address, and
        // its folders are made once there is a record.
        if trial.kind != ProviderKind::Local {
            let registry = &self.inner.registry;
            let fits = registry.get_for(&trial).and_then(|_| registry.configure(trial.id, &trial.settings));
            registry.discard(&trial);
            if let Err(error @ AppError::Invalid(_)) = fits {
                return Err(error);
            }
        }
        if request.validate_only {
            let probed = self.probe(&trial).await;
            self.inner.registry.discard(&trial);
            return Ok((None, probed?.0));
        }
        let record = self.store().register_provider(principal, new).await?;
        let record = self.store_probe(principal, &record).await?;
        let health = record.health.clone().unwrap_or_else(|| unknown(self.clock().now()));
        Ok((Some(record), health))
    }

    /// Changes a provider; its settings hold for builds that start from now on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::NotFound`], [`AppError::Stale`].
    pub async fn update_provider(
        &self,
        principal: &Principal,
        id: ProviderId,
        changes: ProviderChanges,
        expected: Option<u64>,
    ) -> Result<Provider, AppError> {
        require_admin(principal)?;
        let display_name = changes.display_name.map(|name| check_name(&name, "displayName")).transpose()?;
        let record = self.provider(principal, id).await?;
        let settings = if changes.settings.is_empty() {
            None
        } else {
            let settings = changed(record.settings.clone(), changes.settings);
            settings_problems(&self.inner.registry.settings(record.kind)?, &settings, false)?;
            self.inner.registry.get_for(&record)?;
            self.inner.registry.configure(id, &settings)?;
            Some(settings)
        };
        let patch = ProviderPatch { display_name, enabled: changes.enabled, settings: settings.clone() };
        match self.store().update_provider(principal, id, patch, expected).await {
            Ok(provider) => {
                self.inner.hub.ring_providers();
                Ok(provider)
            }
            Err(error) => {
                if settings.is_some() {
                    self.inner.registry.configure(id, &record.settings)?;
                }
                Err(error.into())
            }
        }
    }

    /// Removes a provider that nothing uses.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::InUse`], [`AppError::Stale`].
    pub async fn remove_provider(
        &self,
        principal: &Principal,
        id: ProviderId,
        expected: Option<u64>,
    ) -> Result<(), AppError> {
        require_admin(principal)?;
        self.store().remove_provider(principal, id, expected).await?;
        self.inner.registry.forget(id);
        self.inner.probes.forget(id);
        self.inner.hub.ring_providers();
        Ok(())
    }

    /// What providers of this kind are and can do; `None` for a kind that this server does not have.
    #[must_use]
    pub fn descriptor(&self, kind: ProviderKind) -> Option<alm_build_spi::ProviderDescriptor> {
        self.inner.registry.descriptor(kind).ok()
    }

    /// Every setting that may be given on providers of this kind and on their build services; empty for a kind that this server
    /// does not have.
    #[must_use]
    pub fn settings(&self, kind: ProviderKind) -> Vec<alm_domain::SettingDefinition> {
        self.inner.registry.settings(kind).unwrap_or_default()
    }

    /// A build, or the error that names the field.
    pub(super) async fn build(&self, principal: &Principal, id: BuildId) -> Result<Build, AppError> {
        self.store().builds(principal, &[id]).await?.pop().ok_or_else(|| AppError::not_found("buildId", "build"))
    }

    /// A provider, or the error that names the field.
    pub(super) async fn provider(&self, principal: &Principal, id: ProviderId) -> Result<Provider, AppError> {
        self.store()
            .providers(principal, &[id])
            .await?
            .pop()
            .ok_or_else(|| AppError::not_found("providerId", "provider"))
    }
}

fn unknown(now: Timestamp) -> ProviderHealth {
    ProviderHealth { state: HealthState::Unknown, message: None, checked_at: now, latency_ms: 0 }
}

impl App {
    /// Refuses what a principal may not do in a project that it sees, before anything else is done for it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Forbidden`].
    pub(super) async fn require(
        &self,
        principal: &Principal,
        project: ProjectId,
        needed: ProjectRole,
    ) -> Result<(), AppError> {
        Ok(self.store().require(principal, project, needed).await?)
    }
}

pub(super) fn require_admin(principal: &Principal) -> Result<(), AppError> {
    if principal.may_administer() {
        Ok(())
    } else {
        Err(AppError::Forbidden("only an administrator may do this".to_owned()))
    }
}
