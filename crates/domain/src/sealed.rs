//! A sealed secret, and what it is bound to. Sealing and opening are the vault's; the shape is here, so that it can be stored.

use std::{fmt, str::FromStr};

use crate::shorten;

/// What a sealed secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// An access token of a grant.
    AccessToken,
    /// A refresh token of a grant.
    RefreshToken,
    /// The PKCE verifier of an authorization under way.
    PkceVerifier,
    /// The secret of an OAuth client.
    ClientSecret,
    /// A build service's own secret.
    ServiceSecret,
}

impl SecretKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::AccessToken, Self::RefreshToken, Self::PkceVerifier, Self::ClientSecret, Self::ServiceSecret];

    /// The name under which the kind is stored; never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access-token",
            Self::RefreshToken => "refresh-token",
            Self::PkceVerifier => "pkce-verifier",
            Self::ClientSecret => "client-secret",
            Self::ServiceSecret => "service-secret",
        }
    }
}

impl FromStr for SecretKind {
    type Err = SealedError;

    fn from_str(text: &str) -> Result<Self, SealedError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| SealedError::Kind(shorten(text)))
    }
}

/// What a secret is bound to when it is sealed. It opens under the same binding only, so that a row that is put in the place of
/// another one is of no use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binding {
    /// Whose it is: the id of a user, a build service or an OAuth client.
    pub owner: String,
    /// What it is for: the id of an environment or of an authorization, or the name of a build service's secret.
    pub subject: String,
    /// What it is.
    pub kind: SecretKind,
}

impl Binding {
    /// The binding of these three.
    pub fn new(owner: impl fmt::Display, subject: impl fmt::Display, kind: SecretKind) -> Self {
        Self { owner: owner.to_string(), subject: subject.to_string(), kind }
    }

    /// The three as bytes: no two bindings have the same.
    #[must_use]
    pub fn associated_data(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.owner.as_str(), self.subject.as_str(), self.kind.as_str()] {
            bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// Why bytes are no sealed secret, or a text no kind of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// The bytes do not have the shape of an envelope.
    #[error("this is no sealed secret: {0}")]
    Envelope(&'static str),
    /// There is no such kind of secret.
    #[error("{0:?} is no kind of secret")]
    Kind(String),
    /// The name of a key is not one.
    #[error(
        "{0:?} cannot name a key: take 1 to {longest} lower-case letters, digits and hyphens",
        longest = Sealed::LONGEST_KEY_ID
    )]
    KeyId(String),
}

/// A sealed secret: version, key id, nonce and ciphertext in one. May be stored and shown to anybody; prints its key id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    bytes: Vec<u8>,
    /// Length of version, length of the key id, and key id.
    header: usize,
}

impl Sealed {
    /// The version of the envelope: XChaCha20-Poly1305, the binding and the header as associated data.
    pub const VERSION: u8 = 1;
    /// Bytes of a nonce.
    pub const NONCE: usize = 24;
    /// Bytes by which the ciphertext is longer than the secret.
    pub const TAG: usize = 16;
    /// Longest name of a key.
    pub const LONGEST_KEY_ID: usize = 32;
    /// Longest secret, in bytes.
    pub const LONGEST_SECRET: usize = 64 * 1024;

    /// Puts an envelope together.
    ///
    /// # Errors
    /// If the key id is not one, or the ciphertext is too short or too long to be one.
    pub fn new(key_id: &str, nonce: &[u8; Self::NONCE], ciphertext: &[u8]) -> Result<Self, SealedError> {
        let mut bytes = Self::header_for(key_id)?;
        bytes.extend_from_slice(nonce);
        bytes.extend_from_slice(ciphertext);
        Self::parse(bytes)
    }

    /// The first part of an envelope under this key.
    ///
    /// # Errors
    /// If the key id is not one.
    pub fn header_for(key_id: &str) -> Result<Vec<u8>, SealedError> {
        if !is_key_id(key_id.as_bytes()) {
            return Err(SealedError::KeyId(shorten(key_id)));
        }
        let length = u8::try_from(key_id.len()).map_err(|_| SealedError::KeyId(shorten(key_id)))?;
        Ok([&[Self::VERSION, length], key_id.as_bytes()].concat())
    }

