//! Which addresses may be connected to.

use std::net::IpAddr;

use url::{Host, Url};

use super::{Exception, OutboundError, range};

/// Public addresses over https; and what is listed.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    allowed: Vec<Exception>,
}

impl Policy {
    /// A policy with these exceptions.
    #[must_use]
    pub const fn allowing(allowed: Vec<Exception>) -> Self {
        Self { allowed }
    }

    /// Whether this address may be asked for, as far as that can be told without looking its name up.
    pub(super) fn vet(&self, url: &Url) -> Result<(), OutboundError> {
        let refused = |reason: &str| OutboundError::Refused {
            host: url.host_str().unwrap_or("an address without a host").to_owned(),
            reason: reason.to_owned(),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("its address names a user: write the address without what stands before the @"));
        }
        let host = url.host().ok_or_else(|| refused("there is no host in it"))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => return Err(refused("http would show tokens to everybody on the way: use https")),
            _ => return Err(refused("only https addresses are connected to")),
        }
        let literal = match host {
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
            // Looked up and checked when it is connected to.
            Host::Domain(_) => return Ok(()),
        };
        self.check(&literal.to_string(), literal).map_err(|reason| refused(&reason))
    }

    /// Whether a name that has this address may be connected to. `Err` is the reason, with the remedy.
    pub(super) fn check(&self, host: &str, address: IpAddr) -> Result<(), String> {
        let address = range::embedded(address);
        if is_local_name(host) && !address.is_loopback() {
            return Err(format!("{host} has the address {address}, which is not this machine's own"));
        }
        let Some(special) = range::special(address) else { return Ok(()) };
        let by_address = self.allowed.iter().any(|exception| exception.holds_net(address));
        let by_name = !special.is_link_local() && self.allowed.iter().any(|exception| exception.holds_host(host));
        if by_address || by_name {
            return Ok(());
        }
        Err(format!("its address {address} is {special}; an administrator may allow it by outbound.allowed"))
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => range::embedded(IpAddr::V6(*address)).is_loopback(),
        // Never looked up elsewhere: whatever else it resolves to is refused.
        Host::Domain(name) => is_local_name(name),
    }
}

fn is_local_name(host: &str) -> bool {
    host.trim_end_matches('.').eq_ignore_ascii_case("localhost")
}
