//! OAuth as a client: finding an authorization server, asking a user for a grant, and tokens for codes, refresh tokens and other
//! tokens.
//!
//! A code is bound to who asked for it in four ways: a state that nobody can guess, PKCE with S256, the exact redirect address, and
//! the issuer's name in the answer (RFC 9207). The first and the third are compared by whoever keeps them; [`check_issuer`] does the
//! last.

mod authorize;
mod clean;
mod client;
mod discover;
mod error;
mod exchange;
mod metadata;
mod revoke;
mod token;
mod well_known;

pub use authorize::{Authorization, Prompt, authorize, check_issuer};
pub use client::{Client, Server};
pub use discover::discover;
pub use error::OAuthError;
pub use exchange::{exchange, exchange_token, refresh};
pub use metadata::{Metadata, is_host, is_this_machine};
pub use revoke::{TokenHint, revoke, revoke_at_openshift};
pub use token::Tokens;

/// What a token endpoint's reply comes to, for the fuzz targets; `secret` is what the server was told.
///
/// # Errors
/// As those of [`exchange`].
#[cfg(any(test, feature = "fuzzing"))]
pub fn read_reply(
    reply: &[u8],
    secret: &secrecy::SecretString,
    now: alm_domain::Timestamp,
) -> Result<Tokens, OAuthError> {
    token::read(reply, &[], &[secret], now)
}

#[cfg(test)]
mod tests;
