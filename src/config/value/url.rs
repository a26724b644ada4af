//! Addresses on the web.

use std::fmt;

use figment::value::Value;
use reqwest::Url;

use super::text::{quoted, text};
use crate::config::Setting;

/// An address under which the server is reached: http or https, without credentials, query and fragment, ending in `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(Url);

/// An origin as browsers send it: scheme, host, and the port if it is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(String);

/// The address of a server that is trusted to say who somebody is: https, or http on this machine; without credentials, query and
/// fragment. Kept as it was written: an issuer's name is compared to the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerUrl {
    text: String,
    url: Url,
}

impl IssuerUrl {
    /// The address.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Setting for IssuerUrl {
    const KIND: &'static str = "address, such as `https://sso.example.org/realms/main`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        let url = web(&text)
            .ok_or_else(|| format!("is {}: write an address such as https://sso.example.org", quoted(&text)))?;
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !is_local {
            return Err(format!(
                "is {}, and whoever listens on the way could sign in as anybody: use https (http only for this machine)",
                quoted(&text)
            ));
        }
        Ok(Self { text, url })
    }

    fn show(&self) -> String {
        format!("{:?}", self.text)
    }
}

impl PublicUrl {
    /// The address.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

impl WebOrigin {
    /// The origin, as in an `Origin` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Setting for PublicUrl {
    const KIND: &'static str = "address, such as `https://builds.example.org/`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        let mut url = web(&text)
            .ok_or_else(|| format!("is {}: write an address such as https://builds.example.org/", quoted(&text)))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url))
    }

    fn show(&self) -> String {
        format!("{:?}", self.0.as_str())
    }
}

impl Setting for WebOrigin {
    const KIND: &'static str = "origins, such as `[\"https://portal.example.org\"]`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        let url = web(&text).filter(|url| url.path() == "/");
        url.map(|url| Self(url.origin().ascii_serialization())).ok_or_else(|| {
            format!(
                "has {}, which is no origin: write scheme and host such as https://portal.example.org, without a path",
                quoted(&text)
            )
        })
    }

    fn show(&self) -> String {
        format!("{:?}", self.0)
    }
}

fn web(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}
