//! One key of the ring.

use std::{fmt, sync::Arc};

use alm_domain::Sealed;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Bytes of a key.
const BYTES: usize = 32;

/// A key with its name. Cannot print its bytes, which are overwritten when the last clone goes.
#[derive(Clone)]
pub struct Key {
    id: String,
    bytes: Arc<Zeroizing<[u8; BYTES]>>,
}

impl Key {
    /// A new key under this name; `None` if it cannot name one.
    pub fn generate(id: &str, random: &mut impl CryptoRng) -> Option<Self> {
        Sealed::header_for(id).ok()?;
        let mut bytes = Zeroizing::new([0; BYTES]);
        random.fill_bytes(bytes.as_mut());
        Some(Self { id: id.to_owned(), bytes: Arc::new(bytes) })
    }

    /// The key that a text `id:bytes in base64url` is. `Err` is the problem, without a part of the text.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (id, encoded) = text.split_once(':').ok_or("it is not of the form id:key")?;
        Sealed::header_for(id)
            .map_err(|_| "its id is not 1 to 32 lower-case letters, digits and hyphens before the colon")?;
        let decoded = Zeroizing::new(
            URL_SAFE_NO_PAD
                .decode(encoded.trim_end_matches('='))
                .map_err(|_| "what follows the colon is not base64url")?,
        );
        let bytes =
            <[u8; BYTES]>::try_from(decoded.as_slice()).map_err(|_| "what follows the colon is not 32 bytes")?;
        Ok(Self { id: id.to_owned(), bytes: Arc::new(Zeroizing::new(bytes)) })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn bytes(&self) -> &[u8; BYTES] {
        &self.bytes
    }

    /// The text that [`Self::parse`] reads.
    pub(super) fn write(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}:{}", self.id, *Zeroizing::new(URL_SAFE_NO_PAD.encode(self.bytes().as_slice()))))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}
