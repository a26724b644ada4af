//! The secret of single-user mode.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::CryptoRng;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

const RANDOM_BYTES: usize = 32;
const LONGEST_FILE: u64 = 1024;

/// A bearer token that cannot be printed by accident and is compared in constant time.
#[derive(Clone)]
pub struct Token(SecretString);

/// Why the token file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// Others than its owner may read it.
    #[error("the token file {path} can be read by others than its owner (mode {mode:o}): run `chmod 600 {path}`, or remove it to get a new token", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds something that is not a token.
    #[error("the token file {path} does not hold a token (16 to 512 visible ASCII characters on one line): remove it to get a new one", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("the token file {path} cannot be read or written", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Token {
    /// The token with this text; none if it is not 16 to 512 visible ASCII characters, which is what a header can carry.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (16..=512).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned().into()))
    }

    /// A new token of 32 random bytes, in base64url.
    #[must_use]
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; RANDOM_BYTES];
        random.fill_bytes(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The token in this file; if there is no such file, a new one is written there first, readable by its owner only. So the
    /// token stays the same over restarts.
    ///
    /// # Errors
    /// If the file is exposed to others, holds no token, or cannot be read or written. An existing file is never changed.
    pub fn load_or_create(path: &Path, random: &mut impl CryptoRng) -> Result<Self, TokenFileError> {
        let failed = |source| TokenFileError::Io { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => Self::read(path, file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let token = Self::generate(random);
                token.write(path).map_err(failed)?;
                Ok(token)
            }
            Err(e) => Err(failed(e)),
        }
    }

    /// Whether the text is this token. Takes the same time for any text of the same length.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.expose_secret().as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// The text, for the one place that shows it to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn read(path: &Path, file: File) -> Result<Self, TokenFileError> {
        let failed = |source| TokenFileError::Io { path: path.to_owned(), source };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(TokenFileError::Exposed { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.take(LONGEST_FILE).read_to_string(&mut text).map_err(failed)?;
        Self::new(text.trim_end()).ok_or_else(|| TokenFileError::Malformed { path: path.to_owned() })
    }

    /// Appears under its name only when it is whole, so that a crash leaves no half-written token behind.
    fn write(&self, path: &Path) -> io::Result<()> {
        let mut draft = path.as_os_str().to_owned();
        draft.push(".new");
        let draft = PathBuf::from(draft);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(self.expose().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let first = Token::load_or_create(&path, &mut rand::rng()).unwrap();
        let again = Token::load_or_create(&path, &mut rand::rng()).unwrap();
        assert_eq!(first.expose(), again.expose());
        assert_eq!(first.expose().len(), 43);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        Token::load_or_create(&path, &mut rand::rng()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Token::load_or_create(&path, &mut rand::rng()).unwrap_err();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_file_that_holds_no_token_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for rubbish in
            ["", "short", "two words that are long enough", "ünïcödé-is-not-a-header-value", &"x".repeat(2000)]
        {
            std::fs::write(&path, rubbish).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let refused = Token::load_or_create(&path, &mut rand::rng()).unwrap_err();
            assert!(matches!(refused, TokenFileError::Malformed { .. }), "{refused:?}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), rubbish);
        }
    }

    #[test]
    fn a_token_matches_itself_only_and_does_not_print() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert!(token.matches("0123456789abcdef"));
        for other in ["", "0123456789abcdeF", "0123456789abcde", "0123456789abcdef0"] {
            assert!(!token.matches(other));
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
