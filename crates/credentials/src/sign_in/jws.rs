//! Signed tokens in compact form (RFC 7515).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{Algorithm, LONGEST_TOKEN, SignInError};

/// A token whose signature has not been checked: nothing that it says counts.
#[derive(Debug)]
pub(super) struct Jws<'a> {
    /// How it says that it is signed.
    pub(super) algorithm: Algorithm,
    /// With which key.
    pub(super) key_id: Option<String>,
    /// What is signed.
    pub(super) signed: &'a [u8],
    pub(super) signature: Vec<u8>,
    pub(super) claims: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    /// What has to be understood: nothing of that is.
    crit: Option<serde_json::Value>,
    enc: Option<serde_json::Value>,
}

/// What looks like a signed token: three parts, the first of them a JSON object.
pub(super) fn is_jws(token: &str) -> bool {
    token.starts_with("eyJ") && token.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl<'a> Jws<'a> {
    /// Takes a token apart; refuses what no settings could allow.
    pub(super) fn read(token: &'a str) -> Result<Self, SignInError> {
        if token.len() > LONGEST_TOKEN {
            return Err(SignInError::Invalid("it is too long"));
        }
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, claims) = signed.split_once('.')?;
            Some((signed, decode(header)?, decode(claims)?, decode(signature)?))
        });
        let (signed, header, claims, signature) = parts.ok_or(SignInError::Invalid("it is no signed token"))?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| SignInError::Invalid("its header cannot be read"))?;
        if header.crit.is_some() || header.enc.is_some() {
            return Err(SignInError::Invalid("its header demands what is not understood"));
        }
        // A token for another purpose (a logout, a proof, an event) is signed with the same keys.
        let kind = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
        if !matches!(kind.strip_prefix("application/").unwrap_or(&kind), "jwt" | "at+jwt") {
            return Err(SignInError::Invalid("it is a token for another purpose"));
        }
        let algorithm = Algorithm::ALL.into_iter().find(|known| known.name() == header.alg);
        let algorithm = algorithm.ok_or(SignInError::Invalid("it is not signed with a private key"))?;
        Ok(Self { algorithm, key_id: header.kid, signed: signed.as_bytes(), signature, claims })
    }
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
