//! What is removed when a build is forgotten.

use alm_build_spi::{Access, ProviderError, RunRef};
use alm_kubernetes::Place;
use kube::api::{DeleteParams, Preconditions};

use super::{objects::Version, tekton::Inner};

/// Removes a run, and with it its task runs and their pods. One that is gone is a success.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn purge(inner: &Inner, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
    let session = inner.session(access)?;
    let version = Version::of(&session).await?;
    let Ok(place) = Place::of_run(run) else { return Ok(()) };
    let only_this = Preconditions { uid: Some(place.uid.clone()), resource_version: None };
    let params = DeleteParams { preconditions: Some(only_this), ..DeleteParams::default() };
    let runs = session.api(&place.namespace, &version.runs());
    match session.find(runs.delete(&place.name, &params)).await {
        // Something else has the name by now.
        Ok(_) | Err(ProviderError::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
