//! Use cases about environments.

mod address;
mod token_mode;

use alm_credentials::outbound::CaBundle;
use alm_domain::{
    BuildService, Environment, EnvironmentId, EnvironmentName, EnvironmentRole, Principal, ProjectId, Protection,
    Provider, TokenMode,
};
use alm_store::{EnvironmentPatch, NewEnvironment};

pub(in crate::app) use address::{normal_url, origin_of};

use super::{App, AppError, FieldProblem, admin::check_name, clients::ClientFields};

/// Most people that can be asked to approve a deployment.
const MOST_APPROVALS: u32 = 10;

/// An environment to add.
#[derive(Debug)]
pub struct AddEnvironment {
    /// The project.
    pub project: ProjectId,
    /// Address of the cluster.
    pub url: String,
    /// Unique in the project.
    pub name: String,
    /// Name for display.
    pub display_name: String,
    /// The part of the cluster that is meant.
    pub namespace: Option<String>,
    /// Use.
    pub role: EnvironmentRole,
    /// Place among the targets.
    pub position: Option<u32>,
    /// What must happen before a deployment.
    pub protection: Protection,
    /// Certificates, in PEM.
    pub ca_bundle: Option<String>,
    /// Host of the registry.
    pub registry_host: Option<String>,
    /// Where people's tokens come from; `None` for what asks them for least, of all that the administrator allows and that works for
    /// the caller.
    pub token_mode: Option<TokenMode>,
    /// The OAuth client that is for it alone.
    pub client: Option<ClientFields>,
}

/// What to change of an environment; `None` leaves a field as it is, an empty text takes it away.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentChanges {
    /// Name for display.
    pub display_name: Option<String>,
    /// The part of the cluster that is meant.
    pub namespace: Option<String>,
    /// Place among the targets.
    pub position: Option<u32>,
    /// What must happen before a deployment.
    pub protection: ProtectionChanges,
    /// Certificates, in PEM.
    pub ca_bundle: Option<String>,
    /// Host of the registry.
    pub registry_host: Option<String>,
    /// Where people's tokens come from.
    pub token_mode: Option<TokenMode>,
}

/// What to change of a protection.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProtectionChanges {
    /// How many people must approve.
    pub required_approvals: Option<u32>,
    /// Whether the person who asked for it may approve.
    pub self_approval: Option<bool>,
    /// Whether the environment before this one comes first.
    pub in_order: Option<bool>,
}

impl ProtectionChanges {
    /// The rules with these changes.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for more approvals than can be asked for.
    pub fn over(self, rules: Protection) -> Result<Protection, AppError> {
        let required_approvals = self.required_approvals.unwrap_or(rules.required_approvals);
        if required_approvals > MOST_APPROVALS {
            let problem = format!("{required_approvals} are too many: use 0 to {MOST_APPROVALS}");
            return Err(AppError::invalid(["protection", "requiredApprovals"], problem));
        }
        Ok(Protection {
            required_approvals,
            self_approval: self.self_approval.unwrap_or(rules.self_approval),
            in_order: self.in_order.unwrap_or(rules.in_order),
        })
    }
}

impl App {
    /// Adds an environment to a project.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with every value at fault, [`AppError::Taken`], [`AppError::NotFound`], [`AppError::WrongState`].
    pub async fn add_environment(
        &self,
        principal: &Principal,
        request: AddEnvironment,
    ) -> Result<Environment, AppError> {
        let mut problems = Problems::default();
        let url = problems.check(normal_url(&request.url, &["endpoint", "url"]));
        let name = problems.check(name(&request.name));
        let display_name = problems.check(check_name(&request.display_name, "displayName"));
        let namespace = problems.check(namespace(request.namespace));
        let ca_bundle = problems.check(certificates(request.ca_bundle));
        let registry_host = problems.check(address::registry_host(request.registry_host));
        let (Some(url), Some(name), Some(display_name)) = (url, name, display_name) else {
            return Err(AppError::Invalid(problems.0));
        };
        problems.none()?;
        self.vetted(&url)?;
        let id = EnvironmentId::generate(&*self.inner.ids);
        let client = request.client.map(|fields| self.client_of_environment(id, &url, fields)).transpose()?;
        let mut new = NewEnvironment {
            id,
            project: request.project,
            name,
            display_name,
            url,
            namespace: namespace.flatten(),
            role: request.role,
            position: request.position,
            protection: request.protection,
            ca_bundle: ca_bundle.flatten(),
            registry_host: registry_host.flatten(),
            token_mode: TokenMode::Grant,
            client,
        };
        new.token_mode = self.token_mode_of_new(principal, &new, request.token_mode).await?;
        let added = self.store().add_environment(principal, new).await.map_err(|error| match error {
            alm_store::StoreError::NotFound => AppError::not_found("projectId", "project"),
            alm_store::StoreError::Taken { .. } => AppError::Taken(FieldProblem::new(
                ["endpoint", "name"],
                "an environment of this project has this name: choose another one",
            )),
            error => error.into(),
        })?;
        self.inner.hub.ring_project(added.project);
        if added.token_mode.is_own_token() {
            self.try_own_token(principal, &added).await;
        }
        Ok(added)
    }

