//! A new key for the vault, while servers work.
//!
//! The new key comes first into the ring, which running servers read again by themselves; then every secret that is sealed under
//! another key is sealed anew, each in a transaction of its own. Whatever is changed meanwhile is left as it is: it is sealed under the
//! new key already, or found in the next round. So it can be broken off at any time and begun again.

use std::path::PathBuf;

use alm_credentials::vault::{Binding, KeyRing, KeyRingError, RingFile, Sealed, Vault, VaultError};
use alm_store::{Store, UsedKey};

use super::AppError;

/// How many secrets are read at a time.
const PAGE: u64 = 100;
/// How often it is looked again for secrets that were sealed under an old key meanwhile.
const ROUNDS: usize = 10;

/// Where the key ring is.
#[derive(Debug)]
pub enum Ring {
    /// In a setting: new keys come from outside.
    Given(KeyRing),
    /// In a file: new keys are written there.
    File(RingFile),
}

/// What the vault holds, and under which keys.
#[derive(Debug)]
pub struct VaultReport {
    /// The keys of the ring in their order, the active one first, with how many secrets are sealed under each.
    pub keys: Vec<UsedKey>,
    /// Keys under which something is sealed that the ring has not.
    pub missing: Vec<UsedKey>,
    /// The file of the ring, where it is in one.
    pub file: Option<PathBuf>,
    /// Name of the key that was added just now.
    pub added: Option<String>,
    /// How many secrets were sealed anew just now.
    pub resealed: u64,
    /// What could not be sealed anew, and why.
    pub unreadable: Vec<(Binding, String)>,
}

/// Why a vault was not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The ring cannot be read or written.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The vault cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database cannot be used.
    #[error(transparent)]
    App(#[from] AppError),
}

/// What is sealed under which key.
///
/// # Errors
/// When the database cannot be read.
pub async fn vault_status(store: &Store, ring: Ring) -> Result<VaultReport, RotationError> {
    let mut ring = ring;
    let (keys, file) = ring.current()?;
    let mut used = store.used_keys().await.map_err(AppError::from)?;
    let mut of = |id: &str| match used.iter().position(|key| key.id == id) {
        Some(at) => used.swap_remove(at),
        None => UsedKey { id: id.to_owned(), secrets: 0 },
    };
    let keys = keys.ids().map(&mut of).collect();
    Ok(VaultReport { keys, missing: used, file, added: None, resealed: 0, unreadable: Vec::new() })
}

/// Seals everything under a new key, or, where an earlier rotation was broken off or the ring is given from outside, under the active
/// one. Safe while servers work.
///
/// # Errors
/// When the ring cannot be written or the database cannot be used; what was sealed anew stays so.
pub async fn rotate_vault(store: &Store, mut ring: Ring) -> Result<VaultReport, RotationError> {
    let pending =
        store.sealed_under_other_keys(ring.current()?.0.active().id(), None, 1).await.map_err(AppError::from)?;
    let added = match &mut ring {
        Ring::File(file) if pending.is_empty() => {
            let larger = file.current()?.with_new_key(&mut rand::rng())?;
            file.replace(&larger)?;
            Some(larger.active().id().to_owned())
        }
        _ => None,
    };
    let vault = Vault::with(ring.current()?.0);
    let (resealed, unreadable) = reseal_all(store, &vault).await?;
    Ok(VaultReport { added, resealed, unreadable, ..vault_status(store, ring).await? })
}

/// Seals everything under the active key; how many that were, and what could not be opened.
async fn reseal_all(store: &Store, vault: &Vault) -> Result<(u64, Vec<(Binding, String)>), RotationError> {
    let active = vault.ring()?.active().id().to_owned();
    let mut resealed = 0;
    let mut unreadable = Vec::new();
    for _ in 0..ROUNDS {
        let (mut after, mut found) = (None, false);
        unreadable.clear();
        loop {
            let page = store.sealed_under_other_keys(&active, after.as_ref(), PAGE).await.map_err(AppError::from)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (binding, old) in page {
                match reseal(vault, &binding, &old) {
                    Ok(new) => {
                        found = true;
                        let replaced = store.reseal(&binding, &old, &new).await.map_err(AppError::from)?;
                        resealed += u64::from(replaced);
                    }
                    Err(error) => unreadable.push((binding, error.to_string())),
                }
            }
        }
        if !found {
            break;
        }
    }
    Ok((resealed, unreadable))
}

fn reseal(vault: &Vault, binding: &Binding, old: &Sealed) -> Result<Sealed, VaultError> {
    vault.seal(binding, &vault.open(binding, old)?)
}

impl Ring {
    fn current(&mut self) -> Result<(KeyRing, Option<PathBuf>), KeyRingError> {
        match self {
            Self::Given(ring) => Ok((ring.clone(), None)),
            Self::File(file) => {
                let path = file.path().to_owned();
                Ok((file.current()?.clone(), Some(path)))
            }
        }
    }
}
