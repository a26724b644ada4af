//! Networks.

use figment::value::Value;
use ipnet::IpNet;

use super::text::{quoted, text};
use crate::config::Setting;

/// An IP network, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network(IpNet);

impl Network {
    /// The network.
    #[must_use]
    pub const fn get(self) -> IpNet {
        self.0
    }
}

impl Setting for Network {
    const KIND: &'static str = "networks, such as `[\"10.0.0.0/8\", \"192.0.2.7\", \"fd00::/8\"]`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from));
        network.map(|network| Self(network.trunc())).ok_or_else(|| {
            format!("has {}, which is no network: write an address such as 192.0.2.7, or 10.0.0.0/8", quoted(&text))
        })
    }

    fn show(&self) -> String {
        format!("\"{}\"", self.0)
    }
}
