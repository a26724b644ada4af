//! The vault: secrets are sealed under a key of the key ring and bound to what they are for.
//!
//! Envelope: XChaCha20-Poly1305 with a random nonce; the header (version, key id) and the [`Binding`] are associated data. So a
//! dump of the database is of no use without the ring, and a row that is moved to another owner, subject or kind does not open.

mod key;
mod ring;
mod ring_file;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

pub use alm_domain::{Binding, Sealed, SealedError, SecretKind};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
pub use key::Key;
use rand::{CryptoRng, RngCore};
pub use ring::{KeyRing, KeyRingError};
pub use ring_file::RingFile;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The ring does not have the key.
    #[error(
        "the key ring has no key {id:?}, under which a secret is sealed: put it back into the ring (vault.keys, or the file {file})"
    )]
    MissingKey {
        /// Name of the key.
        id: String,
        /// Where the ring is kept.
        file: String,
    },
    /// Sealed for something else, under another key of the same name, or changed since.
    #[error(
        "the sealed {kind} of {owner} for {subject} does not open: it was changed, belongs elsewhere, or its key was replaced",
        kind = binding.kind.as_str(), owner = binding.owner, subject = binding.subject
    )]
    Broken {
        /// What it was to be opened for.
        binding: Binding,
    },
    /// What was opened is no text.
    #[error("the sealed {kind} of {owner} for {subject} holds no text", kind = binding.kind.as_str(), owner = binding.owner, subject = binding.subject)]
    NoText {
        /// What it was opened for.
        binding: Binding,
    },
    /// Too long for an envelope.
    #[error("a secret may have at most {longest} bytes, this one has {length}", longest = Sealed::LONGEST_SECRET)]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The envelope is not one.
    #[error(transparent)]
    Envelope(#[from] SealedError),
    /// The ring cannot be read.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
}

/// Seals and opens secrets. Cheap to clone; prints nothing of its keys.
///
/// Where the ring is a file, a change of the file is seen by the next call: so keys can be added while servers run.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    source: Source,
}

enum Source {
    /// Given by a setting: stays as it is until the next start.
    Given(KeyRing),
    /// Read again when it changes.
    File(Mutex<RingFile>),
}

impl Vault {
    /// A vault with this ring.
    #[must_use]
    pub fn with(ring: KeyRing) -> Self {
        Self(Arc::new(Inner { source: Source::Given(ring) }))
    }

    /// A vault with the ring in this file; if there is none, a ring with one new key is written first, readable by its owner only.
    ///
    /// # Errors
    /// If the file is exposed to others, holds no ring, or cannot be read or written. An existing file is never changed.
    pub fn in_file(path: &Path, random: &mut impl CryptoRng) -> Result<Self, KeyRingError> {
        let file = RingFile::load_or_create(path, random)?;
        Ok(Self(Arc::new(Inner { source: Source::File(Mutex::new(file)) })))
    }

    /// The ring as it is now.
    ///
    /// # Errors
    /// If its file has changed and cannot be read.
    pub fn ring(&self) -> Result<KeyRing, VaultError> {
        match &self.0.source {
            Source::Given(ring) => Ok(ring.clone()),
            Source::File(file) => Ok(file.lock().unwrap_or_else(PoisonError::into_inner).current()?.clone()),
        }
    }

    /// The file of the ring, if it is in one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        match &self.0.source {
            Source::Given(_) => None,
            Source::File(file) => Some(file.lock().unwrap_or_else(PoisonError::into_inner).path().to_owned()),
        }
    }

    /// Seals a secret under the ring's active key. The same secret sealed twice gives two envelopes that nobody can tell from those
    /// of two secrets.
    ///
    /// # Errors
    /// If the secret is too long, or the ring's file has changed and cannot be read.
    pub fn seal(&self, binding: &Binding, secret: &SecretString) -> Result<Sealed, VaultError> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() > Sealed::LONGEST_SECRET {
            return Err(VaultError::TooLong { length: secret.len() });
        }
        let ring = self.ring()?;
        let key = ring.active();
        // Not given from outside: a nonce that is used twice would give both secrets away.
        let mut nonce = [0; Sealed::NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let header = Sealed::header_for(key.id())?;
        let aad = associated(&header, binding);
        let ciphertext = XChaCha20Poly1305::new(key.bytes().into())
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: &aad })
            .map_err(|_| VaultError::TooLong { length: secret.len() })?;
        Ok(Sealed::new(key.id(), &nonce, &ciphertext)?)
    }

    /// Opens a secret.
    ///
    /// # Errors
    /// If it was sealed for something else, was changed, or its key is not in the ring.
    pub fn open(&self, binding: &Binding, sealed: &Sealed) -> Result<SecretString, VaultError> {
        let broken = || VaultError::Broken { binding: binding.clone() };
        let ring = self.ring()?;
        let key = ring.get(sealed.key_id()).ok_or_else(|| VaultError::MissingKey {
            id: sealed.key_id().to_owned(),
            file: self.file().map_or_else(|| "vault.keys".to_owned(), |file| file.display().to_string()),
        })?;
        let nonce = <[u8; Sealed::NONCE]>::try_from(sealed.nonce()).map_err(|_| broken())?;
        let aad = associated(sealed.header(), binding);
        let secret = XChaCha20Poly1305::new(key.bytes().into())
            .decrypt(&XNonce::from(nonce), Payload { msg: sealed.ciphertext(), aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| broken())?;
        let text = std::str::from_utf8(&secret).map_err(|_| VaultError::NoText { binding: binding.clone() })?;
        Ok(SecretString::from(text))
    }

    /// Whether the secret is sealed under another key than the active one.
    ///
    /// # Errors
    /// If the ring's file has changed and cannot be read.
    pub fn needs_rotation(&self, sealed: &Sealed) -> Result<bool, VaultError> {
        Ok(self.ring()?.active().id() != sealed.key_id())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

fn associated(header: &[u8], binding: &Binding) -> Vec<u8> {
    [header, &binding.associated_data()].concat()
}

#[cfg(test)]
mod tests;
