//! Stopping runs.

use alm_build_spi::{Access, CancelReceipt, ProviderError, RunRef};
use alm_kubernetes::Place;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{
    objects::{Version, run_at},
    tekton::Inner,
};
use crate::{note::Note, picture::is_over};

/// Asks a run to stop, in the way that the settings chose with which it was started.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn cancel(inner: &Inner, access: &Access, run: &RunRef) -> Result<CancelReceipt, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_run(run)?;
    let version = Version::of(&session).await?;
    let found = run_at(&session, version, &place).await?;
    if is_over(&found) {
        return Ok(CancelReceipt::AlreadyFinished);
    }
    if found.data["spec"]["status"].as_str().is_some_and(|asked| !asked.is_empty() && asked != "PipelineRunPending") {
        return Ok(CancelReceipt::Accepted);
    }
    let mode = Note::of(&found).cancel.unwrap_or_else(|| "Cancelled".to_owned());
    let patch = Patch::Merge(json!({ "metadata": { "uid": place.uid }, "spec": { "status": mode } }));
    let runs = session.api(&place.namespace, &version.runs());
    session.call(runs.patch(&place.name, &PatchParams::default(), &patch)).await?;
    Ok(CancelReceipt::Accepted)
}
