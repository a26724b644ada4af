//! `alm demo`: a server with sample pipelines on it.

mod setup;

use std::sync::Arc;

use futures::FutureExt;

use super::{CliError, Composition, serve::serve};
use crate::config::Config;

/// Serves, and sets the samples up once requests are answered: a repository for each, a project `demo` with a build service for
/// each, and a build of each. At the next start what is there is used again, and new builds are started.
///
/// # Errors
/// As for serving.
pub(super) async fn demo(config: Arc<Config>, composition: &dyn Composition) -> Result<(), CliError> {
    if !config.allow_local_repositories() {
        return Err(CliError::Usage(
            "the samples are repositories of this machine, which builds may not read here: set \
             local.allow_local_repositories (ALM_LOCAL_ALLOW_LOCAL_REPOSITORIES) to true"
                .to_owned(),
        ));
    }
    if config.sign_in.is_on() && !config.sign_in.keep_token {
        return Err(CliError::Usage(
            "the samples are set up with the token of the data directory, which opens nothing where people sign in: set \
             sign_in.keep_token (ALM_SIGN_IN_KEEP_TOKEN) to true, or run the demo without sign_in"
                .to_owned(),
        ));
    }
    let folder = config.data.dir.join("demo");
    serve(config, composition, Box::new(|running| setup::set_up(folder, running).boxed())).await
}