    /// The envelope that these bytes are. Whether it can be opened is another matter.
    ///
    /// # Errors
    /// If they are none: another version, cut off, or longer than any secret may be.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, SealedError> {
        let (&version, rest) = bytes.split_first().ok_or(SealedError::Envelope("it is empty"))?;
        if version != Self::VERSION {
            return Err(SealedError::Envelope("it is of a version that this program does not know"));
        }
        let (&length, rest) = rest.split_first().ok_or(SealedError::Envelope("it is cut off"))?;
        let (key_id, rest) =
            rest.split_at_checked(usize::from(length)).ok_or(SealedError::Envelope("it is cut off"))?;
        if !is_key_id(key_id) {
            return Err(SealedError::Envelope("its key id is malformed"));
        }
        let secret = rest.len().checked_sub(Self::NONCE + Self::TAG).ok_or(SealedError::Envelope("it is cut off"))?;
        if secret > Self::LONGEST_SECRET {
            return Err(SealedError::Envelope("it is longer than a secret may be"));
        }
        let header = 2 + usize::from(length);
        Ok(Self { bytes, header })
    }

    /// Name of the key that opens it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        std::str::from_utf8(&self.bytes[2..self.header]).unwrap_or_default()
    }

    /// Version and key id as they are in the envelope; sealed along.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.bytes[..self.header]
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &[u8] {
        &self.bytes[self.header..self.header + Self::NONCE]
    }

    /// The ciphertext with its tag.
    #[must_use]
    pub fn ciphertext(&self) -> &[u8] {
        &self.bytes[self.header + Self::NONCE..]
    }

    /// The whole envelope.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id())
    }
}

fn is_key_id(text: &[u8]) -> bool {
    (1..=Sealed::LONGEST_KEY_ID).contains(&text.len())
        && text.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_envelope_reads_back_as_it_was_put_together() {
        let sealed = Sealed::new("key-1", &[7; 24], &[9; 20]).unwrap();
        let again = Sealed::parse(sealed.as_bytes().to_vec()).unwrap();
        assert_eq!(again, sealed);
        assert_eq!((again.key_id(), again.nonce(), again.ciphertext()), ("key-1", &[7; 24][..], &[9; 20][..]));
        assert_eq!(format!("{again:?}"), "Sealed(key-1)");
    }

    #[test]
    fn a_cut_envelope_another_version_and_a_foreign_key_id_are_refused() {
        let whole = Sealed::new("key-1", &[7; 24], &[9; 16]).unwrap();
        for length in 0..whole.as_bytes().len() {
            assert!(Sealed::parse(whole.as_bytes()[..length].to_vec()).is_err(), "{length}");
        }
        let mut other = whole.as_bytes().to_vec();
        other[0] = 2;
        assert!(Sealed::parse(other).is_err());
        for id in ["", "KEY", "a b", &"k".repeat(33)] {
            assert!(Sealed::new(id, &[0; 24], &[0; 16]).is_err(), "{id:?}");
        }
        assert!(Sealed::new("k", &[0; 24], &vec![0; Sealed::LONGEST_SECRET + Sealed::TAG + 1]).is_err());
    }

    #[test]
    fn no_two_bindings_are_the_same_bytes() {
        let one = Binding::new("ab", "c", SecretKind::AccessToken);
        let other = Binding::new("a", "bc", SecretKind::AccessToken);
        assert_ne!(one.associated_data(), other.associated_data());
        for kind in SecretKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_an_envelope_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(sealed) = Sealed::parse(bytes.clone()) {
                prop_assert_eq!(sealed.as_bytes(), &bytes[..]);
                prop_assert!(!sealed.key_id().is_empty());
                prop_assert_eq!(sealed.nonce().len(), Sealed::NONCE);
            }
        }
    }
}
