//! What the use cases need in order to deal with secrets and with accounts at foreign servers.

use std::path::Path;

use alm_credentials::{
    outbound::{Outbound, Policy},
    vault::{KeyRing, KeyRingError, Vault},
};

/// The vault, and the way out. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Seals whatever is kept and must not be known.
    pub vault: Vault,
    /// Every request to an address that a user has given goes through it.
    pub outbound: Outbound,
}

impl Credentials {
    /// With a key ring that is given, or else the one in this file, which is made if it is not there.
    ///
    /// # Errors
    /// When the file is exposed to others, holds no ring, or cannot be read or written.
    pub fn new(ring: Option<KeyRing>, file: &Path, policy: Policy) -> Result<Self, KeyRingError> {
        let vault = match ring {
            Some(ring) => Vault::with(ring),
            None => Vault::in_file(file, &mut rand::rng())?,
        };
        Ok(Self { vault, outbound: Outbound::new(policy) })
    }

    /// With a key that is nowhere kept: whatever is sealed can be opened by this process alone.
    ///
    /// # Errors
    /// Never, unless the system gives no random numbers.
    pub fn passing(policy: Policy) -> Result<Self, KeyRingError> {
        let ring = KeyRing::generate(&mut rand::rng())?;
        Ok(Self { vault: Vault::with(ring), outbound: Outbound::new(policy) })
    }
}
