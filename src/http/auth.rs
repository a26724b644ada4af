//! Who may enter.

use std::sync::Arc;

use alm_domain::Principal;
use async_trait::async_trait;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};

use super::{Code, Refusal, Token, WaysIn};

/// Why a request is not from anybody whom we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token.
    #[error(
        "not signed in: send the header `Authorization: Bearer TOKEN`, with a token of the sign-in, a personal access token, or \
         the token that the server printed when it started"
    )]
    Missing,
    /// There is one, and it is not valid (any more).
    #[error(
        "the token is not valid: sign in, or use a personal access token, or the token that the server printed when it started"
    )]
    Invalid,
    /// It was valid once.
    #[error("the token has expired: sign in again")]
    Expired,
    /// Whether it is valid cannot be found out at the moment.
    #[error("whether the token is valid cannot be found out at the moment: try again soon")]
    Unavailable,
}

impl AuthError {
    /// The code with which it is told.
    pub(super) const fn code(self) -> Code {
        match self {
            Self::Missing | Self::Invalid | Self::Expired => Code::Unauthenticated,
            Self::Unavailable => Code::Unavailable,
        }
    }
}

/// Turns a bearer token into a principal.
#[async_trait]
pub trait Authenticate: Send + Sync + std::fmt::Debug {
    /// The principal that this token stands for at this moment. Called for each request, and again and again while a
    /// websocket or an event stream is open.
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthError>;

    /// How people get such a token, as far as that is known at this moment.
    async fn ways_in(&self) -> WaysIn {
        WaysIn::own_token()
    }
}

/// Single-user mode: whoever has the one token is the administrator.
#[derive(Debug)]
pub struct SingleUserAuth(Token);

impl SingleUserAuth {
    /// Lets in whoever has this token.
    #[must_use]
    pub const fn new(token: Token) -> Self {
        Self(token)
    }
}

#[async_trait]
impl Authenticate for SingleUserAuth {
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthError> {
        match token {
            None => Err(AuthError::Missing),
            Some(token) if self.0.matches(token) => Ok(Principal::single_user()),
            Some(_) => Err(AuthError::Invalid),
        }
    }
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// What the router gives to every route so that [`RequirePrincipal`] can do its work.
#[derive(Clone)]
pub(super) struct Gate(pub(super) Arc<dyn Authenticate>);

/// An extractor that lets a request in only with a valid bearer token, and answers 401 otherwise. Works on every route
/// behind [`super::router`], those of [`super::HttpState::extra`] included.
#[derive(Debug, Clone)]
pub struct RequirePrincipal(pub Principal);

impl<S: Sync> FromRequestParts<S> for RequirePrincipal {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let Some(Gate(gate)) = parts.extensions.get::<Gate>().cloned() else {
            return Err(Refusal::new(Code::Internal, "this route stands outside of the checks of the transport"));
        };
        let principal = gate.authenticate(bearer(&parts.headers)?).await?;
        Ok(Self(principal))
    }
}

/// The bearer token of a request, if it has one. A second `Authorization` header or another scheme is an error: whoever
/// sends one believes to be signed in.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().ok().and_then(bearer_value).map(Some).ok_or(AuthError::Invalid),
        (Some(_), Some(_)) => Err(AuthError::Invalid),
    }
}

/// The token in `Bearer TOKEN`.
pub(super) fn bearer_value(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_bearer_token_is_taken() {
        let mut headers = HeaderMap::new();
        assert_eq!(bearer(&headers), Ok(None));
        headers.insert(AUTHORIZATION, "bearer abc".parse().unwrap());
        assert_eq!(bearer(&headers), Ok(Some("abc")));
        headers.append(AUTHORIZATION, "Bearer def".parse().unwrap());
        assert_eq!(bearer(&headers), Err(AuthError::Invalid));
        for foreign in ["Basic YTpi", "Bearer", "Bearer ", "abc"] {
            headers.insert(AUTHORIZATION, foreign.parse().unwrap());
            assert_eq!(bearer(&headers), Err(AuthError::Invalid), "{foreign}");
        }
    }

    #[tokio::test]
    async fn the_one_token_opens_as_the_administrator() {
        let auth = SingleUserAuth::new(Token::new("0123456789abcdef").unwrap());
        assert_eq!(auth.authenticate(None).await, Err(AuthError::Missing));
        assert_eq!(auth.authenticate(Some("0123456789abcdeX")).await, Err(AuthError::Invalid));
        assert_eq!(auth.authenticate(Some("0123456789abcdef")).await, Ok(Principal::single_user()));
    }
}
