//! What is removed when a run is over.

use alm_build_spi::{Access, ProviderError, RunRef};
use alm_kubernetes::{Place, RunSecrets};

use super::{
    objects::{Version, build_of, run_at},
    tekton::Inner,
};
use crate::picture::is_over;

/// Removes the Secrets of a run that is over. The run itself stays: how long is the cluster's to say.
///
/// # Errors
/// [`ProviderError::Conflict`] while it goes on.
pub(super) async fn release(inner: &Inner, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
    let session = inner.session(access)?;
    let version = Version::of(&session).await?;
    let Ok(place) = Place::of_run(run) else { return Ok(()) };
    let run = match run_at(&session, version, &place).await {
        Ok(run) => run,
        // Its Secrets went with it.
        Err(ProviderError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    if !is_over(&run) {
        return Err(ProviderError::Conflict("the run has not ended: release it afterwards".to_owned()));
    }
    match build_of(&run) {
        Some(build) => RunSecrets::of(&session, &place.namespace, build).remove().await,
        // Nothing of ours is in what others have started.
        None => Ok(()),
    }
}
