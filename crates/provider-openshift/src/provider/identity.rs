//! Whose a token is.

use alm_build_spi::{Access, Identity, ProviderError};
use alm_domain::Timestamp;
use alm_kubernetes::Session;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use http::Method;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::openshift::Inner;

#[derive(Deserialize)]
struct User {
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnToken {
    metadata: Created,
    #[serde(default)]
    expires_in: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    creation_timestamp: String,
}

/// Whose the token is, and until when it works, where the cluster tells.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn identity(inner: &Inner, access: &Access) -> Result<Identity, ProviderError> {
    let (_, session) = inner.session(access)?;
    let text = session.raw(Method::GET, "/apis/user.openshift.io/v1/users/~", None).await?;
    let user: User = serde_json::from_str(&text).map_err(|_| ProviderError::Internal {
        message: format!("{} does not say whose the token is: is it an OpenShift cluster?", session.host()),
        cause: None,
    })?;
    Ok(Identity {
        account: user.metadata.name.chars().take(255).collect(),
        expires_at: expiry(&session, access).await?,
    })
}

/// Until when the token works; `None` where the cluster does not tell the token's owner.
async fn expiry(session: &Session, access: &Access) -> Result<Option<Timestamp>, ProviderError> {
    let Some(secret) = access.token.as_ref().and_then(|token| token.expose_secret().strip_prefix("sha256~")) else {
        return Ok(None);
    };
    let name = URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()));
    let path = format!("/apis/oauth.openshift.io/v1/useroauthaccesstokens/sha256~{name}");
    let text = match session.raw(Method::GET, &path, None).await {
        Ok(text) => text,
        Err(ProviderError::Forbidden(_) | ProviderError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(token) = serde_json::from_str::<OwnToken>(&text) else { return Ok(None) };
    let created = DateTime::parse_from_rfc3339(&token.metadata.creation_timestamp).ok().map(|at| at.to_utc());
    // 0: it does not end.
    let life = TimeDelta::try_seconds(token.expires_in).filter(|life| *life > TimeDelta::zero());
    Ok(created.zip(life).and_then(|(at, life)| at.checked_add_signed(life)))
}
