//! What can go wrong with an authorization server.

use crate::outbound::OutboundError;

/// Why there is no token. Holds no part of a token, a code, a verifier or a client's secret, whatever the server has answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The server does not know the client, or its secret is wrong. OpenShift says the same of a code that it does not know or that
    /// was used before.
    #[error(
        "the authorization server does not accept the OAuth client, or (on OpenShift) the code: check the client's id and secret, and try again"
    )]
    InvalidClient,
    /// The code or the refresh token is unknown, was used before, has ended, or belongs to somebody else.
    #[error("the authorization server does not accept the code or the refresh token: connect again")]
    InvalidGrant,
    /// The user, or the server for him, said no.
    #[error("the authorization was denied")]
    Denied,
    /// No answer that says anything: trying again may help.
    #[error("the authorization server cannot be reached: {0}")]
    Unreachable(String),
    /// The policy for addresses does not let us there, or its certificate is not trusted.
    #[error(transparent)]
    Outbound(OutboundError),
    /// The server refuses for another reason, in its own words, cleaned.
    #[error("the authorization server refused: {message}")]
    Refused {
        /// What it said.
        message: String,
    },
    /// No metadata at any of the well-known places.
    #[error(
        "no authorization server was found for {address}: none of its well-known addresses (oauth-authorization-server, openid-configuration) answers with metadata"
    )]
    NotFound {
        /// What was asked for.
        address: String,
    },
    /// The metadata is not usable.
    #[error("the metadata of the authorization server of {address} cannot be used: {problem}")]
    Metadata {
        /// What was asked for.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The metadata leads to another host than the one that was asked.
    #[error(
        "the authorization server of {address} leads to {host} ({what}): an administrator has to allow that host for it"
    )]
    NoConsent {
        /// What was asked for.
        address: String,
        /// Where it leads.
        host: String,
        /// By which field of the metadata.
        what: &'static str,
    },
    /// The answer to an authorization comes from another issuer than the one that was asked (RFC 9207), or from nobody although that
    /// issuer says who it is.
    #[error("the answer does not come from the authorization server that was asked: start again")]
    WrongIssuer,
    /// The server does not offer it.
    #[error("the authorization server offers no {0}")]
    Unsupported(&'static str),
}

impl OAuthError {
    /// Whether trying again later may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

impl From<OutboundError> for OAuthError {
    fn from(error: OutboundError) -> Self {
        if error.is_transient() { Self::Unreachable(error.to_string()) } else { Self::Outbound(error) }
    }
}
