//! The secrets of one run, as files in its directory that only the server's user can read; gone when the run has ended.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use alm_build_spi::{NamedSecret, SecretReach};
use alm_domain::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    RunDir,
    run_dir::{gone, set_mode, write_new},
};

static UNIQUE: AtomicU64 = AtomicU64::new(0);

/// The token of an environment. Cannot print it.
#[derive(Debug, Clone)]
pub(crate) struct StoredToken {
    pub(crate) value: SecretString,
    pub(crate) expires_at: Option<Timestamp>,
}

impl StoredToken {
    /// Whether it works no more.
    pub(crate) fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

#[derive(Serialize, Deserialize)]
struct TokenFile<'a> {
    value: Cow<'a, str>,
    expires_at: Option<Timestamp>,
}

/// Whether a file, and the tail of a variable's name, can be made of this name of a secret.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

impl RunDir {
    /// Secrets for every stage, a file each.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.path().join("secrets")
    }

    /// Tokens of environments, a file each.
    pub(crate) fn tokens(&self) -> PathBuf {
        self.path().join("tokens")
    }

    /// Writes what the run is given with its start.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn fill_secrets(&self, secrets: &[NamedSecret]) -> io::Result<()> {
        for directory in [self.secrets(), self.tokens()] {
            fs::create_dir_all(&directory)?;
            set_mode(&directory, 0o700)?;
        }
        for secret in secrets {
            match secret.reach {
                SecretReach::Build => {
                    write_new(&self.secrets().join(&secret.name), secret.value.expose_secret().as_bytes(), 0o400)?;
                }
                SecretReach::Environment => self.put_token(secret)?,
            }
        }
        fs::File::open(self.secrets())?.sync_all()
    }

    /// Puts the token of an environment in the place of the one before; on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written; not found where the secrets of the run are gone.
    pub(crate) fn put_token(&self, token: &NamedSecret) -> io::Result<()> {
        let file = TokenFile { value: Cow::Borrowed(token.value.expose_secret()), expires_at: token.expires_at };
        let unique = UNIQUE.fetch_add(1, Ordering::Relaxed);
        let draft = self.tokens().join(format!(".{}-{unique}", std::process::id()));
        write_new(&draft, &serde_json::to_vec(&file)?, 0o400)?;
        fs::rename(&draft, self.tokens().join(&token.name))?;
        fs::File::open(self.tokens())?.sync_all()
    }

    /// The token of an environment, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn token(&self, environment: &str) -> io::Result<Option<StoredToken>> {
        if !is_plain(environment) {
            return Ok(None);
        }
        let bytes = match fs::read(self.tokens().join(environment)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let file: TokenFile<'_> = serde_json::from_slice(&bytes)?;
        Ok(Some(StoredToken { value: file.value.into_owned().into(), expires_at: file.expires_at }))
    }

    /// Which tokens there are, and when each was put there.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) fn token_times(&self) -> io::Result<BTreeMap<String, SystemTime>> {
        let entries = match fs::read_dir(self.tokens()) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            read => read?,
        };
        let mut times = BTreeMap::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // A draft may be gone again.
            if is_plain(&name)
                && let Ok(about) = entry.metadata()
            {
                times.insert(name, about.modified()?);
            }
        }
        Ok(times)
    }

    /// The secrets for every stage, by name.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn read_secrets(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut values = Vec::new();
        for entry in fs::read_dir(self.secrets())? {
            let entry = entry?;
            values.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
        }
        values.sort();
        Ok(values)
    }

    /// Takes the secrets from the disk.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub(crate) fn remove_secrets(&self) -> io::Result<()> {
        // The tokens first, and both: one that is left must not keep the others.
        let tokens = gone(fs::remove_dir_all(self.tokens()));
        gone(fs::remove_dir_all(self.secrets())).and(tokens)
    }
}
