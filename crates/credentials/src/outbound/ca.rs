//! Certificates that are trusted for one environment.

use std::fmt;

use reqwest::Certificate;
use sha2::{Digest, Sha256};

const LONGEST: usize = 256 * 1024;
const MOST: usize = 128;

/// Why a text is no CA bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaError {
    /// No certificate in it.
    #[error(
        "there is no certificate in it: it has to hold one or more blocks between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----"
    )]
    Empty,
    /// A private key in it, which belongs elsewhere.
    #[error("it holds a private key: give the certificates only, and treat that key as known to others from now on")]
    PrivateKey,
    /// Something in it cannot be read.
    #[error("one of its certificates cannot be read: check that the whole text was copied")]
    Malformed,
    /// Far too much.
    #[error("it is too long: {MOST} certificates and {LONGEST} bytes are allowed")]
    TooLong,
}

/// Certificates in PEM that are trusted along with those of the system.
#[derive(Clone)]
pub struct CaBundle {
    certificates: Vec<Certificate>,
    digest: [u8; 32],
}

impl CaBundle {
    /// The bundle that a PEM text is.
    ///
    /// # Errors
    /// The problem and the remedy.
    pub fn parse(pem: &str) -> Result<Self, CaError> {
        if pem.len() > LONGEST {
            return Err(CaError::TooLong);
        }
        if pem.contains("PRIVATE KEY-----") {
            return Err(CaError::PrivateKey);
        }
        let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| CaError::Malformed)?;
        match certificates.len() {
            0 => Err(CaError::Empty),
            count if count > MOST => Err(CaError::TooLong),
            _ => {
                super::install_cryptography();
                // What is not a certificate inside the armour shows only when it is used.
                reqwest::Client::builder()
                    .tls_certs_only(certificates.clone())
                    .build()
                    .map_err(|_| CaError::Malformed)?;
                Ok(Self { certificates, digest: Sha256::digest(pem.as_bytes()).into() })
            }
        }
    }

    pub(super) const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    pub(super) fn certificates(&self) -> Vec<Certificate> {
        self.certificates.clone()
    }
}

impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaBundle({})", self.certificates.len())
    }
}
