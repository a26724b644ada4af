//! The command line: one file per subcommand.
//!
//! **Architecture Invariant:** the service behind it is given as a [`Composition`]; what talks to a running server
//! ([`client`]) does so by the public API alone.

mod build;
pub mod client;
mod composition;
mod connection;
mod data_dir;
mod decide;
mod demo;
mod error;
mod exit;
mod logging;
mod migrate;
mod schema;
mod serve;
mod settings;
mod signals;
mod vault;

use std::{ffi::OsString, io::Write, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};

pub use build::{Build, Parameter, Renderer};
pub use composition::{BoxError, Composition, Ready, Serving, VaultWork};
pub use connection::Connection;
pub use data_dir::{DataDir, DataDirError};
pub use decide::Decide;
pub use error::CliError;
pub use exit::Exit;
pub use serve::{Meanwhile, Running};

use crate::config::{Config, Environment};

/// A build service: one GraphQL API with live subscriptions in front of pluggable build providers
#[derive(Parser, Debug)]
#[command(name = "alm", version, max_term_width = 100)]
struct Alm {
    /// Read settings from this file [environment: ALM_CONFIG; default: alm/config.toml in the XDG configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve (this is what happens without a command)
    Serve,
    /// Serve, with sample pipelines to try things with
    Demo,
    /// Start a build on a running server, and follow it; the build's result is the exit code
    Build(Box<Build>),
    /// Answer an approval that a build waits for
    Decide(Box<Decide>),
    /// Bring the database to this version's schema
    Migrate,
    /// The keys under which secrets are sealed
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Print the GraphQL schema
    Schema,
    /// Print the settings as they hold, and where each came from; secrets are masked
    Config,
}

/// The whole program, but for what must happen before anything else: arguments in, exit code out. Never panics on what it is
/// given.
pub fn main(arguments: impl IntoIterator<Item = OsString>, composition: &dyn Composition) -> ExitCode {
    let alm = match Alm::try_parse_from(arguments) {
        Ok(alm) => alm,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            // Nothing is left to be said to whom has closed the terminal.
            let _ = error.print();
            return exit.into();
        }
    };
    match run(alm, &Environment::of_process(), composition) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "alm: {error}");
            error.exit().into()
        }
    }
}

fn run(alm: Alm, environment: &Environment, composition: &dyn Composition) -> Result<Exit, CliError> {
    // The schema depends on no setting.
    if matches!(alm.command, Some(Command::Schema)) {
        return schema::schema(composition).map(|()| Exit::Success);
    }
    let config = Arc::new(Config::load(environment, alm.config.as_deref())?);
    logging::begin(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| CliError::Io { what: "the runtime cannot be started", source })?;
    let done = |()| Exit::Success;
    let result = runtime.block_on(async {
        match alm.command.unwrap_or(Command::Serve) {
            Command::Serve => {
                serve::serve(config, composition, Box::new(|_| Box::pin(async { Ok(()) }))).await.map(done)
            }
            Command::Demo => demo::demo(config, composition).await.map(done),
            Command::Build(build) => build.run(&config, environment).await,
            Command::Decide(decide) => decide.run(&config, environment).await.map(done),
            Command::Migrate => migrate::migrate(&config, composition).await.map(done),
            Command::Vault(vault) => vault.run(&config, composition).await.map(done),
            Command::Schema => schema::schema(composition).map(done),
            Command::Config => settings::settings(&config).map(done),
        }
    });
    // A blocking call that hangs (a name server, a dead file system) must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Alm::command().debug_assert();
    }

    #[test]
    fn a_token_on_the_command_line_does_not_print() {
        let alm = Alm::try_parse_from(["alm", "build", ".", "--token", "hunter2", "-p", "a=b"]).unwrap();
        assert!(!format!("{alm:?}").contains("hunter2"));
    }

    #[test]
    fn serving_is_what_happens_without_a_command() {
        assert!(Alm::try_parse_from(["alm", "--config", "x"]).unwrap().command.is_none());
    }
}
