//! Where to listen.

use std::{fmt, net::IpAddr};

use figment::value::Value;

use super::text::{quoted, text};
use crate::config::Setting;

/// An address and a port to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    host: String,
    port: u16,
}

impl Bind {
    /// Host and port, as tokio and the standard library take them.
    #[must_use]
    pub fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Whether only this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Setting for Bind {
    const KIND: &'static str = "IP address (or `localhost`) and port, such as `127.0.0.1:8080`, `[::1]:8080` or `0.0.0.0:80`; \
                                port 0 lets the system choose";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        let parts = text.rsplit_once(':').and_then(|(host, port)| {
            let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
                Some(inner) => inner.parse::<std::net::Ipv6Addr>().ok()?.to_string(),
                None if host == "localhost" => host.to_owned(),
                None => host.parse::<std::net::Ipv4Addr>().ok()?.to_string(),
            };
            Some(Self { host, port: port.parse().ok()? })
        });
        parts.ok_or_else(|| {
            format!("is {}, which is not an address and a port: write one such as 127.0.0.1:8080", quoted(&text))
        })
    }

    fn show(&self) -> String {
        format!("{:?}", self.to_string())
    }
}
