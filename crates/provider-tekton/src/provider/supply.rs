//! Handing tokens over to tasks that wait for them.

use alm_build_spi::{Access, Finding, NamedSecret, ProviderError, RunRef};
use alm_domain::shorten;
use alm_kubernetes::{Place, RunSecrets};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{
    objects::{Version, build_of, owner, run_at},
    tekton::Inner,
};
use crate::{
    handing::{Handing, is_file},
    note::{NOTE, Note},
    picture::is_over,
};

/// How often it is tried, while others change the run.
const TRIES: usize = 8;

/// Makes the Secret that the pods of an environment wait for. Once it is there they may have it, and their logs are read with it in
/// mind: it stays as it is.
///
/// # Errors
/// [`ProviderError::NotFound`]; [`ProviderError::Invalid`] for a name that no file can have.
pub(super) async fn supply(
    inner: &Inner,
    access: &Access,
    run: &RunRef,
    secret: &NamedSecret,
) -> Result<(), ProviderError> {
    if !is_file(&secret.name) {
        let message = format!("{:?} is no name of an environment", shorten(&secret.name));
        return Err(ProviderError::Invalid(vec![Finding::new(["secret", "name"], message)]));
    }
    let session = inner.session(access)?;
    let place = Place::of_run(run)?;
    let version = Version::of(&session).await?;
    let runs = session.api(&place.namespace, &version.runs());
    let mut last = None;
    for _ in 0..TRIES {
        let found = run_at(&session, version, &place).await?;
        let mut note = Note::of(&found);
        let Some(build) = build_of(&found).filter(|_| !is_over(&found)) else { return Ok(()) };
        let Some(name) = note.withheld.remove(&secret.name).filter(|name| alm_kubernetes::is_name(name)) else {
            return Ok(());
        };
        let secrets = RunSecrets::of(&session, &place.namespace, build);
        let values = [(Handing::token_file(), &secret.value)];
        secrets.put(&name, "Opaque", &[], &values, Some(&owner(version, &place))).await?;
        note.secrets = note.secrets.saturating_add(1);
        let patch = Patch::Merge(json!({ "metadata": {
            "resourceVersion": found.metadata.resource_version, "annotations": { NOTE: note.write() },
        }}));
        match session.call(runs.patch(&place.name, &PatchParams::default(), &patch)).await {
            Ok(_) => return Ok(()),
            Err(ProviderError::Conflict(why)) => last = Some(ProviderError::Conflict(why)),
            Err(error) => return Err(error),
        }
    }
    last.map_or(Ok(()), Err)
}
