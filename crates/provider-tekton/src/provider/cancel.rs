//! Stopping runs.

use alm_build_spi::{Access, CancelReceipt, ProviderError, RunRef};
use alm_kubernetes::Place;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{
    configs::config_at,
    objects::{SERVICE_LABEL, Version, run_at, select},
    tekton::Inner,
};
use crate::{options::Options, picture::Picture};

/// Asks a run to stop, in the way that the configuration of its build service chooses.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn cancel(inner: &Inner, access: &Access, run: &RunRef) -> Result<CancelReceipt, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_run(run)?;
    let version = Version::of(&session).await?;
    let found = run_at(&session, version, &place).await?;
    if Picture::of(&found, &[]).is_over {
        return Ok(CancelReceipt::AlreadyFinished);
    }
    if found.data["spec"]["status"].as_str().is_some_and(|asked| !asked.is_empty() && asked != "PipelineRunPending") {
        return Ok(CancelReceipt::Accepted);
    }
    let service = found.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_LABEL));
    let mut mode = "Cancelled".to_owned();
    if let Some(service) = service.filter(|service| alm_kubernetes::is_label_value(service)) {
        let labels = format!("{SERVICE_LABEL}={service}");
        let kept = select(&session, &place.namespace, &super::objects::config_maps(), &labels).await?;
        if let Some(kept) = kept.first()
            && let Ok((spec, _)) = config_at(&session, &Place::of(kept)?).await
            && let Ok(options) = Options::of(&spec)
        {
            mode = options.cancel;
        }
    }
    let patch = Patch::Merge(json!({ "metadata": { "uid": place.uid }, "spec": { "status": mode } }));
    let runs = session.api(&place.namespace, &version.runs());
    session.call(runs.patch(&place.name, &PatchParams::default(), &patch)).await?;
    Ok(CancelReceipt::Accepted)
}
