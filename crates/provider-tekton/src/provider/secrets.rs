//! The Secrets of runs.
//!
//! A run is made first, and its Secrets then, as its own: pods wait for what they mount. So none is ever there without a run with which
//! the cluster would remove it, wherever a start breaks off; a start that is repeated makes those that are missing.

use alm_build_spi::ProviderError;
use alm_domain::BuildId;
use alm_kubernetes::{Place, RunSecrets, Session};
use alm_masking::Masks;
use kube::{
    api::{DeleteParams, Preconditions},
    core::DynamicObject,
};
use secrecy::ExposeSecret;

use super::objects::{Version, build_of, owner};
use crate::{handing::Plan, note::Note};

/// Makes the Secrets of a run that is there. Where the cluster refuses that for good, the run goes too.
///
/// # Errors
/// Those of the cluster; [`ProviderError::Forbidden`] where the token's owner may not make Secrets.
pub(super) async fn hand_over(
    session: &Session,
    version: Version,
    place: &Place,
    build: BuildId,
    plan: &Plan<'_>,
) -> Result<(), ProviderError> {
    let secrets = RunSecrets::of(session, &place.namespace, build);
    let owner = owner(version, place);
    for (name, files) in &plan.secrets {
        let values: Vec<_> = files.iter().map(|(file, value)| (file.as_str(), *value)).collect();
        let Err(error) = secrets.put(name, plan.kind_of(name), &[], &values, Some(&owner)).await else { continue };
        let is_final =
            matches!(error, ProviderError::Forbidden(_) | ProviderError::Invalid(_) | ProviderError::NotFound(_));
        if is_final {
            let only_this = Preconditions { uid: Some(place.uid.clone()), resource_version: None };
            let params = DeleteParams { preconditions: Some(only_this), ..DeleteParams::default() };
            let runs = session.api(&place.namespace, &version.runs());
            if let Err(error) = session.find(runs.delete(&place.name, &params)).await {
                tracing::warn!(%error, run = %place, "a run that lacks its secrets is left: its pods wait until its time is over");
            }
        }
        return Err(error);
    }
    Ok(())
}

/// What has to be taken out of what a run says, and what of it cannot be; nothing where the Secrets cannot be read.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn masks(
    session: &Session,
    run: &DynamicObject,
) -> Result<Option<(Masks, Vec<String>)>, ProviderError> {
    let note = Note::of(run);
    let Some((build, place)) =
        build_of(run).zip(Place::of(run).ok()).filter(|_| note.secrets > 0 || !note.withheld.is_empty())
    else {
        return Ok(Some((Masks::default(), Vec::new())));
    };
    let secrets = match RunSecrets::of(session, &place.namespace, build).read().await {
        Ok(secrets) => secrets,
        Err(ProviderError::Forbidden(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    if u32::try_from(secrets.len()).is_ok_and(|there| there < note.secrets) {
        return Ok(None);
    }
    let (masks, gaps) = Masks::of(secrets.iter().map(|held| (held.key.as_str(), held.value.expose_secret())));
    Ok(Some((masks, gaps.iter().map(ToString::to_string).collect())))
}
