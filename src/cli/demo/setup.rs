//! Making the samples known to the server, through its public API.

use std::{io::Write, path::PathBuf};

use alm_domain::{IdSource, Slug, SystemIds};

use crate::{
    app::Samples,
    cli::{
        CliError,
        build::{choose_provider, ensure_project, ensure_service, locate},
        client::{Client, Endpoint, StartRequest},
        error::output,
        serve::Running,
    },
    samples::SampleFolder,
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
    let samples = SampleFolder::new(folder.clone());
    for sample in samples.all() {
        let found = samples.repository(sample.name).await.map_err(|error| CliError::Tool(error.to_string()))?;
        let Some(found) = found else { continue };
        let repository = locate(&found.url, &folder)?;
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
