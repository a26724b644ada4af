//! The address of the database.

use std::{fmt, path::Path};

use figment::value::Value;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::text::text;
use crate::config::Setting;

const REMEDY: &str = "write one such as postgres://user:password@host/database or sqlite:///absolute/path";

/// The address of a database. Never prints its password, nor its query, where passwords may stand too.
#[derive(Clone)]
pub struct DatabaseUrl {
    url: SecretString,
    shown: String,
}

impl DatabaseUrl {
    /// That of a SQLite file, which is made if it is not there.
    #[must_use]
    pub fn sqlite_file(path: &Path) -> Self {
        // Characters that would end the path of an address are the only ones that must not stand for themselves.
        let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        let shown = format!("sqlite://{path}");
        Self { url: SecretString::from(format!("{shown}?mode=rwc")), shown }
    }

    /// The whole address, for whoever connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

impl Setting for DatabaseUrl {
    const KIND: &'static str =
        "address, such as `postgres://user:password@host/database` or `sqlite:///var/lib/alm/db`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        // What was given is not echoed: it may hold a password, also where it is no address.
        if text.starts_with("sqlite:") {
            let path = text.trim_start_matches("sqlite:").split('?').next().unwrap_or_default();
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.starts_with('/') {
                let url = if text.contains("mode=") {
                    text.clone()
                } else {
                    format!("{text}{}mode=rwc", if text.contains('?') { '&' } else { '?' })
                };
                Ok(Self { url: SecretString::from(url), shown: format!("sqlite://{path}") })
            } else {
                Err(format!("names no absolute path of a SQLite file: {REMEDY}"))
            };
        }
        let mut url = Url::parse(&text).map_err(|_| format!("is not the address of a database: {REMEDY}"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(format!("names neither PostgreSQL nor SQLite: {REMEDY}"));
        }
        if url.cannot_be_a_base() || !url.has_host() {
            return Err(format!("names no host: {REMEDY}"));
        }
        if url.password().is_some() && url.set_password(Some("***")).is_err() {
            return Err(format!("has a password in the wrong place: {REMEDY}"));
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self { url: SecretString::from(text), shown: url.to_string() })
    }

    fn show(&self) -> String {
        format!("{:?}", self.shown)
    }
}
