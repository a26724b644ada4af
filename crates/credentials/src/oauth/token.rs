//! What a token endpoint answers.

use alm_domain::Timestamp;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use oauth2::{
    AccessToken, ExtraTokenFields, RefreshToken, Scope, StandardTokenResponse, TokenResponse,
    basic::{BasicErrorResponse, BasicErrorResponseType, BasicTokenType},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    OAuthError,
    clean::{clean, known_error},
};

/// Longest token that is taken.
const LONGEST_TOKEN: usize = 16 * 1024;
/// Most scopes that are taken.
const MOST_SCOPES: usize = 100;
/// Whatever lives longer is taken to live this long.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(3650);

/// Tokens of one user. Cannot print them.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token.
    pub access: SecretString,
    /// The refresh token, where the server gives one. After a refresh: a new one, which takes the place of the one before, or `None`,
    /// and that one goes on.
    pub refresh: Option<SecretString>,
    /// Until when the access token works, by our clock; `None` if the server does not say.
    pub expires_at: Option<Timestamp>,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// Whom an ID token names, for display only: nobody has checked its signature.
    pub account: Option<String>,
}

impl Tokens {
    /// Whether these last longer than tokens with this expiry. A "refreshed" token that does not is not refreshed.
    #[must_use]
    pub fn outlast(&self, expiry: Option<Timestamp>) -> bool {
        match (self.expires_at, expiry) {
            (Some(new), Some(old)) => new > old,
            _ => true,
        }
    }
}

/// The fields that OpenID Connect adds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Extra {
    #[serde(default, skip_serializing)]
    id_token: Option<SecretString>,
}

impl ExtraTokenFields for Extra {}

pub(super) type TokenReply = StandardTokenResponse<Extra, BasicTokenType>;

/// The tokens in a reply; `asked` are the scopes if it does not say which were given.
pub(super) fn tokens(reply: &TokenReply, asked: &[String], now: Timestamp) -> Result<Tokens, OAuthError> {
    let unusable = |message: &str| OAuthError::Refused { message: message.to_owned() };
    if *reply.token_type() != BasicTokenType::Bearer {
        return Err(unusable("its token is not a bearer token"));
    }
    let usable =
        |token: &str| (1..=LONGEST_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    let access = AccessToken::secret(reply.access_token());
    let refresh = reply.refresh_token().map(RefreshToken::secret);
    if !usable(access) || refresh.is_some_and(|token| !usable(token)) {
        return Err(unusable("its token is empty, too long, or holds what no header can carry"));
    }
    let expires_at = reply.expires_in().map(|life| {
        let life = TimeDelta::from_std(life).unwrap_or(LONGEST_LIFE).min(LONGEST_LIFE);
        now + life
    });
    let scopes = match reply.scopes() {
        Some(scopes) => scopes.iter().map(|scope: &Scope| scope.to_string()).take(MOST_SCOPES).collect(),
        None => asked.to_vec(),
    };
    Ok(Tokens {
        access: access.as_str().into(),
        refresh: refresh.map(|token| token.as_str().into()),
        expires_at,
        scopes,
        account: reply.extra_fields().id_token.as_ref().and_then(account),
    })
}

/// The tokens in the body of a reply, or what else it means.
pub(super) fn read(
    body: &[u8],
    asked: &[String],
    secrets: &[&SecretString],
    now: Timestamp,
) -> Result<Tokens, OAuthError> {
    match serde_json::from_slice(body) {
        Ok(reply) => tokens(&reply, asked, now),
        Err(_) => Err(unlike_a_token(body, secrets)),
    }
}

/// What a body means that holds no token.
pub(super) fn unlike_a_token(body: &[u8], secrets: &[&SecretString]) -> OAuthError {
    match serde_json::from_slice::<BasicErrorResponse>(body) {
        Ok(reply) => refusal(&reply, secrets),
        Err(_) => no_token(),
    }
}

/// It is no reply at all.
pub(super) fn no_token() -> OAuthError {
    OAuthError::Refused { message: "its reply is neither a token nor an error as OAuth knows them".to_owned() }
}

/// Whom an ID token names.
fn account(token: &SecretString) -> Option<String> {
    use secrecy::ExposeSecret;
    #[derive(Deserialize)]
    struct Claims {
        preferred_username: Option<String>,
        email: Option<String>,
        sub: Option<String>,
    }
    let payload = token.expose_secret().split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.preferred_username.or(claims.email).or(claims.sub).map(|name| alm_domain::shorten(&name))
}

/// What an error reply means. `secrets` are all that the server was told, and would be if it said them again.
pub(super) fn refusal(reply: &BasicErrorResponse, secrets: &[&SecretString]) -> OAuthError {
    match reply.error() {
        BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => OAuthError::InvalidClient,
        BasicErrorResponseType::InvalidGrant => OAuthError::InvalidGrant,
        other => {
            let name = known_error(other.as_ref());
            if name == "access_denied" {
                return OAuthError::Denied;
            }
            let message = match reply.error_description() {
                Some(words) => format!("{name} ({})", clean(words, secrets)),
                None => name.to_owned(),
            };
            OAuthError::Refused { message }
        }
    }
}
