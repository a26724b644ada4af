//! The key ring: several keys, of which the first one seals and all open.

use std::{io, path::PathBuf};

use rand::CryptoRng;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::Key;

/// More keys than this are a mistake.
const MOST_KEYS: usize = 64;

/// Why there is no key ring.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// There is no key in it.
    #[error(
        "the key ring is empty: give it at least one line id:key, where the key is 32 random bytes in base64url \
         (`alm vault new-key` prints one)"
    )]
    Empty,
    /// A key cannot be read.
    #[error("key {position} of the key ring cannot be read: {problem}")]
    Key {
        /// Which one, counted from 1.
        position: usize,
        /// What is wrong with it, without a part of it.
        problem: &'static str,
    },
    /// Two keys have the same name.
    #[error("the key ring has two keys named {id:?}: remove one of them")]
    Twice {
        /// The name.
        id: String,
    },
    /// Far too many keys.
    #[error("the key ring has more than {MOST_KEYS} keys: remove those that `alm vault status` shows as unused")]
    TooMany,
    /// Others than its owner may read the file.
    #[error("the key ring {path} can be read by others than its owner (mode {mode:o}): run `chmod 600 {path}`", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The operating system said no.
    #[error("the key ring {path} cannot be read or written", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Keys in order: the first one is active, which means that it seals; all of them open. There is always at least one.
#[derive(Debug, Clone)]
pub struct KeyRing {
    active: Key,
    others: Vec<Key>,
}

impl KeyRing {
    /// A ring with this one key.
    #[must_use]
    pub const fn of(key: Key) -> Self {
        Self { active: key, others: Vec::new() }
    }

    /// The ring that a text is: keys of the form `id:key`, separated by line ends, blanks or commas; the first one is active. What
    /// follows a `#` up to the end of the line is a comment.
    ///
    /// # Errors
    /// The place and the problem, without a part of any key.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let words = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default())
            .flat_map(|line| line.split([',', ' ', '\t', '\r']))
            .filter(|word| !word.is_empty());
        let mut keys = Vec::<Key>::new();
        for (index, word) in words.enumerate() {
            let key = Key::parse(word).map_err(|problem| KeyRingError::Key { position: index + 1, problem })?;
            if keys.iter().any(|other| other.id() == key.id()) {
                return Err(KeyRingError::Twice { id: key.id().to_owned() });
            }
            if keys.len() == MOST_KEYS {
                return Err(KeyRingError::TooMany);
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let active = keys.next().ok_or(KeyRingError::Empty)?;
        Ok(Self { active, others: keys.collect() })
    }

    /// A ring with one new key, named `key-1`.
    pub fn generate(random: &mut impl CryptoRng) -> Result<Self, KeyRingError> {
        Key::generate("key-1", random).map(Self::of).ok_or(KeyRingError::Empty)
    }

    /// This ring with a new key in front, under a name that the ring has not; what was sealed before still opens.
    ///
    /// # Errors
    /// If the ring is full.
    pub fn with_new_key(&self, random: &mut impl CryptoRng) -> Result<Self, KeyRingError> {
        if self.others.len() + 1 >= MOST_KEYS {
            return Err(KeyRingError::TooMany);
        }
        let highest = self.ids().filter_map(|id| id.strip_prefix("key-")?.parse::<u32>().ok()).max().unwrap_or(0);
        let active = Key::generate(&format!("key-{}", highest.saturating_add(1)), random).ok_or(KeyRingError::Empty)?;
        let others = std::iter::once(&self.active).chain(&self.others).cloned().collect();
        Ok(Self { active, others })
    }

    /// This ring without the named key; `None` if that is the active one or not in the ring.
    #[must_use]
    pub fn without(&self, id: &str) -> Option<Self> {
        let others = self.others.iter().filter(|key| key.id() != id).cloned().collect::<Vec<_>>();
        (others.len() < self.others.len()).then(|| Self { active: self.active.clone(), others })
    }

    /// The key that seals.
    #[must_use]
    pub const fn active(&self) -> &Key {
        &self.active
    }

    /// The key of this name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Key> {
        std::iter::once(&self.active).chain(&self.others).find(|key| key.id() == id)
    }

    /// Names of the keys, the active one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.active).chain(&self.others).map(Key::id)
    }

    /// The text that [`Self::parse`] reads.
    #[must_use]
    pub fn write(&self) -> SecretString {
        let mut text = Zeroizing::new(String::new());
        for key in std::iter::once(&self.active).chain(&self.others) {
            text.push_str(&key.write());
            text.push('\n');
        }
        SecretString::from(text.as_str())
    }
}
