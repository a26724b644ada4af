//! Whether the cluster is well, and whose a token is.

use std::time::Instant;

use alm_build_spi::{Access, Identity, ProviderError};
use alm_domain::{HealthState, ProviderHealth, shorten};
use alm_kubernetes::Session;
use http::Method;
use serde_json::{Value, json};

use super::tekton::Inner;

/// Asks the cluster, in nobody's name, whether it is there, and for its version if it tells that to everybody.
pub(super) async fn probe(inner: &Inner) -> (ProviderHealth, Option<String>) {
    let begun = Instant::now();
    let (state, message, version) = match inner.state().cluster() {
        Err(error) => (HealthState::Failing, Some(format!("its settings do not fit: {error}")), None),
        Ok(cluster) => ask(&cluster.anonymous()).await,
    };
    let latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    (ProviderHealth { state, message, checked_at: inner.clock.now(), latency_ms }, version)
}

async fn ask(session: &Session) -> (HealthState, Option<String>, Option<String>) {
    match session.raw(Method::GET, "/version", None).await {
        Ok(text) => {
            let read: Value = serde_json::from_str(&text).unwrap_or_default();
            match read["gitVersion"].as_str() {
                Some(version) => (HealthState::Healthy, None, Some(format!("Kubernetes {}", shorten(version)))),
                None => {
                    let message =
                        format!("{} answers, but not as the API of a cluster: check the address", session.host());
                    (HealthState::Failing, Some(message), None)
                }
            }
        }
        // It does not tell strangers: it is there.
        Err(ProviderError::Unauthorized(_) | ProviderError::Forbidden(_)) => (HealthState::Healthy, None, None),
        Err(error) => (HealthState::Failing, Some(error.to_string()), None),
    }
}

/// Whose the token is: as OpenShift tells it, else as Kubernetes does (1.28 and newer). Neither says here until when it works.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn identity(inner: &Inner, access: &Access) -> Result<Identity, ProviderError> {
    let session = inner.session(access)?;
    let (answer, path) = match session.raw(Method::GET, "/apis/user.openshift.io/v1/users/~", None).await {
        Ok(text) => (text, "/metadata/name"),
        Err(ProviderError::NotFound(_)) => {
            let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
            let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
            (session.raw(Method::POST, path, Some(&review)).await?, "/status/userInfo/username")
        }
        Err(error) => return Err(error),
    };
    let read: Value = serde_json::from_str(&answer).unwrap_or_default();
    let account = read.pointer(path).and_then(Value::as_str).filter(|name| !name.is_empty());
    let account = account.ok_or_else(|| ProviderError::Internal {
        message: format!("{} does not say whose the token is", session.host()),
        cause: None,
    })?;
    Ok(Identity { account: account.chars().take(255).collect(), expires_at: None })
}