    /// Changes an environment.
    ///
    /// # Errors
    /// As for adding, and [`AppError::Stale`].
    pub async fn update_environment(
        &self,
        principal: &Principal,
        id: EnvironmentId,
        changes: EnvironmentChanges,
        expected: Option<u64>,
    ) -> Result<Environment, AppError> {
        let current = self.environment(principal, id).await?;
        let mut problems = Problems::default();
        let display_name = changes.display_name.and_then(|name| problems.check(check_name(&name, "displayName")));
        let namespace = changes.namespace.and_then(|text| problems.check(namespace(Some(text))));
        let ca_bundle = changes.ca_bundle.and_then(|text| problems.check(certificates(Some(text))));
        let registry_host = changes.registry_host.and_then(|text| problems.check(address::registry_host(Some(text))));
        let protection = problems.check(changes.protection.over(current.protection));
        problems.none()?;
        if let Some(mode) = changes.token_mode {
            self.allowed_token_mode(&current, mode).await?;
        }
        let patch = EnvironmentPatch {
            display_name,
            namespace,
            position: changes.position,
            protection,
            ca_bundle,
            registry_host,
            token_mode: changes.token_mode,
        };
        let changed = self.store().update_environment(principal, id, patch, expected).await?;
        self.inner.hub.ring_project(changed.project);
        if changes.token_mode.is_some() {
            self.try_own_token(principal, &changed).await;
        }
        Ok(changed)
    }

    /// Removes an environment. What runs there is left alone; what people have connected to it is forgotten.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Stale`], [`AppError::WrongState`].
    pub async fn remove_environment(
        &self,
        principal: &Principal,
        id: EnvironmentId,
        expected: Option<u64>,
    ) -> Result<Environment, AppError> {
        self.environment(principal, id).await?;
        let removed = self.store().remove_environment(principal, id, expected).await?;
        self.inner.hub.ring_project(removed.environment.project);
        for user in &removed.disconnected {
            self.inner.hub.connections_changed(*user);
        }
        Ok(removed.environment)
    }

    /// Refuses an address that the policy for addresses does not let us reach.
    fn vetted(&self, url: &str) -> Result<(), AppError> {
        let refused = |message: String| AppError::invalid(["endpoint", "url"], message);
        let address = reqwest::Url::parse(url).map_err(|error| refused(error.to_string()))?;
        self.outbound().vet(&address).map_err(|error| refused(error.to_string()))
    }

    /// An environment that was not removed, or the error that names the field.
    pub(super) async fn environment(&self, principal: &Principal, id: EnvironmentId) -> Result<Environment, AppError> {
        let found = self.store().environments(principal, &[id]).await?.pop();
        found
            .filter(|environment| environment.removed_at.is_none())
            .ok_or_else(|| AppError::not_found("environmentId", "environment"))
    }

    /// Refuses a choice of environments that builds on this provider cannot use; `None` stands for all of the project.
    pub(super) async fn check_environments(
        &self,
        principal: &Principal,
        project: ProjectId,
        provider: &Provider,
        chosen: Option<&[EnvironmentId]>,
    ) -> Result<(), AppError> {
        let all = self.store().environments_of_project(principal, project).await?;
        let mut problems = Problems::default();
        for (index, id) in chosen.unwrap_or_default().iter().enumerate() {
            if !all.iter().any(|environment| environment.id == *id) {
                problems.add(
                    ["environmentIds".to_owned(), index.to_string()],
                    format!("{id} is not an environment of this project: use those that the project lists"),
                );
            }
        }
        let used = all.iter().filter(|environment| chosen.is_none_or(|chosen| chosen.contains(&environment.id)));
        let build = used.into_iter().find(|environment| environment.role == EnvironmentRole::Build);
        if let (Some(build), Some(endpoint)) = (build, &provider.endpoint)
            && origin_of(endpoint).as_deref() != origin_of(&build.url).as_deref()
        {
            problems.add(
                ["environmentIds".to_owned()],
                format!(
                    "the build environment {} is at {}, but the provider's engine is at {endpoint}: leave it out, or \
                     choose a provider of that cluster",
                    build.name, build.url
                ),
            );
        }
        problems.none()
    }

    /// The environments whose tokens builds of this service need, in the order of promotion.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn environments_of(
        &self,
        principal: &Principal,
        service: &BuildService,
    ) -> Result<Vec<Environment>, AppError> {
        Ok(self.store().environments_used(principal, service.project, service.environments.as_deref()).await?)
    }
}

/// Values at fault, gathered, so that all of them are told at once.
#[derive(Debug, Default)]
pub(in crate::app) struct Problems(Vec<FieldProblem>);

impl Problems {
    /// The value, or nothing and one more problem.
    pub(in crate::app) fn check<T>(&mut self, result: Result<T, AppError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(AppError::Invalid(problems)) => {
                self.0.extend(problems);
                None
            }
            Err(error) => {
                self.0.push(FieldProblem::new(Vec::<String>::new(), error.to_string()));
                None
            }
        }
    }

    pub(in crate::app) fn add(&mut self, path: impl IntoIterator<Item = String>, message: String) {
        self.0.push(FieldProblem::new(path, message));
    }

    pub(in crate::app) fn none(self) -> Result<(), AppError> {
        if self.0.is_empty() { Ok(()) } else { Err(AppError::Invalid(self.0)) }
    }
}

/// A bundle of certificates. An empty text is none.
fn certificates(text: Option<String>) -> Result<Option<String>, AppError> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    match CaBundle::parse(&text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(AppError::invalid(["caBundle"], error.to_string())),
    }
}

fn name(text: &str) -> Result<EnvironmentName, AppError> {
    text.parse()
        .map_err(|error: alm_domain::EnvironmentNameError| AppError::invalid(["endpoint", "name"], error.to_string()))
}

/// A namespace: a DNS label. An empty one is none.
fn namespace(text: Option<String>) -> Result<Option<String>, AppError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    match text.parse::<alm_domain::Slug>() {
        Ok(label) => Ok(Some(label.to_string())),
        Err(_) => Err(AppError::invalid(
            ["namespace"],
            format!(
                "{:?} is not a namespace: use 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit",
                alm_domain::shorten(&text)
            ),
        )),
    }
}
