//! Whose a token is.

use alm_build_spi::{Access, Identity, ProviderError};
use http::Method;
use serde_json::{Value, json};

use super::tekton::Inner;

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
