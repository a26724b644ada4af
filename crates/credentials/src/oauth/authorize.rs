//! Sending a user to an authorization server.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, basic::BasicClient,
};
use rand::CryptoRng;
use secrecy::SecretString;
use url::Url;

use super::{Client, Metadata, OAuthError};

const RANDOM_BYTES: usize = 32;

/// What the server may ask the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prompt {
    /// Whatever it finds right.
    #[default]
    Usual,
    /// Nothing: it answers at once, with a code or with the reason why it cannot.
    Silent,
}

/// An authorization under way. Print neither the state nor the verifier; keep the latter sealed.
#[derive(Debug)]
pub struct Authorization {
    /// Where the user is sent. Holds the state.
    pub url: Url,
    /// What the answer has to bring back: 32 random bytes in base64url.
    pub state: SecretString,
    /// What the exchange of the code has to bring along (PKCE).
    pub verifier: SecretString,
}

/// Begins an authorization: a new state, a new PKCE verifier, and the address to send the user to.
///
/// # Errors
/// [`OAuthError::Metadata`] if the server's address cannot be used.
pub fn authorize(
    metadata: &Metadata,
    client: &Client,
    redirect: &Url,
    prompt: Prompt,
    random: &mut impl CryptoRng,
) -> Result<Authorization, OAuthError> {
    let state = unguessable(random);
    let verifier = unguessable(random);
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
    let asker = BasicClient::new(ClientId::new(client.id.clone()))
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_redirect_uri(RedirectUrl::from_url(redirect.clone()));
    let mut request = asker
        .authorize_url(|| CsrfToken::new(state.clone()))
        .set_pkce_challenge(challenge)
        .add_scopes(client.scopes.iter().cloned().map(Scope::new));
    if prompt == Prompt::Silent {
        request = request.add_extra_param("prompt", "none");
    } else if client.scopes.iter().any(|scope| scope == "offline_access") {
        // OpenID Connect gives refresh tokens only to those whom the user was asked about.
        request = request.add_extra_param("prompt", "consent");
    }
    let (url, _) = request.url();
    Ok(Authorization { url, state: state.into(), verifier: verifier.into() })
}

/// Checks who has answered an authorization (RFC 9207): whoever says a name has to be the one that was asked, and a server that says
/// its name always has to say it here too.
///
/// # Errors
/// [`OAuthError::WrongIssuer`].
pub fn check_issuer(metadata: &Metadata, iss: Option<&str>) -> Result<(), OAuthError> {
    match iss {
        Some(iss) if iss == metadata.issuer => Ok(()),
        None if !metadata.names_issuer => Ok(()),
        _ => Err(OAuthError::WrongIssuer),
    }
}

fn unguessable(random: &mut impl CryptoRng) -> String {
    let mut bytes = [0; RANDOM_BYTES];
    random.fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
