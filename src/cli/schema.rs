//! `alm schema`: the GraphQL schema as text.

use std::io::Write;

use super::{CliError, Composition, error::output};

/// Prints the schema.
///
/// # Errors
/// When it cannot be built or written.
pub(super) fn schema(composition: &dyn Composition) -> Result<(), CliError> {
    let text = composition.schema().map_err(|source| CliError::Service { what: "there is no schema", source })?;
    writeln!(std::io::stdout(), "{}", text.trim_end()).map_err(output)
}
