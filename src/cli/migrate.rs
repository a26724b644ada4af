//! `alm migrate`: brings the database to this version's schema.

use std::io::Write;

use super::{CliError, Composition, error::output};
use crate::config::Config;

/// Runs the command. Safe to run at any time, also twice.
///
/// # Errors
/// When the database cannot be reached or changed.
pub(super) async fn migrate(config: &Config, composition: &dyn Composition) -> Result<(), CliError> {
    let what = "the database cannot be brought up to date";
    composition.migrate(config).await.map_err(|source| CliError::Service { what, source })?;
    writeln!(std::io::stdout(), "{} is up to date.", config.database_url()).map_err(output)
}
