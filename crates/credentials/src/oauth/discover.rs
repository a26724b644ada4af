//! Finding an authorization server.

use url::Url;

use super::{Metadata, OAuthError, metadata::origin, well_known};
use crate::outbound::{CaBundle, Outbound, OutboundError, Request};

/// Finds the authorization server of an issuer or of a cluster: the first of its well-known addresses that answers with a document
/// counts. `consented` are the hosts that it may lead to besides the one that is asked; see [`Metadata::read`].
///
/// # Errors
/// [`OAuthError::NotFound`] if there is no document, [`OAuthError::Metadata`] or [`OAuthError::NoConsent`] if it cannot be used.
pub async fn discover(
    outbound: &Outbound,
    address: &Url,
    consented: &[String],
    ca: Option<&CaBundle>,
) -> Result<Metadata, OAuthError> {
    for place in well_known::addresses(address) {
        let reply = outbound.send(Request::get(place), ca).await?;
        let status = reply.status();
        if status.is_server_error() || status.as_u16() == 429 {
            let host = address.host_str().unwrap_or_default().to_owned();
            let unreachable = OutboundError::Unreachable { host, cause: format!("it answers {status}") };
            return Err(unreachable.into());
        }
        if status.is_success() && is_document_with_endpoints(reply.body()) {
            return Metadata::read(reply.body(), address, consented);
        }
    }
    Err(OAuthError::NotFound { address: origin(address) })
}

/// A cluster that signs tokens of its own service accounts has a document too, but without any place to get one: that is not what
/// is looked for. Neither is the page that some servers show for every address.
fn is_document_with_endpoints(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|document| document.get("token_endpoint").is_some())
}
