//! Whose a token is.

use alm_build_spi::{Access, Finding, Identity, ProviderError};
use alm_kubernetes::Session;
use http::Method;
use serde_json::{Value, json};

use super::tekton::Inner;

/// The kinds by which a cluster tells of people.
const KINDS: &str = "/apis/authentication.k8s.io/v1";

/// Whose the token is. Nobody says here until when it works.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn identity(inner: &Inner, access: &Access) -> Result<Identity, ProviderError> {
    let account = account(&inner.session(access)?).await?;
    Ok(Identity { account: account.name.chars().take(255).collect(), expires_at: None })
}

/// Somebody on the cluster.
pub(super) struct Account {
    pub(super) name: String,
    pub(super) groups: Vec<String>,
}

/// What the cluster itself says of the token. One that is older has no such answer and never will: it says that nobody may ask, or that
/// it does not know the path, as others do for other reasons. So its list of kinds tells.
async fn review(session: &Session) -> Result<String, ProviderError> {
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let error = match session.raw(Method::POST, &format!("{KINDS}/selfsubjectreviews"), Some(&review)).await {
        Err(error) if error.is_transient() || matches!(error, ProviderError::Forbidden(_)) => error,
        other => return other,
    };
    let kinds: Value = serde_json::from_str(&session.raw(Method::GET, KINDS, None).await?).unwrap_or_default();
    match kinds["resources"].as_array() {
        Some(listed) if listed.iter().all(|kind| kind["name"] != "selfsubjectreviews") => {
            let message = format!(
                "{} does not say whose a token is: that takes OpenShift, or Kubernetes from 1.28 on",
                session.host()
            );
            Err(ProviderError::Invalid(vec![Finding::new(["endpoint"], message)]))
        }
        _ => Err(error),
    }
}

/// Whose the token is: as OpenShift tells it, else as Kubernetes does (1.28 and newer).
///
/// # Errors
/// Those of the cluster.
pub(super) async fn account(session: &Session) -> Result<Account, ProviderError> {
    let (answer, path, groups) = if session.versions("user.openshift.io").await?.is_empty() {
        (review(session).await?, "/status/userInfo/username", "/status/userInfo/groups")
    } else {
        let answer = session.raw(Method::GET, "/apis/user.openshift.io/v1/users/~", None).await?;
        (answer, "/metadata/name", "/groups")
    };
    let read: Value = serde_json::from_str(&answer).unwrap_or_default();
    let account = read.pointer(path).and_then(Value::as_str).filter(|name| !name.is_empty());
    let account = account.ok_or_else(|| ProviderError::Internal {
        message: format!("{} does not say whose the token is", session.host()),
        cause: None,
    })?;
    let groups = read.pointer(groups).and_then(Value::as_array).into_iter().flatten();
    let groups = groups.filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Account { name: account.to_owned(), groups })
}
