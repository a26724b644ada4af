//! What is removed when a build is over.

use alm_build_spi::{Access, ProviderError};
use alm_kubernetes::Place;

use super::{
    handing,
    openshift::{Inner, build_at},
};

/// Removes the secrets of a run that is over. The run itself stays: how long is the cluster's to say (its history limits).
///
/// # Errors
/// [`ProviderError::Conflict`] while it goes on.
pub(super) async fn release(inner: &Inner, access: &Access, place: &Place) -> Result<(), ProviderError> {
    let (_, session) = inner.session(access)?;
    let build = match build_at(&session, place).await {
        Ok(build) => build,
        // Its own secrets went with it; what it shared with others the next start of the configuration removes.
        Err(ProviderError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    if !build.phase.is_terminal() {
        return Err(ProviderError::Conflict("the build has not ended: release it afterwards".to_owned()));
    }
    handing::take_back(&session, &build).await
}
