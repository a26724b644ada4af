//! Giving tokens back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::{OAuthError, Server};
use crate::outbound::{CaBundle, Outbound, OutboundError, Reply, Request};

/// Which token is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenHint {
    /// An access token.
    Access,
    /// A refresh token; with it end the access tokens that it has brought, where the server does it so.
    Refresh,
}

/// Revokes a token (RFC 7009). A token that the server does not know is revoked.
///
/// # Errors
/// [`OAuthError::Unsupported`] if the server has no place for it.
pub async fn revoke(server: &Server<'_>, token: &SecretString, hint: TokenHint) -> Result<(), OAuthError> {
    let endpoint =
        server.metadata.revocation_endpoint.as_ref().ok_or(OAuthError::Unsupported("revocation of tokens"))?;
    let hint = match hint {
        TokenHint::Access => "access_token",
        TokenHint::Refresh => "refresh_token",
    };
    let request = server.form(endpoint, &[("token", token.expose_secret()), ("token_type_hint", hint)]);
    let reply = server.outbound.send(request, server.ca).await?;
    match reply.status().as_u16() {
        200..=299 => Ok(()),
        401 => Err(OAuthError::InvalidClient),
        _ => Err(refused(endpoint, &reply)),
    }
}

/// Deletes a token of OpenShift with its own rights. A token that has ended or is not there is revoked. Its API may go on taking it
/// until its cache lets go.
///
/// # Errors
/// [`OAuthError::Refused`] if the token may not delete itself.
pub async fn revoke_at_openshift(
    outbound: &Outbound,
    api: &Url,
    token: &SecretString,
    ca: Option<&CaBundle>,
) -> Result<(), OAuthError> {
    let mut url = api.clone();
    let name = openshift_name(token);
    url.set_path(&format!(
        "{}/apis/oauth.openshift.io/v1/useroauthaccesstokens/{name}",
        api.path().trim_end_matches('/')
    ));
    url.set_query(None);
    let reply = outbound.send(Request::new(Method::DELETE, url).bearer(token), ca).await?;
    match reply.status().as_u16() {
        200..=299 | 401 | 404 => Ok(()),
        _ => Err(refused(api, &reply)),
    }
}

/// The name of the object that stands for a token: the hash of the token without its prefix.
fn openshift_name(token: &SecretString) -> String {
    let token = token.expose_secret();
    let hash = Sha256::digest(token.strip_prefix("sha256~").unwrap_or(token).as_bytes());
    format!("sha256~{}", URL_SAFE_NO_PAD.encode(hash))
}

fn refused(url: &Url, reply: &Reply) -> OAuthError {
    let status = reply.status();
    if status.is_server_error() || status.as_u16() == 429 {
        let host = url.host_str().unwrap_or_default().to_owned();
        return OutboundError::Unreachable { host, cause: format!("it answers {status}") }.into();
    }
    // Only the status: whatever else it says may be the token.
    OAuthError::Refused { message: format!("it answers {status} to the revocation") }
}
