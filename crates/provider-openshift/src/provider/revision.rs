//! Which commit a build is of.
//!
//! A cluster is told a commit and no other kind of reference, so that a branch or tag other than the one that the configuration names is
//! looked up at the repository first. The one that it names is looked up for pipelines: Jenkins' plugin notes nowhere which commit it has
//! checked out, so that nobody could repeat the build. The builders of Docker and Source builds do note it.

use alm_build_spi::ProviderError;
use alm_kubernetes::Session;
use kube::core::DynamicObject;
use serde_json::Value;

use super::openshift::{Inner, Usable};
use crate::{config::Strategy, git::Remote};

/// The commit that a reference stands for; `None` where it is what the configuration builds by itself, so that the cluster finds out.
///
/// # Errors
/// [`ProviderError::Invalid`] at `reference`, with the remedy; [`ProviderError::Unavailable`] where the repository does not answer now.
/// Neither for the reference that the configuration itself names: the cluster may reach a repository that is out of reach from here.
pub(super) async fn commit(
    inner: &Inner,
    usable: &Usable,
    session: &Session,
    config: &DynamicObject,
    reference: &str,
) -> Result<Option<String>, ProviderError> {
    let spec = config.data.get("spec").unwrap_or(&Value::Null);
    let source = spec.get("source").unwrap_or(&Value::Null);
    let is_own = reference == source.pointer("/git/ref").and_then(Value::as_str).unwrap_or_default();
    if is_own && Strategy::of_spec(spec) != Some(Strategy::Pipeline) {
        return Ok(None);
    }
    let is_commit = matches!(reference.len(), 40 | 64) && reference.bytes().all(|b| b.is_ascii_hexdigit());
    if is_commit {
        return Ok(Some(reference.to_ascii_lowercase()));
    }
    let namespace = config.metadata.namespace.as_deref().unwrap_or_default();
    let remote = Remote { http: &usable.http, way: inner.configured.way(), session, namespace, source };
    match remote.resolve(reference).await {
        Ok(found) => Ok(Some(found.commit)),
        Err(error @ (ProviderError::Invalid(_) | ProviderError::Unavailable { .. })) if is_own => {
            tracing::info!(%error, "the commit of a pipeline is left to Jenkins, and will not be known");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
