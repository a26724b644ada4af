//! Which commit a build is of.
//!
//! A cluster is told a commit and no other kind of reference, so that a branch or tag other than the one that the configuration names is
//! looked up at the repository first.

use alm_build_spi::ProviderError;
use alm_kubernetes::Session;
use kube::core::DynamicObject;
use serde_json::Value;

use super::openshift::{Inner, Usable};
use crate::git::Remote;

/// The commit that a reference stands for; `None` where it is what the configuration builds by itself, so that the cluster finds out.
///
/// # Errors
/// [`ProviderError::Invalid`] at `reference`, with the remedy; [`ProviderError::Unavailable`] where the repository does not answer now.
pub(super) async fn commit(
    inner: &Inner,
    usable: &Usable,
    session: &Session,
    config: &DynamicObject,
    reference: &str,
) -> Result<Option<String>, ProviderError> {
    let source = config.data.pointer("/spec/source").unwrap_or(&Value::Null);
    let own = source.pointer("/git/ref").and_then(Value::as_str).unwrap_or_default();
    if reference == own {
        return Ok(None);
    }
    let is_commit = matches!(reference.len(), 40 | 64) && reference.bytes().all(|b| b.is_ascii_hexdigit());
    if is_commit {
        return Ok(Some(reference.to_ascii_lowercase()));
    }
    let namespace = config.metadata.namespace.as_deref().unwrap_or_default();
    let remote = Remote { http: &usable.http, way: inner.configured.way(), session, namespace, source };
    Ok(Some(remote.resolve(reference).await?.commit))
}
