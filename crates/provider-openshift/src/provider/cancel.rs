//! Stopping builds.

use alm_build_spi::{Access, CancelReceipt, ProviderError};
use alm_kubernetes::Place;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::openshift::{AtJenkins, Inner, build_at};
use crate::kinds::builds;

/// Asks a build to stop. The cluster answers with the phase that was, and acts later; pipelines it leaves to Jenkins, which is told
/// too. A Jenkins that sleeps stops the run when it wakes: the cluster keeps the request.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn cancel(inner: &Inner, access: &Access, place: &Place) -> Result<CancelReceipt, ProviderError> {
    let (usable, session) = inner.session(access)?;
    let build = build_at(&session, place).await?;
    if build.phase.is_terminal() {
        return Ok(CancelReceipt::AlreadyFinished);
    }
    let patch = Patch::Merge(json!({ "metadata": { "uid": place.uid }, "status": { "cancelled": true } }));
    let list = session.api(&place.namespace, &builds());
    session.call(list.patch(&place.name, &PatchParams::default(), &patch)).await?;
    if build.is_pipeline() {
        let told = match inner.jenkins(&usable, &session, access, &build).await {
            Ok(AtJenkins::Run(jenkins)) => jenkins.stop().await,
            Ok(AtJenkins::NotYet | AtJenkins::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            tracing::info!(%error, "Jenkins was not told to stop a run; it learns it from the cluster");
        }
    }
    Ok(CancelReceipt::Accepted)
}
