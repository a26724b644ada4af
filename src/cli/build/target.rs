//! Finding, or making, the build service that builds a repository.

use alm_domain::Slug;

use super::location::Location;
use crate::cli::{
    CliError,
    client::{Client, ClientError, NewService, ProviderView, Repository, ServiceView},
};

/// How many short names are tried before giving up.
const NAMES: usize = 100;

/// A repository, and where its builds belong.
#[derive(Debug)]
pub(in crate::cli) struct Source {
    pub(in crate::cli) repository: Location,
    pub(in crate::cli) project: Slug,
    pub(in crate::cli) provider: Option<String>,
}

impl Source {
    /// The build service for this repository; it and its project are made if they are not there. Several at a time come to the
    /// same one.
    pub(in crate::cli) async fn service(&self, client: &Client) -> Result<ServiceView, CliError> {
        let about = "Builds that were started from a terminal.";
        let (project, services) = ensure_project(client, self.project.as_str(), self.project.as_str(), about).await?;
        let wanted = match &self.provider {
            None => None,
            Some(_) => Some(choose_provider(client, self.provider.as_deref()).await?),
        };
        let fits = |service: &&ServiceView| {
            service.repository.url == self.repository.url
                && wanted.as_ref().is_none_or(|provider| provider.id == service.provider.id)
        };
        if let Some(service) = services.iter().find(fits) {
            return Ok(service.clone());
        }
        let provider = match wanted {
            Some(provider) => provider,
            None => choose_provider(client, None).await?,
        };
        ensure_service(client, &project, &self.project, &self.repository, &provider).await
    }
}

/// The project with this short name, made if it is not there.
pub(in crate::cli) async fn ensure_project(
    client: &Client,
    slug: &str,
    name: &str,
    about: &str,
) -> Result<(String, Vec<ServiceView>), CliError> {
    if let Some(project) = client.project(slug).await? {
        return Ok(project);
    }
    match client.create_project(slug, name, about).await? {
        Some(id) => Ok((id, Vec::new())),
        // Somebody was faster.
        None => client.project(slug).await?.ok_or_else(|| {
            ClientError::Undecided(format!(
                "the project {slug} is taken, but cannot be seen: use another one with --project"
            ))
            .into()
        }),
    }
}

/// A build service for this repository under the first short name that is free. When somebody makes the same one at the same
/// time, that one is taken.
pub(in crate::cli) async fn ensure_service(
    client: &Client,
    project: &str,
    project_slug: &Slug,
    repository: &Location,
    provider: &ProviderView,
) -> Result<ServiceView, CliError> {
    let mut service = NewService {
        project_id: project.to_owned(),
        provider_id: provider.id.clone(),
        slug: repository.slug.clone(),
        display_name: repository.slug.clone(),
        repository: Repository { url: repository.url.clone(), reference: "HEAD".to_owned() },
    };
    for number in 2..NAMES + 2 {
        if let Some(service) = client.create_service(&service).await? {
            return Ok(service);
        }
        let (_, services) = client.project(project_slug.as_str()).await?.unwrap_or_default();
        let same = |other: &ServiceView| other.repository.url == repository.url && other.provider.id == provider.id;
        if let Some(same) = services.into_iter().find(same) {
            return Ok(same);
        }
        service.slug = format!("{}-{number}", repository.slug);
    }
    Err(ClientError::Undecided(format!(
        "the project {project_slug} has {NAMES} build services that are named like {}: use another project with --project",
        repository.slug
    ))
    .into())
}

/// The provider with this short name, or else the only one, or else the only local one.
pub(in crate::cli) async fn choose_provider(client: &Client, slug: Option<&str>) -> Result<ProviderView, CliError> {
    let providers = client.providers().await?;
    let names = providers.iter().map(|provider| provider.slug.as_str()).collect::<Vec<_>>().join(", ");
    let only = |providers: Vec<&ProviderView>| match providers.as_slice() {
        [one] => Some((*one).clone()),
        _ => None,
    };
    let chosen = match slug {
        Some(slug) => providers.iter().find(|provider| provider.slug == slug).cloned(),
        None => only(providers.iter().collect())
            .or_else(|| only(providers.iter().filter(|provider| provider.kind == "LOCAL").collect())),
    };
    chosen.ok_or_else(|| {
        let text = match slug {
            _ if names.is_empty() => "the server has no provider that takes builds: register one".to_owned(),
            Some(slug) => format!("there is no provider {}: choose one of {names}", alm_domain::shorten(slug)),
            None => format!("there are several providers: choose one of {names} with --provider"),
        };
        ClientError::Undecided(text).into()
    })
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
