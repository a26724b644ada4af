//! Making the samples known to the server, through its public API.

use std::{io::Write, path::PathBuf};

use alm_domain::{IdSource, Slug, SystemIds};

use super::repositories::{SAMPLES, write};
use crate::cli::{
    CliError,
    build::{choose_provider, ensure_project, ensure_service, locate},
    client::{Client, Endpoint, StartRequest},
    error::output,
    serve::Running,
};

const PROJECT: &str = "demo";

/// Writes the samples, makes what is missing of project and build services, and starts a build of each.
pub(super) async fn set_up(folder: PathBuf, running: Running) -> Result<(), CliError> {
    let token = running.token.ok_or_else(|| {
        CliError::Usage(
            "the samples are set up with the token of the data directory, which opens nothing here".to_owned(),
        )
    })?;
    let client = Client::new(Endpoint::new(running.local, token))?;
    let slug: Slug = PROJECT.parse().map_err(|error| CliError::Usage(format!("{error}")))?;
    let (project, services) = ensure_project(&client, PROJECT, "Demo", "Sample pipelines to try things with.").await?;
    let provider = choose_provider(&client, None).await?;
    for sample in SAMPLES {
        let repository = write(sample, &folder).await?;
        let repository = locate(&repository.to_string_lossy(), &folder)?;
        let known = services.iter().find(|service| service.repository.url == repository.url);
        let service = match known {
            Some(service) => service.clone(),
            None => ensure_service(&client, &project, &slug, &repository, &provider).await?,
        };
        let request = StartRequest {
            service_id: service.id,
            reference: None,
            parameters: Vec::new(),
            idempotency_key: SystemIds.next_uuid().to_string(),
        };
        let started = client.start(&request).await?;
        writeln!(std::io::stdout(), "Started {PROJECT}/{} #{}", service.slug, started.number).map_err(output)?;
    }
    Ok(())
}
