//! `alm build`: starts a build on a running server, and follows it in the terminal.

mod location;
mod parameters;
mod render;
mod session;
mod target;

use std::{io::IsTerminal, path::Path, time::Duration};

use alm_domain::{IdSource, SystemIds};
use clap::Args;
use futures::StreamExt;

pub(super) use location::locate;
pub use parameters::Parameter;
pub(super) use parameters::{inputs, typed};
pub use render::Renderer;
pub(super) use target::{Source, choose_provider, ensure_project, ensure_service};

use super::{CliError, Connection, Exit, client::StartRequest, error::output, signals};
use crate::config::{Config, Environment};

/// Arguments of `alm build`.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 the build succeeded (or is unstable), 1 it failed, 2 it errored, 3 it was cancelled, \
                        64 wrong arguments, 65 the server said no, 69 no server answers, 77 the token is not accepted, 78 \
                        wrong configuration, 130 left by Ctrl-C. The whole list is in docs/operations.md."
)]
pub struct Build {
    /// Folder of a git repository on this machine, or an address that git can clone
    #[arg(value_name = "PATH-OR-URL")]
    repository: String,

    /// Branch, tag or commit [default: what HEAD of the repository points to]
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,

    /// Input of the build; may be given several times
    #[arg(long = "param", short, value_name = "NAME=VALUE")]
    parameters: Vec<Parameter>,

    /// Short name of the project that the build belongs to; made if it is not there
    #[arg(long, default_value = "cli", value_name = "SLUG")]
    project: alm_domain::Slug,

    /// Short name of the provider to run it on [default: the only one, or else the only local one]
    #[arg(long, value_name = "SLUG")]
    provider: Option<String>,

    /// For how long to look for a server that cannot be reached, in seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    patience: u64,

    #[command(flatten)]
    connection: Connection,
}

impl Build {
    /// Runs the command; the build's result is its exit code.
    ///
    /// # Errors
    /// When the build could not be started, or could not be followed to its end.
    pub async fn run(self, config: &Config, environment: &Environment) -> Result<Exit, CliError> {
        let source = Source {
            repository: location::locate(&self.repository, Path::new("."))?,
            project: self.project,
            provider: self.provider,
        };
        let client = self.connection.client(config, environment)?;
        let service = source.service(&client).await?;
        let request = StartRequest {
            parameters: inputs(&client, &service.id, self.parameters).await?,
            service_id: service.id,
            reference: self.reference,
            idempotency_key: SystemIds.next_uuid().to_string(),
        };
        let started = session::start(&client, &request).await?;
        let stdout = std::io::stdout();
        let colour = stdout.is_terminal() && environment.get("NO_COLOR").is_none();
        let mut renderer = Renderer::new(stdout.lock(), colour);
        renderer.began(&format!("{}/{}", source.project, service.slug), &started).map_err(output)?;
        let interrupts =
            signals::interrupts().map_err(|source| CliError::Io { what: "Ctrl-C cannot be heard", source })?;
        let patience = Duration::from_secs(self.patience);
        session::follow(client, &started, &mut renderer, interrupts.boxed(), patience).await
    }
}
