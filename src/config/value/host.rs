//! Names of hosts.

use figment::value::Value;

use super::text::{quoted, text};
use crate::config::Setting;

/// A name under which a server is reached: a DNS name or an IP address, with a port if it is not to hold for every port.
/// In lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostName(String);

impl HostName {
    /// The name, as in a `Host` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for HostName {
    const KIND: &'static str = "host names, such as `[\"builds.example.org\", \"10.0.0.5:8080\"]`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?.to_ascii_lowercase();
        let url = reqwest::Url::parse(&format!("http://{text}/"));
        let fits = url.is_ok_and(|url| {
            url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && !text.contains(['@', '/', '\\', '*'])
        });
        if fits && text.is_ascii() {
            Ok(Self(text))
        } else {
            Err(format!(
                "has {}, which is no host name: write names such as builds.example.org, without http:// and path",
                quoted(&text)
            ))
        }
    }

    fn show(&self) -> String {
        format!("{:?}", self.0)
    }
}
