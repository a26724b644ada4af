//! The key ring in a file.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rand::CryptoRng;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::{KeyRing, KeyRingError};

const LONGEST_FILE: u64 = 64 * 1024;

/// A key ring and the file that it is from.
#[derive(Debug)]
pub struct RingFile {
    path: PathBuf,
    ring: KeyRing,
    stamp: Stamp,
}

/// Tells one version of the file from the next: it is only ever replaced as a whole.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    changed: (i64, i64),
    size: u64,
}

impl RingFile {
    /// The ring in this file; if there is none, one with a new key is written there first.
    ///
    /// # Errors
    /// If the file is exposed to others, holds no ring, or cannot be read or written. An existing file is never changed.
    pub fn load_or_create(path: &Path, random: &mut impl CryptoRng) -> Result<Self, KeyRingError> {
        match Self::load(path) {
            Err(KeyRingError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                write(path, &KeyRing::generate(random)?, Existing::Kept)?;
                Self::load(path)
            }
            loaded => loaded,
        }
    }

    /// The ring in this file.
    ///
    /// # Errors
    /// If the file is exposed to others, holds no ring, or cannot be read.
    pub fn load(path: &Path) -> Result<Self, KeyRingError> {
        let failed = |source| KeyRingError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyRingError::Exposed { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(LONGEST_FILE).read_to_string(&mut text).map_err(failed)?;
        Ok(Self { path: path.to_owned(), ring: KeyRing::parse(&text)?, stamp: Stamp::of(&metadata) })
    }

    /// The ring as it is in the file now: read again if the file was replaced.
    ///
    /// # Errors
    /// If the file has changed and cannot be read.
    pub fn current(&mut self) -> Result<&KeyRing, KeyRingError> {
        let metadata =
            std::fs::metadata(&self.path).map_err(|source| KeyRingError::Io { path: self.path.clone(), source })?;
        if Stamp::of(&metadata) != self.stamp {
            *self = Self::load(&self.path)?;
        }
        Ok(&self.ring)
    }

    /// Replaces the ring in the file, as a whole and on the disk before this returns.
    ///
    /// # Errors
    /// If the file cannot be written; then it is as it was.
    pub fn replace(&mut self, ring: &KeyRing) -> Result<(), KeyRingError> {
        write(&self.path, ring, Existing::Replaced)?;
        *self = Self::load(&self.path)?;
        Ok(())
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self { inode: metadata.ino(), changed, size: metadata.size() }
    }
}

/// What becomes of a file that is there already.
#[derive(Clone, Copy)]
enum Existing {
    Kept,
    Replaced,
}

/// Appears under its name only when it is whole and on the disk: a ring that is lost takes every secret along.
fn write(path: &Path, ring: &KeyRing, existing: Existing) -> Result<(), KeyRingError> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = PathBuf::from(draft);
    let written = write_draft(&draft, ring).and_then(|()| match existing {
        Existing::Replaced => std::fs::rename(&draft, path),
        // A ring that another process has written meanwhile is as good.
        Existing::Kept => match std::fs::hard_link(&draft, path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        },
    });
    // Gone already where it was renamed.
    let _ = std::fs::remove_file(&draft);
    written
        .and_then(|()| match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        })
        .map_err(|source| KeyRingError::Io { path: path.to_owned(), source })
}

fn write_draft(draft: &Path, ring: &KeyRing) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
    file.write_all(b"# Keys of the vault: the first one seals, all of them open. Whoever has this file and the database has every secret.\n")?;
    file.write_all(ring.write().expose_secret().as_bytes())?;
    file.sync_all()
}
